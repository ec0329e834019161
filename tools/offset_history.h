// What a group had committed at some time, from the events of the server's journal.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tools/offset_file.h"
#include "tools/server_link.h"

namespace muster::tools {

/// What is committed of a partition now.
struct OffsetNow {
  PartitionArgument at;
  std::int64_t committed = -1;  // -1: nothing
  std::string metadata;
  std::int64_t commit_time_ms = 0;
  std::int64_t end = -1;  // -1: unknown
  std::int64_t start = -1;
};

/// What was committed at `time_ms`, of these partitions in their order: by the last event whose
/// time is not later. With `all`, partitions of which something was committed then and nothing is
/// now are added to them. An error names the partition whose events of then were trimmed.
std::expected<std::vector<OffsetWish>, Error> offsets_at(ServerLink& link, const std::string& group,
                                                         std::int64_t time_ms, bool all,
                                                         std::vector<OffsetNow>& partitions);

}  // namespace muster::tools
