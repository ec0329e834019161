#include "domain/assign/water_level.h"

#include <algorithm>

#include "domain/assert.h"

namespace muster::domain {

WaterLevel water_level(const std::vector<Count>& pinned, Count partitions) {
  MUSTER_ASSERT(!pinned.empty());
  // Most members have no pins at all; only the others need to be sorted.
  std::vector<Count> bottoms;
  for (const Count count : pinned) {
    if (count > 0) bottoms.push_back(count);
  }
  std::ranges::sort(bottoms);
  auto vessels = static_cast<std::int64_t>(pinned.size() - bottoms.size());  // under water
  std::int64_t content = partitions;
  for (const Count bottom : bottoms) {
    if (vessels > 0 && bottom > content / vessels) break;
    ++vessels;
    content += bottom;
  }
  return {.level = static_cast<Count>(content / vessels),
          .extras = static_cast<Count>(content % vessels)};
}

void fill_quotas(Audience& audience, const std::vector<Count>& pinned) {
  const std::size_t count = audience.subscribers.size();
  std::vector<Count> bottoms(count);
  for (std::size_t i = 0; i < count; ++i) bottoms[i] = pinned[audience.subscribers[i]];
  auto [level, extras] = water_level(bottoms, audience.partitions);
  // An extra saves a move with those, and only those, who would have to give one up without it.
  // Beyond them any member will do that no pins have lifted above the level.
  for (std::size_t i = 0; i < count; ++i) {
    audience.quota[i] = std::max(level - bottoms[i], 0);
    const bool saves_move = bottoms[i] <= level && audience.held[i] > audience.quota[i];
    if (saves_move && extras > 0) {
      ++audience.quota[i];
      --extras;
    }
    audience.open[i] = bottoms[i] <= level && !saves_move;
  }
  audience.extras = extras;
}

}  // namespace muster::domain
