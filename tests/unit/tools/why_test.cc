// A partition's story: what moved it, why, and how long it took.
#include <doctest/doctest.h>

#include "tests/unit/tools/why_teller.h"

using namespace muster;
using namespace muster::tools;

TEST_CASE("a first grant is told with who joined and how long it took") {
  Owned t;
  t.after(7'380'000);
  CHECK(t.told() == std::vector<std::string>{
                        "#1  topic t was created with 2 partitions by muster:ann at 10.0.0.9",
                        "#3  planned for a (generation 1, sticky): a joined",
                        "#4  granted to a under token 4; nobody had it before. That took 200 ms: "
                        "200 ms gathering changes"});
  CHECK(
      t.head() ==
      "t/0 of group g is owned by a under token 4, since 2023-11-14T22:13:20.200Z (2 h 3 m ago).");
}

TEST_CASE("a hand-over says who had to wait for whom") {
  Owned t;
  t.after(5'000);
  const SeatId b = t.join("b");
  const SeatId c = t.join("c");
  t.after(150);
  t.happens(t.plan_for(b, "b", t.a, "a"));
  CHECK(t.last() ==
        "#7  asked back from a and planned for b (generation 2, sticky): b and c joined");
  CHECK(t.head().starts_with("t/0 of group g is asked back from a (token 4) for b, since "));
  CHECK(t.head().ends_with(
      ": a has 1 m 0 s to release it from when it was told, then it is fenced."));
  t.after(3);
  t.commit(120, 4);
  t.release(t.a, "a", 4);
  CHECK(t.last() == "#9  released by a under token 4 after 3 ms, with a last commit of offset 120");
  t.grant(b, "b");
  CHECK(t.last() ==
        "#10  granted to b under token 10. The hand-over took 153 ms: 150 ms gathering "
        "changes, 3 ms waiting for a's release");
  CHECK(c != b);
}

TEST_CASE("a live reset of offsets is a hand-over back to the owner") {
  Owned t;
  t.commit(120, 4);
  t.after(10);
  const std::vector<domain::OffsetValue> wanted{{.at = {t.topic, 0}, .offset = 7}};
  t.happens(domain::OffsetsResetBegun{.group = "g", .offsets = wanted, .revoking = t.of(t.a, "a")},
            kOperator);
  CHECK(t.last() == "#6  asked back from a for a live reset of offsets by muster:ann at 10.0.0.9");
  t.after(5);
  t.release(t.a, "a", 4);
  t.happens(domain::OffsetsReset{.group = "g",
                                 .offsets = wanted,
                                 .former = {{.at = {t.topic, 0}, .offset = 120}},
                                 .begun = 6});
  CHECK(t.last() == "#8  t/0 was reset from offset 120 to offset 7 as begun with 6");
  t.grant(t.a, "a");
  CHECK(t.last() ==
        "#9  granted to a under token 9. The hand-over took 5 ms: 5 ms waiting for a's release");
  CHECK(t.head().ends_with("Committed: offset 7."));
}

TEST_CASE("offsets that were deleted or expired are told with why") {
  Owned t;
  t.commit(120, 4);
  t.happens(domain::MemberLeft{.group = "g", .seat = t.a, .member_id = "a"});
  const std::vector<domain::OffsetValue> former{{.at = {t.topic, 0}, .offset = 120}};
  t.happens(domain::OffsetsExpired{.group = "g", .former = former});
  CHECK(t.last() ==
        "#7  the committed offset 120 of t/0 expired: the group had no members for as long as its "
        "retention says");
  t.commit(3, 0, kOperator);
  t.happens(domain::OffsetsDeleted{.group = "g", .former = {{.at = {t.topic, 0}, .offset = 3}}},
            kOperator);
  CHECK(t.last() == "#9  the committed offset 3 of t/0 was deleted by muster:ann at 10.0.0.9");
}

TEST_CASE("an owner that expired is said to have been gone before, and the plan to be of it") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());  // b stands by
  t.after(60'000);
  t.expire(t.a, "a", domain::ExpiryReason::kDisconnect);
  CHECK(t.last() ==
        "#7  a expired: it did not come back within its disconnect grace (10 s after "
        "its connection ended); token 4 ended");
  CHECK(t.story.standing().why == "the group's next plan is due");
  t.after(2);
  t.happens(t.plan_for(b, "b"));
  t.grant(b, "b");
  CHECK(t.told()[4] == "#8  planned for b (generation 3, sticky): a expired");
  CHECK(t.last() ==
        "#9  granted to b under token 9. The hand-over took 2 ms: 2 ms planning. "
        "Before that, a had been gone for 10 s");
}

TEST_CASE("the death of another member is told when it moves the partition, and only then") {
  Owned t;
  const SeatId b = t.join("b");
  const SeatId c = t.join("c");
  t.happens(t.plan());
  t.expire(c, "c", domain::ExpiryReason::kSilence);
  t.happens(t.plan());
  CHECK(t.told().size() == 3);
  t.happens(domain::MemberLeft{.group = "g", .seat = t.join("d"), .member_id = "d"});
  t.happens(t.plan_for(b, "b", t.a, "a"));
  CHECK(t.told()[3] == "#11  d left");
  CHECK(t.told()[4] ==
        "#12  asked back from a and planned for b (generation 4, sticky): d joined; d left");
}

TEST_CASE("a partition fenced by the rebalance timeout says where the time went") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan_for(b, "b", t.a, "a"));
  t.after(60'004);
  t.happens(domain::PartitionsFenced{
      .group = "g", .seat = t.a, .member_id = "a", .tokens = {{.at = {1, 0}, .fence = 4}}});
  t.grant(b, "b");
  CHECK(t.told()[4] ==
        "#7  token 4 of a was fenced: it did not release t/0 within its rebalance "
        "timeout (1 m 0 s after it was told)");
  CHECK(t.last() ==
        "#8  granted to b under token 8. The hand-over took 1 m 0 s: 0 ms gathering "
        "changes, 1 m 0 s waiting for a, which did not release it");
}

TEST_CASE("an owner replaced by a new process keeps the partition under a new token") {
  Owned t;
  t.happens(domain::MemberReplaced{.group = "g",
                                   .seat = t.a,
                                   .member_id = "a",
                                   .former_incarnation = 1,
                                   .incarnation = 2,
                                   .settings = Teller::settings()});
  t.grant(t.a, "a");
  CHECK(t.told()[3] == "#5  a was taken over by a new process at 10.0.0.1; token 4 ended");
  CHECK(t.last() == "#6  granted to a under token 6");
}

TEST_CASE("the operator who removed the owner is named") {
  Owned t;
  t.happens(domain::MemberLeft{.group = "g", .seat = t.a, .member_id = "a", .removed = true},
            kOperator);
  CHECK(t.last() == "#5  a was removed by muster:ann at 10.0.0.9; token 4 ended");
  auto nobody = t.plan();
  nobody.unassigned = {{.topic = 1, .partitions = {0}}};
  t.happens(nobody);
  CHECK(t.last() ==
        "#6  planned for nobody (generation 2, sticky): a was removed by muster:ann at "
        "10.0.0.9");
  CHECK(t.story.standing().why == "the group has no members");
  t.after(3'600'000);
  const SeatId b = t.join("b");
  t.after(200);
  t.happens(t.plan_for(b, "b"));
  t.grant(b, "b");
  CHECK(
      t.last() ==
      "#9  granted to b under token 9. The hand-over took 1 h 0 m: 0 ms planning, 1 h 0 m without "
      "a member to own it, 200 ms gathering changes");
}

TEST_CASE("commits are summed up, one line between two others") {
  Owned t;
  for (std::int64_t offset = 10; offset <= 50; offset += 10) t.commit(offset, 4);
  CHECK(t.last() == "#9  5 commits under token 4, from offset 10 to 50");
  CHECK(t.head().ends_with(" Committed: offset 50."));
  t.commit(60, 4);
  t.release(t.a, "a", 4);
  t.commit(7, 0, kOperator);
  CHECK(t.told()[3] == "#10  6 commits under token 4, from offset 10 to 60");
  CHECK(t.told()[4] ==
        "#11  released by a under token 4, unasked, with a last commit of offset 60");
  CHECK(t.told()[5] == "#12  offset 7 committed by muster:ann at 10.0.0.9");
}

TEST_CASE("while a group is frozen deaths leave the partition free, and the time is said") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());
  t.happens(domain::GroupFrozen{.group = "g", .frozen = true}, kOperator);
  t.expire(t.a, "a", domain::ExpiryReason::kSilence);
  CHECK(t.story.standing().why == "the group is frozen, so that its plan does not change");
  t.after(120'000);
  t.happens(domain::GroupFrozen{.group = "g", .frozen = false}, kOperator);
  t.after(1);
  t.happens(t.plan_for(b, "b"));
  t.grant(b, "b");
  CHECK(t.told()[3] ==
        "#7  the group was frozen by muster:ann at 10.0.0.9: its plan does not change");
  CHECK(t.told()[5] == "#9  the group was unfrozen by muster:ann at 10.0.0.9");
  CHECK(t.last() ==
        "#11  granted to b under token 11. The hand-over took 2 m 0 s: 2 m 0 s while "
        "the group was frozen, 1 ms planning. Before that, a had been gone for 30 s");
}

TEST_CASE("a plan of the leader tells how long it was waited for") {
  Owned t;
  const SeatId b = t.join("b");
  t.after(200);
  t.happens(domain::PlanRequested{.group = "g", .seat = t.a, .member_id = "a"});
  t.after(40);
  auto plan = t.plan_for(b, "b", t.a, "a");
  plan.strategy = "leader";
  t.happens(plan);
  CHECK(t.told()[3] == "#6  leader a was asked for the plan");
  CHECK(t.told()[4] ==
        "#7  asked back from a and planned for b (generation 2, by leader a): b joined");
  t.release(t.a, "a", 4);
  t.grant(b, "b");
  CHECK(t.last() ==
        "#9  granted to b under token 9. The hand-over took 240 ms: 200 ms gathering "
        "changes, 40 ms waiting for the plan of leader a, 0 ms waiting for a's release");
}

TEST_CASE("a plan of a leader that the journal no longer names says so much") {
  Owned t;
  const SeatId b = t.join("b");
  auto plan = t.plan_for(b, "b", t.a, "a");
  plan.strategy = "leader";
  t.happens(plan);
  CHECK(t.last() ==
        "#6  asked back from a and planned for b (generation 2, by the leader): b joined");
}

TEST_CASE(
    "a plan made instead of the leader says why, and a free partition whose plan it waits for") {
  Owned t;
  t.happens(domain::MemberLeft{.group = "g", .seat = t.a, .member_id = "a"});
  const SeatId b = t.join("b");
  t.happens(domain::PlanRequested{.group = "g", .seat = b, .member_id = "b"});
  CHECK(t.story.standing().why == "the plan of leader b is being waited for");
  auto plan = t.plan_for(b, "b");
  plan.instead_of_leader = "leader 'b' submitted no plan within 5000 ms";
  t.happens(plan);
  CHECK(t.last() ==
        "#8  planned for b (generation 2, by sticky instead of the leader): a left; b "
        "joined; leader 'b' submitted no plan within 5000 ms");
}

TEST_CASE("drains, pins and strategies are told with their operators when they move it") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());
  SUBCASE("drain") {
    t.happens(domain::MemberDrained{.group = "g", .member_id = "a", .draining = true}, kOperator);
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.told()[3] == "#7  a was told to drain by muster:ann at 10.0.0.9");
    CHECK(t.last() ==
          "#8  asked back from a and planned for b (generation 3, sticky): a was told "
          "to drain by muster:ann at 10.0.0.9");
  }
  SUBCASE("pin") {
    t.happens(domain::PartitionPinned{.group = "g", .at = {1, 0}, .member_id = "b"}, kOperator);
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.told().size() == 5);
    CHECK(t.told()[3] == "#7  t/0 was pinned to b by muster:ann at 10.0.0.9");
    CHECK(t.last() ==
          "#8  asked back from a and planned for b (generation 3, sticky): t/0 was pinned to b by "
          "muster:ann at 10.0.0.9");
    CHECK(t.head().ends_with(" It is pinned to b."));
    t.happens(domain::MemberDrained{.group = "g", .member_id = "b", .draining = true}, kOperator);
    CHECK(t.head().ends_with(" It is pinned to b, which drains: the pin does nothing meanwhile."));
  }
  SUBCASE("strategy") {
    t.happens(domain::GroupConfigured{.group = "g", .strategy = "range"}, kOperator);
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.told()[3] ==
          "#7  the strategy was switched from round_robin to range by muster:ann at "
          "10.0.0.9");
  }
  SUBCASE("a subscription") {
    t.happens(domain::MemberSubscribed{.group = "g",
                                       .seat = b,
                                       .member_id = "b",
                                       .subscription = domain::Subscription({"t", "u"})});
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.last().ends_with(": b changed subscription"));
  }
}

TEST_CASE("the partition's own topic is a cause, others are not") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());
  t.happens(domain::TopicCreated{.name = "unrelated", .partition_count = 1});
  t.after(3'600'000);
  const TopicId u = t.happens(domain::TopicCreated{.name = "u", .partition_count = 6});
  t.happens(domain::TopicsMatched{.group = "g", .matches = {{.pattern = "u.?", .topics = {u}}}});
  t.happens(domain::TopicExpanded{.topic = 1, .partition_count = 8});
  auto plan = t.plan_for(b, "b", t.a, "a");
  plan.planned = {{.topic = 1, .partition_count = 8}, {.topic = u, .partition_count = 6}};
  t.happens(plan);
  t.release(t.a, "a", 4);
  t.grant(b, "b");
  CHECK(
      t.told()[3] ==
      "#11  asked back from a and planned for b (generation 3, sticky): topic t was expanded to 8 "
      "partitions");
  CHECK(t.last().find("took 0 ms") != std::string::npos);
}

TEST_CASE("members count as causes when they subscribe to the topic, by list or by pattern") {
  Owned t;
  const SeatId b = t.join("b");
  const SeatId stranger = t.join("stranger", {"u"});
  const SeatId matched = t.join("matched", {}, {"^t$"});
  t.happens(domain::TopicsMatched{.group = "g", .matches = {{.pattern = "^t$", .topics = {1}}}});
  t.happens(t.plan());
  t.expire(stranger, "stranger", domain::ExpiryReason::kSilence);
  t.after(5);
  t.expire(matched, "matched", domain::ExpiryReason::kSilence);
  t.happens(t.plan_for(b, "b", t.a, "a"));
  CHECK(t.told()[3] == "#11  matched expired: it was silent for its session timeout (30 s)");
  CHECK(t.last() ==
        "#12  asked back from a and planned for b (generation 3, sticky): matched expired");
}

TEST_CASE("a member that gives the topic up is a cause, one that never had it is not") {
  Owned t;
  const SeatId b = t.join("b");
  const SeatId c = t.join("c", {"u"});
  t.happens(t.plan());
  const auto subscribe = [&](SeatId seat, const char* id, std::vector<std::string> topics) {
    t.happens(domain::MemberSubscribed{.group = "g",
                                       .seat = seat,
                                       .member_id = id,
                                       .subscription = domain::Subscription(std::move(topics))});
  };
  subscribe(c, "c", {"v"});
  subscribe(t.a, "a", {"u"});
  t.happens(t.plan_for(b, "b", t.a, "a"));
  CHECK(t.last() ==
        "#10  asked back from a and planned for b (generation 3, sticky): a changed subscription");
}

TEST_CASE("a move that only other topics explain says that it is for the balance with them") {
  Owned t;
  const SeatId b = t.join("b");
  const SeatId c = t.join("c", {"u"});
  t.happens(t.plan());
  t.expire(c, "c", domain::ExpiryReason::kSilence);
  t.happens(t.plan_for(b, "b", t.a, "a"));
  CHECK(t.told()[3] == "#8  c expired: it was silent for its session timeout (30 s)");
  CHECK(t.last() ==
        "#9  asked back from a and planned for b (generation 3, sticky): for the balance with the "
        "group's other topics: c expired");
}

TEST_CASE("the pin of another partition is no cause beside one that is, and alone it is said") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());
  SUBCASE("beside") {
    t.happens(domain::PartitionPinned{.group = "g", .at = {1, 1}, .member_id = "a"}, kOperator);
    t.join("c");
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.last() == "#9  asked back from a and planned for b (generation 3, sticky): c joined");
  }
  SUBCASE("alone") {
    t.happens(domain::PartitionPinned{.group = "g", .at = {1, 1}, .member_id = "a"}, kOperator);
    t.happens(t.plan_for(b, "b", t.a, "a"));
    CHECK(t.last() ==
          "#8  asked back from a and planned for b (generation 3, sticky): for the balance with "
          "the group's other partitions: t/1 was pinned to a by muster:ann at 10.0.0.9");
  }
}

TEST_CASE("a wait for a pinned member that is absent is told as such") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan());
  t.happens(domain::PartitionPinned{.group = "g", .at = {1, 0}, .member_id = "z"}, kOperator);
  auto nobody = t.plan();
  nobody.unassigned = {{.topic = 1, .partitions = {0}}};
  nobody.revoking = t.of(t.a, "a");
  t.happens(nobody);
  CHECK(t.last() ==
        "#8  asked back from a and planned for nobody until z is a member (generation 3, sticky): "
        "t/0 was pinned to z by muster:ann at 10.0.0.9");
  CHECK(t.head().ends_with(" It is pinned to z, which is no member: nobody else is given it."));
  t.after(3);
  t.release(t.a, "a", 4);
  CHECK(t.head().ends_with(
      "has no owner, since 2023-11-14T22:13:20.203Z (0 ms ago): it waits for z, to which it is "
      "pinned and which is no member."));
  t.expire(b, "b", domain::ExpiryReason::kSilence);
  t.happens(t.plan());
  t.after(7'000);
  const SeatId z = t.join("z");
  t.after(200);
  t.happens(t.plan_for(z, "z"));
  CHECK(t.last() == "#13  planned for z, to which it is pinned, (generation 5, sticky): z joined");
  t.grant(z, "z");
  CHECK(t.last() ==
        "#14  granted to z under token 14. The hand-over took 7.2 s: 0 ms planning, 3 ms waiting "
        "for a's release, 7 s waiting for z, to which it is pinned and which was no member, 200 ms "
        "gathering changes");
}

TEST_CASE("what came while a plan was made is a cause of the next, and slices share theirs") {
  Owned t;
  const SeatId b = t.join("b");
  const Sequence membership = b;
  t.happens(domain::MemberLeft{.group = "g", .seat = t.join("d"), .member_id = "d"});
  auto first = t.plan();
  first.membership = membership;
  first.more = true;
  t.happens(first);
  auto second = t.plan_for(b, "b", t.a, "a");
  second.membership = membership;
  second.outdated = true;
  t.happens(second);
  CHECK(t.last() == "#9  asked back from a and planned for b (generation 3, sticky): b joined");
  t.happens(t.plan_for(t.a, "a"));
  CHECK(t.last() ==
        "#10  planned for a once a has released it (generation 4, sticky): d joined; d left");
}
