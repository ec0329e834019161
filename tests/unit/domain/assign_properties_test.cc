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

TEST_CASE(
    "sticky has the best balance and, with it, the fewest moves: whatever the subscriptions") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 4,
                      .topics = 3,
                      .partitions = 2,
                      .equal = seed % 3 == 0,
                      .pins = draw(random, 3) == 0};
    TestGroup group = lived_in_group(random, shape, draw(random, 3));
    if (draw(random, 4) == 0) {  // as another strategy, or nobody at all, would leave it
      for (TestGroup::Topic& topic : group.topics) {
        topic.current.resize(topic.partitions);
        for (MemberIndex& owner : topic.current) {
          owner = draw(random, static_cast<std::uint32_t>(group.members));
        }
      }
    }
    const Assignment plan = sticky(group);
    const Optimum optimum = brute_force(group);
    CHECK(balance(group, plan) == optimum.balance);
    CHECK(moves(group, plan) == optimum.moves);
  }
}

/// Whether an extra could be handed on from `giver`, partition by partition, to somebody with at
/// least two less.
bool can_improve(const TestGroup& group, const Assignment& plan, MemberIndex giver) {
  const std::vector<std::int64_t> load = loads(group, plan);
  std::vector<bool> seen(group.members);
  std::vector<MemberIndex> stack = {giver};
  seen[giver] = true;
  while (!stack.empty()) {
    const MemberIndex from = stack.back();
    stack.pop_back();
    for (std::size_t i = 0; i < plan.size(); ++i) {
      bool has = false;
      for (std::size_t p = 0; p < plan[i].size(); ++p) {
        const bool pinned = std::ranges::any_of(group.topics[i].pins, [&](const auto& pin) {
          return static_cast<std::size_t>(pin.partition) == p;
        });
        has = has || (plan[i][p] == from && !pinned);
      }
      if (!has) continue;
      for (const MemberIndex to : group.topics[i].subscribers) {
        if (seen[to]) continue;
        if (load[to] <= load[giver] - 2) return true;
        seen[to] = true;
        stack.push_back(to);
      }
    }
  }
  return false;
}

TEST_CASE("sticky leaves no exchange that would better the balance of larger groups") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 20, .topics = 12, .partitions = 20, .pins = seed % 2 == 0};
    const TestGroup group = lived_in_group(random, shape, draw(random, 3));
    const Assignment plan = sticky(group);
    bool improvable = false;
    for (MemberIndex i = 0; i < group.members; ++i) {
      improvable = improvable || can_improve(group, plan, i);
    }
    CHECK_FALSE(improvable);
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
    CHECK(unevenness(group, sticky(group)) <= 1);
  }
}

TEST_CASE("sticky makes topics even where that costs no balance and no move") {
  std::int64_t possible = 0;
  std::int64_t missed = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Shape shape{.members = 4, .topics = 3, .partitions = 3, .equal = true};
    TestGroup group = random_group(random, shape);
    std::size_t partitions = 0;
    for (TestGroup::Topic& topic : group.topics) {  // some kept by whomever, some free
      partitions += static_cast<std::size_t>(topic.partitions);
      topic.current.resize(static_cast<std::size_t>(topic.partitions));
      for (MemberIndex& owner : topic.current) {
        owner = draw(random, static_cast<std::uint32_t>(group.members));
        if (draw(random, 3) == 0) owner = kUnassigned;
      }
    }
    if (partitions > 7) continue;  // too many to try every plan
    if (brute_force(group).unevenness > 1) continue;
    ++possible;
    missed += unevenness(group, sticky(group)) > 1 ? 1 : 0;
  }
  CHECK(possible >= 1000);
  // What takes an exchange among three is not looked for.
  CHECK(missed * 200 <= possible);
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
    const std::int64_t spread = unevenness(group, sticky(group));
    even += spread <= 1 ? 1 : 0;
    near_even += spread <= 2 ? 1 : 0;
  }
  // Not always within one: at times no balanced plan with the fewest moves is, and at times a
  // greedy choice misses it.
  CHECK(even >= kGroups * 85 / 100);
  CHECK(near_even >= kGroups * 99 / 100);
}

}  // namespace
}  // namespace muster::domain
