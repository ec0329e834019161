#include "tools/partition_rows.h"

#include <doctest/doctest.h>

namespace muster::tools {
namespace {

/// Of partition i, lag i; the last has none that is known.
GroupView view_of(std::int32_t partitions) {
  GroupView view;
  for (std::int32_t i = 0; i < partitions; ++i) {
    auto partition = std::make_unique<wire::PartitionInfoT>();
    partition->topic = "orders";
    partition->partition = i;
    partition->owner = partition->target = "pod-0";
    partition->committed = 0;
    partition->end = i == partitions - 1 ? -1 : i;
    view.partitions.push_back(std::move(partition));
  }
  return view;
}

std::vector<std::int32_t> shown(const GroupView& view, std::size_t most) {
  std::vector<std::int32_t> numbers;
  for (const auto* partition : telling_partitions(view, most)) {
    numbers.push_back(partition->partition);
  }
  return numbers;
}

using Numbers = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("partitions that there is room for keep their order") {
  CHECK(shown(view_of(0), 3).empty());
  CHECK(shown(view_of(3), 3) == Numbers{0, 1, 2});
  CHECK(shown(view_of(5), 0) == Numbers{0, 1, 2, 3, 4});
}

TEST_CASE("of more: without an owner, then moving, then by lag, unknown lag last") {
  GroupView view = view_of(6);
  CHECK(shown(view, 5) == Numbers{4, 3, 2, 1, 0});
  view.partitions[0]->owner.clear();
  view.partitions[1]->revoking = true;
  view.partitions[2]->target = "pod-1";
  CHECK(shown(view, 5) == Numbers{0, 2, 1, 4, 3});
  CHECK(shown(view, 1) == Numbers{0});
}

}  // namespace muster::tools
