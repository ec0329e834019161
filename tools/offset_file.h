// Offsets as files have them: CSV or JSON, written by `muster offset export`, read by `muster
// offset import` and `muster group reset-offsets --from-file`.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"
#include "tools/arguments.h"
#include "tools/offset_view.h"

namespace muster::tools {

/// What a partition's offset shall be.
struct OffsetWish {
  PartitionArgument at;
  std::int64_t offset = 0;  // -1: nothing is committed
  std::string metadata;
  bool operator==(const OffsetWish&) const = default;
};

/// A line a partition, under a line with the names of the columns: topic,partition,offset,metadata.
/// What contains commas, quotes or line ends is quoted as RFC 4180 has it; metadata keeps its
/// bytes.
std::string offsets_csv(const CommittedOffsets& offsets);

/// Either format: what begins with { or [ is JSON, an array or an object with one as `offsets`. CSV
/// has a line with the names of its columns, in any order, of which topic, partition and offset are
/// needed and metadata is read; further ones are ignored, in JSON too. An empty offset, or null, is
/// "nothing committed". `name` is that of the file, for what is said of a wrong line.
std::expected<std::vector<OffsetWish>, Error> read_offsets(std::string_view text,
                                                           const std::string& name);

/// Of the file; "-" is standard input.
std::expected<std::vector<OffsetWish>, Error> read_offsets_file(const std::string& path);

}  // namespace muster::tools
