// What holds of every plan, over thousands of groups by seeds.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "assign_groups.h"
#include "domain/assign/round_robin.h"

namespace muster::domain {
namespace {

constexpr const char* kStrategies[] = {"range", "round_robin", "sticky"};

/// A group after some rounds of changes, each with its plan, and a last change without one.
TestGroup lived_in_group(std::mt19937_64& random, const Shape& shape, std::uint32_t rounds) {
  TestGroup group = random_group(random, shape);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    group = with_plan(group, sticky(group));
    disturb(random, group, shape.equal);
  }
  return group;
}

TEST_CASE("Every strategy plans every partition, to a subscriber or its pin, always alike") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 1 + draw(random, 12),
                      .topics = 1 + draw(random, 6),
                      .partitions = draw(random, 12),
                      .equal = draw(random, 3) == 0,
                      .pins = draw(random, 2) == 0};
    const TestGroup group = lived_in_group(random, shape, draw(random, 4));
    for (const char* name : kStrategies) {
      CAPTURE(std::string(name));
      const Strategy& strategy = *find_strategy(name);
      const Assignment plan = strategy.assign(input_of(group));
      check_valid(group, plan);
      CHECK(plan == strategy.assign(input_of(group)));
      CHECK(plan == strategy.assign(input_of(group, AudienceOrder::kReversed)));
    }
  }
}

TEST_CASE("sticky moves nothing of a group that has its plan") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 1 + draw(random, 15),
                      .topics = 1 + draw(random, 8),
                      .partitions = draw(random, 15),
                      .equal = draw(random, 3) == 0,
                      .pins = draw(random, 3) == 0};
    const TestGroup group = lived_in_group(random, shape, draw(random, 4));
    const Assignment plan = sticky(group);
    CHECK(sticky(with_plan(group, plan)) == plan);
  }
}

/// As another strategy, or nobody at all, would leave it: partitions are with anybody, or free.
void scatter(std::mt19937_64& random, TestGroup& group, std::uint32_t free_in_8) {
  for (TestGroup::Topic& topic : group.topics) {
    topic.current.resize(topic.partitions);
    for (MemberIndex& owner : topic.current) {
      owner = draw(random, static_cast<std::uint32_t>(group.members));
      if (draw(random, 8) < free_in_8) owner = kUnassigned;
    }
  }
}

std::size_t count_partitions(const TestGroup& group) {
  std::size_t count = 0;
  for (const TestGroup::Topic& topic : group.topics) {
    count += static_cast<std::size_t>(topic.partitions);
  }
  return count;
}

TEST_CASE(
    "sticky has the best balance, with it the fewest moves, and with these the least unevenness: "
    "whatever the subscriptions, pins and past") {
  int tried = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 4,
                      .topics = 2 + draw(random, 3),
                      .partitions = 2 + draw(random, 4),
                      .equal = seed % 3 == 0,
                      .pins = draw(random, 3) == 0};
    TestGroup group = lived_in_group(random, shape, draw(random, 4));
    if (draw(random, 3) == 0) scatter(random, group, draw(random, 8));
    if (count_partitions(group) > 10) continue;  // too many to try every plan
    ++tried;
    CHECK(worth(group, sticky(group)) == brute_force(group));
  }
  CHECK(tried >= 12'000);
}

/// All that can be changed about a plan by one partition: a topic gives its subscriber one more, or
/// takes one back, and a load gets one higher or lower. A plan is best if no cycle of such changes
/// betters it: every difference between two plans is a sum of cycles. This finds by Bellman and
/// Ford whether there is one, in groups that are too large to try every plan.
class Changes {
 public:
  Changes(const TestGroup& group, const Assignment& plan) {
    const std::size_t sink = group.topics.size() + group.members;
    std::vector<std::int64_t> pinned(group.members);
    for (std::size_t t = 0; t < plan.size(); ++t) {
      const TestGroup::Topic& topic = group.topics[t];
      std::vector<std::int64_t> fixed(group.members);
      Owners current = topic.current;
      for (const AssignmentInput::Pin& pin : topic.pins) {
        if (!current.empty()) current[pin.partition] = kUnassigned;
        if (pin.member == kUnassigned) continue;
        ++fixed[pin.member];
        ++pinned[pin.member];
      }
      for (const MemberIndex member : topic.subscribers) {
        const std::int64_t share = std::ranges::count(plan[t], member);
        const std::int64_t held = std::ranges::count(current, member);
        const std::int64_t given = share - fixed[member];
        const std::size_t node = group.topics.size() + member;
        add(t, node, (given < held ? -kMove : 0) + 2 * share + 1);
        if (given > 0) add(node, t, (given > held ? 0 : kMove) - 2 * share + 1);
      }
    }
    const std::vector<std::int64_t> load = loads(group, plan);
    for (std::size_t member = 0; member < group.members; ++member) {
      const std::size_t node = group.topics.size() + member;
      add(node, sink, (2 * load[member] + 1) * kBalance);
      if (load[member] > pinned[member]) add(sink, node, (1 - 2 * load[member]) * kBalance);
    }
    distances_.resize(sink + 1);
  }

  bool can_better() {
    for (std::size_t pass = 0; pass <= distances_.size(); ++pass) {
      bool changed = false;
      for (const Change& change : changes_) {
        const std::int64_t distance = distances_[change.from] + change.cost;
        if (distance >= distances_[change.to]) continue;
        distances_[change.to] = distance;
        changed = true;
      }
      if (!changed) return false;
    }
    return true;
  }

 private:
  // Each outweighs all of the next that a cycle can have.
  static constexpr std::int64_t kMove = 1 << 20;
  static constexpr std::int64_t kBalance = kMove << 10;

  struct Change {
    std::size_t from = 0;
    std::size_t to = 0;
    std::int64_t cost = 0;
  };

  void add(std::size_t from, std::size_t to, std::int64_t cost) {
    changes_.push_back({.from = from, .to = to, .cost = cost});
  }

  std::vector<Change> changes_;
  std::vector<std::int64_t> distances_;
};

TEST_CASE("sticky leaves no change that would better the plan of larger groups") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 20,
                      .topics = 12,
                      .partitions = 20,
                      .equal = seed % 3 == 0,
                      .pins = seed % 2 == 0};
    TestGroup group = lived_in_group(random, shape, draw(random, 4));
    if (draw(random, 3) == 0) scatter(random, group, draw(random, 8));
    CHECK_FALSE(Changes(group, sticky(group)).can_better());
  }
}

TEST_CASE("sticky from nothing with equal subscriptions is round_robin's deal") {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 1 + draw(random, 20),
                      .topics = 1 + draw(random, 8),
                      .partitions = draw(random, 40),
                      .equal = true};
    const TestGroup group = random_group(random, shape);
    CHECK(sticky(group) == RoundRobin().assign(input_of(group)));
  }
}

TEST_CASE("sticky spreads each topic within one, from nothing with equal subscriptions") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 1 + draw(random, 20),
                      .topics = 1 + draw(random, 8),
                      .partitions = draw(random, 40),
                      .equal = true};
    const TestGroup group = random_group(random, shape);
    CHECK(spread(group, sticky(group)) <= 1);
  }
}

TEST_CASE("sticky keeps topics even when members come and go") {
  std::int64_t even = 0;
  std::int64_t near_even = 0;
  constexpr std::int64_t kGroups = 500;
  for (std::uint64_t seed = 1; seed <= kGroups; ++seed) {
    std::mt19937_64 random(seed);
    TestGroup group =
        random_group(random, {.members = 20, .topics = 8, .partitions = 40, .equal = true});
    group = with_plan(group, sticky(group));
    disturb(random, group, /*equal=*/true);
    const std::int64_t widest = spread(group, sticky(group));
    even += widest <= 1 ? 1 : 0;
    near_even += widest <= 2 ? 1 : 0;
  }
  // Not always within one: at times no balanced plan with the fewest moves is.
  CHECK(even >= kGroups * 85 / 100);
  CHECK(near_even >= kGroups * 99 / 100);
}

}  // namespace
}  // namespace muster::domain
