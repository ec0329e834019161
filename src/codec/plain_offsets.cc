#include "codec/plain_offsets.h"

#include <event_generated.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace muster::codec {
namespace {

using domain::OffsetValue;

bool belong_together(const OffsetValue& one, const OffsetValue& other) {
  return one.at.topic == other.at.topic && one.fence == other.fence;
}

template <typename Element>
char* put(char* place, const Element& value) {
  std::memcpy(place, &value, sizeof(value));
  return place + sizeof(value);
}

}  // namespace

Runs runs_in(const std::vector<OffsetValue>& offsets) {
  Runs runs{.count = offsets.empty() ? std::size_t{0} : 1, .short_partitions = true};
  const OffsetValue* before = nullptr;
  for (const OffsetValue& value : offsets) {
    if (before != nullptr && !belong_together(*before, value)) ++runs.count;
    before = &value;
    runs.short_partitions &= value.at.partition == static_cast<std::uint16_t>(value.at.partition);
  }
  constexpr std::size_t kTwoMoreLists = 2 * (sizeof(flatbuffers::uoffset_t) + 4);
  const std::size_t partition_bytes =
      runs.short_partitions ? sizeof(std::uint16_t) : sizeof(std::int32_t);
  const std::size_t bytes = runs.count * sizeof(event::OffsetRun) +
                            offsets.size() * (partition_bytes + sizeof(std::int64_t));
  return bytes + kTwoMoreLists < offsets.size() * sizeof(event::PlainOffset) ? runs : Runs{};
}

void put_plain(char* place, const std::vector<OffsetValue>& offsets) {
  for (const OffsetValue& value : offsets) {
    place = put(place,
                event::PlainOffset(value.at.topic, value.offset, value.fence, value.at.partition));
  }
}

void put_runs(char* runs, char* numbers, const std::vector<OffsetValue>& offsets) {
  for (auto first = offsets.begin(); first != offsets.end();) {
    const auto end = std::find_if_not(
        first, offsets.end(), [&](const OffsetValue& one) { return belong_together(*first, one); });
    runs = put(runs, event::OffsetRun(first->at.topic, first->fence,
                                      static_cast<std::uint32_t>(end - first)));
    for (; first != end; ++first) numbers = put(numbers, flatbuffers::EndianScalar(first->offset));
  }
}

}  // namespace muster::codec
