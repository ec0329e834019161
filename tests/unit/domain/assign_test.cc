// round_robin as a pure function.
#include <doctest/doctest.h>

#include <algorithm>

#include "domain/assign/round_robin.h"

namespace muster::domain {
namespace {

using Owners = std::vector<MemberIndex>;

struct Shared {
  TopicId id = 0;
  std::int32_t partition_count = 0;
  Owners subscribers;
};

Assignment deal(std::size_t members, const std::vector<Shared>& topics) {
  AssignmentInput input{.member_count = members, .audiences = {}, .topics = {}};
  for (const Shared& topic : topics) {
    input.topics.push_back({.id = topic.id,
                            .partition_count = topic.partition_count,
                            .audience = static_cast<std::uint32_t>(input.audiences.size()),
                            .current = {},
                            .pins = {}});
    input.audiences.push_back(topic.subscribers);
  }
  return RoundRobin().assign(input);
}

TEST_CASE("round_robin deals in turn") {
  CHECK(deal(3, {{.id = 1, .partition_count = 4, .subscribers = {0, 1, 2}}}) ==
        Assignment{Owners{0, 1, 2, 0}});
  CHECK(deal(3, {{.id = 1, .partition_count = 2, .subscribers = {0, 1, 2}}}) ==
        Assignment{Owners{0, 1}});
}

TEST_CASE("round_robin keeps one cursor for all topics: many small ones don't all begin with 0") {
  std::vector<Shared> topics;
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

TEST_CASE(
    "round_robin gives a pinned partition to its pin and deals the others as if it were not") {
  AssignmentInput input{.member_count = 2,
                        .audiences = {{0, 1}},
                        .topics = {{.id = 1,
                                    .partition_count = 5,
                                    .audience = 0,
                                    .current = {},
                                    .pins = {{.partition = 1, .member = 1}, {.partition = 3}}}}};
  CHECK(RoundRobin().assign(input) == Assignment{Owners{0, 1, 1, kUnassigned, 0}});
}

TEST_CASE("round_robin leaves a topic to nobody when all of its subscribers drain") {
  CHECK(deal(1, {{.id = 1, .partition_count = 2, .subscribers = {}}}) ==
        Assignment{Owners{kUnassigned, kUnassigned}});
}

TEST_CASE("Strategies are found by the name that operators write") {
  REQUIRE(find_strategy("round_robin") != nullptr);
  CHECK(find_strategy("round_robin")->name() == "round_robin");
  CHECK(find_strategy("range")->name() == "range");
  CHECK(find_strategy("sticky")->name() == "sticky");
  CHECK(find_strategy("roundrobin") == nullptr);
}

}  // namespace
}  // namespace muster::domain
