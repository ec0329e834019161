// Committed offsets that have nothing but numbers: most events of a busy journal are commits, and
// most of these have no others. Those of one member mostly share topic and token, too, which are
// written once then.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "domain/events.h"

namespace muster::codec {

/// Whether an offset has nothing but numbers, and needs no table of its own.
inline bool is_plain(const domain::OffsetValue& value) {
  return value.metadata.empty() && value.commit_time_ms == 0;
}

/// How offsets are said as OffsetsCommitted.runs.
struct Runs {
  std::size_t count = 0;  // 0: they are shorter in `plain`
  bool short_partitions = false;
  bool operator==(const Runs&) const = default;
};
Runs runs_in(const std::vector<domain::OffsetValue>& offsets);

/// Write the elements of these lists (schemas/event.fbs) one after the other, beginning at each
/// place.
void put_plain(char* place, const std::vector<domain::OffsetValue>& offsets);
void put_runs(char* runs, char* numbers, const std::vector<domain::OffsetValue>& offsets);
template <typename Number>
void put_partitions(char* place, const std::vector<domain::OffsetValue>& offsets) {
  for (const domain::OffsetValue& value : offsets) {
    const Number partition = flatbuffers::EndianScalar(static_cast<Number>(value.at.partition));
    std::memcpy(place, &partition, sizeof(partition));
    place += sizeof(partition);
  }
}

}  // namespace muster::codec
