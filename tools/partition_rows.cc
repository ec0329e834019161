#include "tools/partition_rows.h"

#include <algorithm>
#include <tuple>

namespace muster::tools {
namespace {

/// The smaller, the sooner it is shown.
auto urgency(const wire::PartitionInfoT& partition) {
  const bool owned = !partition.owner.empty();
  const bool rests = !partition.revoking && partition.owner == partition.target;
  return std::tuple(owned, rests, -lag_of(partition).value_or(-1),
                    std::string_view(partition.topic), partition.partition);
}

}  // namespace

std::vector<const wire::PartitionInfoT*> telling_partitions(const GroupView& view,
                                                            std::size_t most) {
  std::vector<const wire::PartitionInfoT*> shown;
  for (const auto& partition : view.partitions) shown.push_back(partition.get());
  if (most == 0 || shown.size() <= most) return shown;
  std::ranges::sort(shown, {}, [](const auto* partition) { return urgency(*partition); });
  shown.resize(most);
  return shown;
}

}  // namespace muster::tools
