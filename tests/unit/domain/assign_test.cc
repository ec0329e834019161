// round_robin as a pure function.
#include <doctest/doctest.h>

#include <algorithm>

#include "domain/assign/round_robin.h"

namespace muster::domain {
namespace {

using Owners = std::vector<MemberIndex>;

Assignment deal(std::size_t members, std::vector<AssignmentInput::Topic> topics) {
  return RoundRobin().assign({.member_count = members, .topics = std::move(topics)});
}

TEST_CASE("round_robin deals in turn") {
  CHECK(deal(3, {{.id = 1, .partition_count = 4, .subscribers = {0, 1, 2}}}) ==
        Assignment{Owners{0, 1, 2, 0}});
  CHECK(deal(3, {{.id = 1, .partition_count = 2, .subscribers = {0, 1, 2}}}) ==
        Assignment{Owners{0, 1}});
}

TEST_CASE("round_robin keeps one cursor for all topics: many small ones don't all begin with 0") {
  std::vector<AssignmentInput::Topic> topics;
  for (TopicId id = 1; id <= 6; ++id) {
    topics.push_back({.id = id, .partition_count = 1, .subscribers = {0, 1, 2}});
  }
  CHECK(deal(3, topics) == Assignment{{0}, {1}, {2}, {0}, {1}, {2}});
}

TEST_CASE("round_robin skips those that don't subscribe and stays where it stopped") {
  CHECK(deal(4, {{.id = 1, .partition_count = 3, .subscribers = {1, 3}},  // 1 3 1, next: 2
                 {.id = 2, .partition_count = 2, .subscribers = {0, 2}},  // 2 0, next: 1
                 {.id = 3, .partition_count = 1, .subscribers = {0}},     // 0, next: 1
                 {.id = 4, .partition_count = 2, .subscribers = {0, 1, 2, 3}}}) ==
        Assignment{Owners{1, 3, 1}, Owners{2, 0}, Owners{0}, Owners{1, 2}});
}

TEST_CASE("round_robin is balanced within one for equal subscriptions") {
  for (MemberIndex members = 1; members <= 9; ++members) {
    Owners all;
    for (MemberIndex i = 0; i < members; ++i) all.push_back(i);
    std::vector<std::size_t> shares(members);
    for (const Owners& owners :
         deal(members, {{.id = 1, .partition_count = 7, .subscribers = all},
                        {.id = 2, .partition_count = 5, .subscribers = all},
                        {.id = 3, .partition_count = 1, .subscribers = all}})) {
      for (const MemberIndex owner : owners) ++shares[owner];
    }
    const auto [least, most] = std::ranges::minmax(shares);
    CHECK(most - least <= 1);
  }
}

TEST_CASE("Strategies are found by the name that operators write") {
  REQUIRE(find_strategy("round_robin") != nullptr);
  CHECK(find_strategy("round_robin")->name() == "round_robin");
  CHECK(find_strategy("roundrobin") == nullptr);
}

}  // namespace
}  // namespace muster::domain
