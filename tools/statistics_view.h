// Statistics of a journal as `muster journal stats` shows them.
#pragma once

#include <cstdint>
#include <string>

#include "tools/output.h"
#include "tools/statistics.h"

namespace muster::tools {

struct DiskUse {
  std::uint64_t file_bytes = 0;       // length of data.mdb
  std::uint64_t allocated_bytes = 0;  // of the filesystem, with the reserve behind the file's end
  std::uint64_t record_bytes = 0;     // of the file: the events, with all that is around them
};

/// Everything.
Json statistics_json(const Statistics& statistics, const DiskUse& disk);

/// What a person reads of it: the largest groups, the last hours.
std::string statistics_text(const Statistics& statistics, const DiskUse& disk);

}  // namespace muster::tools
