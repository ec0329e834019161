// sticky, case by case. What holds always is in assign_properties_test.cc.
#include <doctest/doctest.h>

#include <algorithm>

#include "assign_groups.h"

namespace muster::domain {
namespace {

TEST_CASE("sticky takes from those with most for a member that comes, and only as many as needed") {
  const TestGroup group{
      3, {{.partitions = 8, .subscribers = {0, 1, 2}, .current = {0, 1, 0, 1, 0, 1, 0, 1}}}};
  const Assignment plan = sticky(group);
  CHECK(balance(group, plan) == std::vector<std::int64_t>{3, 3, 2});
  CHECK(moves(group, plan) == 2);
}

TEST_CASE("sticky leaves the extra with those who have it") {
  CHECK(sticky({3, {{.partitions = 5, .subscribers = {0, 1, 2}, .current = {0, 1, 1, 2, 2}}}}) ==
        Assignment{Owners{0, 1, 1, 2, 2}});
}

TEST_CASE("sticky deals the partitions of a member that went among those with least") {
  CHECK(sticky({3,
                {{.partitions = 6,
                  .subscribers = {0, 2},
                  .current = {0, kUnassigned, 2, 0, kUnassigned, 2}}}}) ==
        Assignment{Owners{0, 0, 2, 0, 2, 2}});
}

TEST_CASE("sticky gives a new partition to a member with least and disturbs nobody") {
  CHECK(sticky({3,
                {{.partitions = 6,
                  .subscribers = {0, 1, 2},
                  .current = {0, 0, 1, 1, 2, kUnassigned}}}}) ==
        Assignment{Owners{0, 0, 1, 1, 2, 2}});
}

TEST_CASE("sticky moves what its owner no longer subscribes to, and nothing else") {
  const TestGroup group{2,
                        {{.partitions = 2, .subscribers = {0, 1}, .current = {0, 0}},
                         {.partitions = 2, .subscribers = {1}, .current = {0, 1}}}};
  CHECK(sticky(group) == Assignment{{0, 0}, {1, 1}});
}

TEST_CASE("sticky keeps standby members in order: the first by id steps in") {
  TestGroup group{4, {{.partitions = 2, .subscribers = {0, 1, 2, 3}}}};
  group = with_plan(group, sticky(group));
  CHECK(group.topics[0].current == Owners{0, 1});
  group.topics[0].subscribers = {0, 2, 3};  // 1 goes
  group.topics[0].current = {0, kUnassigned};
  group = with_plan(group, sticky(group));
  CHECK(group.topics[0].current == Owners{0, 2});
  group.topics[0].subscribers = {2, 3};  // 0 goes
  group.topics[0].current = {kUnassigned, 2};
  CHECK(sticky(group) == Assignment{Owners{3, 2}});
  group.topics[0].subscribers = {1, 2, 3};  // and 1 is back: it is the first of those that wait
  CHECK(sticky(group) == Assignment{Owners{1, 2}});
}

TEST_CASE("sticky counts pinned partitions as load") {
  const TestGroup group{2,
                        {{.partitions = 6,
                          .subscribers = {0, 1},
                          .pins = {{.partition = 0, .member = 0},
                                   {.partition = 1, .member = 0},
                                   {.partition = 2, .member = 0}}}}};
  CHECK(sticky(group) == Assignment{Owners{0, 0, 0, 1, 1, 1}});
}

TEST_CASE("sticky leaves a member alone whose pins exceed its share") {
  const TestGroup group{3,
                        {{.partitions = 6,
                          .subscribers = {0, 1, 2},
                          .current = {0, 0, 0, 0, 0, 0},
                          .pins = {{.partition = 0, .member = 0},
                                   {.partition = 1, .member = 0},
                                   {.partition = 2, .member = 0},
                                   {.partition = 3, .member = 0}}}}};
  CHECK(sticky(group) == Assignment{Owners{0, 0, 0, 0, 1, 2}});
}

TEST_CASE("sticky hands a pinned partition over and leaves one whose pin is absent to nobody") {
  const TestGroup group{2,
                        {{.partitions = 4,
                          .subscribers = {0, 1},
                          .current = {0, 1, 0, 1},
                          .pins = {{.partition = 0, .member = 1}, {.partition = 3}}}}};
  CHECK(sticky(group) == Assignment{Owners{1, 1, 0, kUnassigned}});
}

TEST_CASE("sticky balances through others: an extra goes on to whom its owner can't give it") {
  // 0 and 1 share a topic, 1 and 2 another; 2 is new and can relieve 0 only by way of 1.
  const TestGroup group{3,
                        {{.partitions = 4, .subscribers = {0, 1}, .current = {0, 0, 0, 1}},
                         {.partitions = 2, .subscribers = {1, 2}, .current = {1, 1}}}};
  const Assignment plan = sticky(group);
  CHECK(balance(group, plan) == std::vector<std::int64_t>{2, 2, 2});
  CHECK(moves(group, plan) == 3);
}

TEST_CASE("sticky gives everybody the best that differing subscriptions allow") {
  // The big topic is 0's and 1's alone; 2 and 3 have little to share.
  const TestGroup group{4,
                        {{.partitions = 9, .subscribers = {0, 1}},
                         {.partitions = 2, .subscribers = {0, 1, 2, 3}},
                         {.partitions = 1, .subscribers = {3}}}};
  CHECK(balance(group, sticky(group)) == std::vector<std::int64_t>{5, 4, 2, 1});
}

TEST_CASE("sticky spreads what a member gets and gives over topics") {
  // Each of three topics is spread evenly; a third member comes and takes a share of each.
  const Owners current = {0, 1, 0, 1, 0, 1};
  const TestGroup group{3,
                        {{.partitions = 6, .subscribers = {0, 1, 2}, .current = current},
                         {.partitions = 6, .subscribers = {0, 1, 2}, .current = current},
                         {.partitions = 6, .subscribers = {0, 1, 2}, .current = current}}};
  const Assignment plan = sticky(group);
  CHECK(moves(group, plan) == 6);
  for (const Owners& owners : plan) {
    for (MemberIndex member = 0; member < 3; ++member) {
      CHECK(std::ranges::count(owners, member) == 2);
    }
  }
}

TEST_CASE("sticky exchanges what it deals where dealing topic by topic leaves one uneven") {
  const TestGroup group{
      3,
      {{.partitions = 1, .subscribers = {0, 1, 2}},
       {.partitions = 2, .subscribers = {0, 1, 2}, .current = {0, 1}},
       {.partitions = 3, .subscribers = {0, 1, 2}, .current = {2, 0, kUnassigned}}}};
  CHECK(sticky(group) == Assignment{Owners{2}, Owners{0, 1}, Owners{2, 0, 1}});
}

TEST_CASE("sticky counts pinned partitions to a topic's share, too") {
  // Each has two by pins, 0 of one topic and 1 of two. The rest of the first topic is 1's.
  const Owners all = {0, 1};
  const TestGroup group{2,
                        {{.partitions = 4,
                          .subscribers = all,
                          .pins = {{.partition = 0, .member = 0}, {.partition = 1, .member = 0}}},
                         {.partitions = 1, .subscribers = all, .pins = {{0, 1}}},
                         {.partitions = 1, .subscribers = all, .pins = {{0, 1}}},
                         {.partitions = 1, .subscribers = all},
                         {.partitions = 1, .subscribers = all}}};
  CHECK(sticky(group) == Assignment{{0, 0, 1, 1}, {1}, {1}, {0}, {0}});
}

TEST_CASE("sticky leaves the extra with whom it makes topics most even") {
  const Owners all = {0, 1, 2};
  CHECK(sticky({3,
                {{.partitions = 2, .subscribers = all, .current = {0, 0}},
                 {.partitions = 1, .subscribers = all, .current = {1}},
                 {.partitions = 1, .subscribers = all, .current = {1}}}}) ==
        Assignment{Owners{0, 2}, Owners{1}, Owners{1}});
}

TEST_CASE("sticky evens topics out among members that subscribe to others") {
  const TestGroup group{3,
                        {{.partitions = 2, .subscribers = {0, 1}},
                         {.partitions = 2, .subscribers = {1, 2}},
                         {.partitions = 2, .subscribers = {0, 2}}}};
  const Assignment plan = sticky(group);
  CHECK(balance(group, plan) == std::vector<std::int64_t>{2, 2, 2});
  CHECK(spread(group, plan) == 0);
}

TEST_CASE("sticky leaves topics to nobody when their subscribers drain, and plans the others") {
  CHECK(sticky({2,
                {{.partitions = 2, .current = {0, 1}},
                 {.partitions = 2, .subscribers = {1}, .current = {0, 0}},
                 {.partitions = 0, .subscribers = {0, 1}}}}) ==
        Assignment{{kUnassigned, kUnassigned}, {1, 1}, {}});
  CHECK(sticky({0, {{.partitions = 1}}}) == Assignment{Owners{kUnassigned}});
  CHECK(sticky({0, {}}).empty());
}

}  // namespace
}  // namespace muster::domain
