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

std::size_t runs_in(const std::vector<OffsetValue>& offsets) {
  std::size_t runs = offsets.empty() ? 0 : 1;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    if (!belong_together(offsets[i - 1], offsets[i])) ++runs;
  }
  constexpr std::size_t kTwoMoreLists = 2 * (sizeof(flatbuffers::uoffset_t) + 4);
  const std::size_t bytes = runs * sizeof(event::OffsetRun) +
                            offsets.size() * (sizeof(std::int32_t) + sizeof(std::int64_t));
  return bytes + kTwoMoreLists < offsets.size() * sizeof(event::PlainOffset) ? runs : 0;
}

void put_plain(char* place, const std::vector<OffsetValue>& offsets) {
  for (const OffsetValue& value : offsets) {
    place = put(place,
                event::PlainOffset(value.at.topic, value.offset, value.fence, value.at.partition));
  }
}

void put_runs(char* runs, char* partitions, char* numbers,
              const std::vector<OffsetValue>& offsets) {
  for (auto first = offsets.begin(); first != offsets.end();) {
    const auto end = std::find_if_not(
        first, offsets.end(), [&](const OffsetValue& one) { return belong_together(*first, one); });
    runs = put(runs, event::OffsetRun(first->at.topic, first->fence,
                                      static_cast<std::uint32_t>(end - first)));
    for (; first != end; ++first) {
      partitions = put(partitions, flatbuffers::EndianScalar(first->at.partition));
      numbers = put(numbers, flatbuffers::EndianScalar(first->offset));
    }
  }
}

}  // namespace muster::codec
