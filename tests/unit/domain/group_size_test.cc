// The most partitions that one group may share: held where a subscription or a topic is admitted.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

/// Topics "t" of 4 and "u" of 3 partitions; a group may share 6.
struct Narrow : World {
  Narrow() {
    limits.partitions_per_group_max = 6;
    apply(CreateTopic{.name = "t", .partition_count = 4});
    apply(CreateTopic{.name = "u", .partition_count = 3});
  }
};

}  // namespace

TEST_CASE("group size: a join that would make the group too large is refused") {
  Narrow world;
  world.join("a", 1, {"t"});
  const Rejection refused = world.refuse(joining("b", 2, {"t", "u"}), ErrorCode::kLimitReached);
  CHECK(refused.message ==
        "Group 'g' would share 7 partitions, more than the 6 allowed: subscribe to less, or raise "
        "max-partitions-per-group.");
  world.join("b", 2, {"t"});  // what is shared already costs nothing
}

TEST_CASE("group size: so is a change of subscription, and a pattern counts what it matches") {
  Narrow world;
  world.join("a", 1, {"t"});
  world.refuse(joining("a", 1, {"t", "u"}), ErrorCode::kLimitReached);
  JoinGroup by_pattern = joining("b", 2, {});
  by_pattern.patterns = {".*"};
  world.refuse(by_pattern, ErrorCode::kLimitReached);
  by_pattern.patterns = {"t"};
  world.apply(by_pattern);
}

TEST_CASE("group size: a topic can't be made or grown beyond what its groups may share") {
  Narrow world;
  world.join("a", 1, {"t"});
  JoinGroup by_pattern = joining("b", 2, {});
  by_pattern.patterns = {"new-.*"};
  world.apply(by_pattern);
  world.refuse(CreateTopic{.name = "new-1", .partition_count = 3}, ErrorCode::kLimitReached);
  world.apply(CreateTopic{.name = "new-1", .partition_count = 2});
  world.refuse(ExpandTopic{.name = "t", .partition_count = 5}, ErrorCode::kLimitReached);
  world.apply(ExpandTopic{.name = "u", .partition_count = 9});  // nobody subscribes to it
}

}  // namespace muster::domain
