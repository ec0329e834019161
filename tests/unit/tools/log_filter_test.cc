#include "tools/log_filter.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;
using namespace muster::domain;

namespace {

const MemberPartitions kOfPod1{.seat = 4,
                               .member_id = "pod-1",
                               .incarnation = 7,
                               .topics = {{.topic = 1, .partitions = {0, 2}}}};

TopicNames two_topics() {
  TopicNames names;
  names.take_in(1, {.time_ms = 0, .cause = {}, .body = TopicCreated{.name = "outbox"}});
  names.take_in(2, {.time_ms = 0, .cause = {}, .body = TopicCreated{.name = "refunds"}});
  return names;
}

bool passes(const LogFilter& filter, EventBody body) {
  const Event event{.time_ms = 1'000,
                    .cause = {.kind = CauseKind::kClient, .who = "app", .from = {}},
                    .body = std::move(body)};
  return filter.may_want(event) && filter.wants(event, two_topics());
}

const PlanMade kPlan{.group = "billing",
                     .generation = 2,
                     .planned = {{.topic = 1, .partition_count = 4}},
                     .revoking = {kOfPod1}};
const OffsetsCommitted kCommit{.group = "billing",
                               .offsets = {{.at = {.topic = 1, .partition = 3}, .offset = 9}}};
const MemberLeft kLeft{.group = "audit", .member_id = "pod-1"};

}  // namespace

TEST_CASE("an empty filter lets everything pass") {
  CHECK(passes({}, kPlan));
  CHECK(passes({}, TopicCreated{.name = "outbox"}));
}

TEST_CASE("all of a filter must hold, and one of each list") {
  CHECK(passes({.group = "billing"}, kPlan));
  CHECK_FALSE(passes({.group = "audit"}, kPlan));
  CHECK(passes({.types = {"PlanMade", "MemberLeft"}}, kPlan));
  CHECK_FALSE(passes({.types = {"MemberLeft"}}, kPlan));
  CHECK(passes({.causes = {"operator", "client"}}, kPlan));
  CHECK_FALSE(passes({.causes = {"deadline"}}, kPlan));
  CHECK_FALSE(passes({.group = "billing", .types = {"MemberLeft"}}, kLeft));
}

TEST_CASE("times are within both bounds") {
  CHECK(passes({.since_ms = 1'000, .until_ms = 1'000}, kPlan));
  CHECK_FALSE(passes({.since_ms = 1'001}, kPlan));
  CHECK_FALSE(passes({.until_ms = 999}, kPlan));
}

TEST_CASE("a member is found where it acts and where partitions are given to it or taken") {
  CHECK(passes({.member = "pod-1"}, kLeft));
  CHECK(passes({.member = "pod-1"}, kPlan));
  CHECK(passes({.member = "pod-1"}, PartitionsGranted{.group = "billing", .grants = {kOfPod1}}));
  CHECK_FALSE(passes({.member = "pod-2"}, kPlan));
  CHECK_FALSE(passes({.member = "pod-1"}, kCommit));
}

TEST_CASE("a topic is found by its name, wherever an event names it") {
  CHECK(passes({.topic = "outbox"}, kPlan));
  CHECK(passes({.topic = "outbox"}, kCommit));
  CHECK(passes({.topic = "outbox"}, TopicCreated{.name = "outbox"}));
  CHECK(passes({.topic = "outbox"},
               MemberSubscribed{.group = "billing", .subscription = Subscription({"outbox"})}));
  CHECK_FALSE(passes({.topic = "refunds"}, kPlan));
  CHECK_FALSE(passes({.topic = "outbox"}, kLeft));
}

TEST_CASE("a partition is found where it is named, with what happens to its whole topic") {
  const auto at = [](PartitionIndex partition) {
    return LogFilter{.at = PartitionArgument{.topic = "outbox", .partition = partition}};
  };
  CHECK(passes(at(2), kPlan));
  CHECK_FALSE(passes(at(3), kPlan));
  CHECK(passes(at(3), kCommit));
  CHECK(passes(at(3), TopicExpanded{.topic = 1, .partition_count = 8}));
  CHECK_FALSE(passes(at(3), TopicExpanded{.topic = 2, .partition_count = 8}));
  CHECK_FALSE(passes(
      at(3), MemberSubscribed{.group = "billing", .subscription = Subscription({"outbox"})}));
}
