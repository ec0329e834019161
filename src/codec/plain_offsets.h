// Committed offsets that have nothing but numbers: most events of a busy journal are commits, and
// most of these have no others. Those of one member mostly share topic and token, too, which are
// written once then.
#pragma once

#include <cstddef>
#include <vector>

#include "domain/events.h"

namespace muster::codec {

/// Whether an offset has nothing but numbers, and needs no table of its own.
inline bool is_plain(const domain::OffsetValue& value) {
  return value.metadata.empty() && value.commit_time_ms == 0;
}

/// How many runs of OffsetsCommitted.runs say all of these offsets. 0: they are shorter in `plain`.
std::size_t runs_in(const std::vector<domain::OffsetValue>& offsets);

/// Write the elements of these lists (schemas/event.fbs) one after the other, beginning at each
/// place.
void put_plain(char* place, const std::vector<domain::OffsetValue>& offsets);
void put_runs(char* runs, char* partitions, char* numbers,
              const std::vector<domain::OffsetValue>& offsets);

}  // namespace muster::codec
