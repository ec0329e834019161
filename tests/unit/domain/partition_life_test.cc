// The table "A partition's life" of the design, a row a test.
#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Partitions = std::vector<PartitionIndex>;

/// "a" owns partition 0 of two; "b" waits for partition 1, which "a" is asked to give back.
struct HandOver : World {
  HandOver() {
    apply(CreateTopic{.name = "t", .partition_count = 2});
    join("a", 1);
    plan();
    join("b", 2);
    plan();
  }
};

TEST_CASE("FREE with a live target: owned under the token of the granting event") {
  World world(1'000);
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  CHECK(names(world.plan()) == Names{"PlanMade", "PartitionsGranted"});
  CHECK(world.owner(0) == "a");
  CHECK(world.at(0).phase == Phase::kOwned);
  CHECK(world.token(0) == 1'000 + world.state().sequence);
}

TEST_CASE("FREE without a live target: stays free") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  CHECK(names(world.apply(leaving("a", 1))) == Names{"MemberLeft"});
  CHECK(world.at(0).phase == Phase::kFree);
  CHECK(names(world.plan()) == Names{"PlanMade"});
  CHECK(world.at(0).phase == Phase::kFree);
}

TEST_CASE("OWNED and the plan says the same owner: not disturbed, same token") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  const FencingToken kept = world.token(0);
  world.join("b", 2);
  const Decision planned = world.plan();
  CHECK(names(planned) == Names{"PlanMade"});
  const auto& plan = std::get<PlanMade>(planned.events[0]);
  REQUIRE(plan.targets.size() == 1);  // only what changes
  CHECK(plan.targets[0].topics[0].partitions == Partitions{1});
  CHECK(world.at(0).phase == Phase::kOwned);
  CHECK(world.token(0) == kept);
}

TEST_CASE("OWNED and the plan says another owner: REVOKING, still owned, same token") {
  HandOver world;
  CHECK(world.at(1).phase == Phase::kRevoking);
  CHECK(world.owner(1) == "a");
  CHECK(world.at(1).target == world.member("b")->seat);
  CHECK(world.share("b").empty());
}

TEST_CASE("REVOKING and another plan that wants it back: goes on, the target is read when free") {
  HandOver world;
  const FencingToken revoked = world.token(1);
  world.apply(leaving("b", 2));
  CHECK(names(world.plan()) == Names{"PlanMade"});
  CHECK(world.at(1).phase == Phase::kRevoking);  // one way
  CHECK(world.token(1) == revoked);
  CHECK(world.at(1).target == world.member("a")->seat);
  const Decision released =
      world.apply(releasing("a", 1, {{.topic = "t", .partition = 1, .fence = revoked}}));
  CHECK(names(released) == Names{"PartitionsReleased", "PartitionsGranted"});
  CHECK(world.owner(1) == "a");
  CHECK(world.token(1) > revoked);
}

TEST_CASE("REVOKING and a second plan for a third member: not announced again, new target") {
  HandOver world;
  const FencingToken revoked = world.token(1);
  world.join("aa", 3);  // sorts before "b": partition 1 becomes its share
  const Decision planned = world.plan();
  CHECK(std::get<PlanMade>(planned.events[0]).revoking.empty());  // the deadline is not restarted
  CHECK(world.at(1).target == world.member("aa")->seat);
  world.apply(releasing("a", 1, {{.topic = "t", .partition = 1, .fence = revoked}}));
  CHECK(world.owner(1) == "aa");
}

TEST_CASE("REVOKING and the deadline passed: the partition is fenced, not the member") {
  HandOver world;
  const FencingToken late = world.token(1);
  CHECK(names(world.fence(1)) == Names{"PartitionsFenced", "PartitionsGranted"});
  CHECK(world.owner(1) == "b");
  CHECK(world.at(1).ended_fence == late);
  CHECK(world.at(1).ended_how == TokenEnd::kFenced);
  CHECK(world.member("a") != nullptr);
  CHECK(world.share("a") == Partitions{0});
}

TEST_CASE(
    "A deadline of a token that is gone, or of a partition not being revoked, fences nobody") {
  HandOver world;
  const TopicPartition place{.topic = world.state().topic("t")->id, .partition = 1};
  const FencingToken old = world.token(1);
  CHECK(world.fence(0).events.empty());  // owned in peace
  world.apply(releasing("a", 1, {{.topic = "t", .partition = 1, .fence = old}}));
  CHECK(world.apply(FencePartitions{.group = "g", .tokens = {{.at = place, .fence = old}}})
            .events.empty());
  CHECK(world.apply(FencePartitions{.group = "absent", .tokens = {}}).events.empty());
}

TEST_CASE("Deadlines of two owners, one of them named twice: one unit, granted once") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 4});
  world.join("c", 1);
  world.join("d", 2);
  world.plan();
  world.join("a", 3);
  world.join("b", 4);
  world.plan();
  FencePartitions due{.group = "g", .tokens = {}};
  const TopicId topic = world.state().topic("t")->id;
  for (PartitionIndex i = 3; i >= 0; --i) {
    due.tokens.push_back({.at = {.topic = topic, .partition = i}, .fence = world.token(i)});
  }
  due.tokens.push_back(due.tokens.front());
  world.apply(due);
  CHECK(world.group().revoking_count == 0);
  CHECK(world.phase() == GroupPhase::kStable);
}

TEST_CASE("release(current token) with a commit: committed, then free, then the target's") {
  HandOver world;
  const FencingToken held = world.token(1);
  const Decision released = world.apply(releasing("a", 1,
                                                  {{.topic = "t",
                                                    .partition = 1,
                                                    .fence = held,
                                                    .commits = true,
                                                    .offset = 42,
                                                    .metadata = "m"}}));
  CHECK(names(released) == Names{"OffsetsCommitted", "PartitionsReleased", "PartitionsGranted"});
  REQUIRE(released.releases.size() == 1);
  CHECK(released.releases[0].released);
  CHECK(released.releases[0].ended == TokenEnd::kReleased);
  CHECK(released.releases[0].commit == CommitOutcome::kApplied);
  CHECK(world.owner(1) == "b");
  CHECK(world.at(1).committed == 42);
  CHECK(world.at(1).committed_fence == held);
  CHECK(world.at(1).ended_offset == 42);
  CHECK(world.at(1).metadata_view() == "m");
}

TEST_CASE("release with a refused commit: released all the same (no-orphan)") {
  HandOver world;
  const FencingToken held = world.token(1);
  const Decision released = world.apply(releasing(
      "a", 1, {{.topic = "t", .partition = 1, .fence = held, .commits = true, .offset = -5}}));
  CHECK(names(released) == Names{"PartitionsReleased", "PartitionsGranted"});
  CHECK(released.releases[0].released);
  CHECK(released.releases[0].commit == CommitOutcome::kRefused);
  REQUIRE(released.releases[0].commit_error.has_value());
  CHECK(released.releases[0].commit_error->code == ErrorCode::kInvalidOffset);
  CHECK(world.owner(1) == "b");
  CHECK_FALSE(world.at(1).has_commit());
}

TEST_CASE("release(other token): unchanged, answered how that token ended") {
  HandOver world;
  const FencingToken first = world.token(1);
  world.fence(1);  // to "b"
  const auto late = [&](FencingToken fence) {
    return world.apply(releasing("a", 1, {{.topic = "t", .partition = 1, .fence = fence}}));
  };
  Decision answer = late(first);
  CHECK(answer.events.empty());
  CHECK_FALSE(answer.releases[0].released);
  CHECK(answer.releases[0].ended == TokenEnd::kFenced);
  CHECK(late(first - 1).releases[0].ended == TokenEnd::kOlder);
  CHECK(late(world.token(1)).releases[0].ended == TokenEnd::kNone);  // current, but not its own
  CHECK(late(0).releases[0].ended == TokenEnd::kNone);               // 0 is no token
  CHECK(world.owner(1) == "b");
}

TEST_CASE("commit(current token) while REVOKING: applied") {
  HandOver world;
  world.apply(committing({{.topic = "t", .partition = 1, .offset = 7, .fence = world.token(1)}}));
  CHECK(world.at(1).committed == 7);
  CHECK(world.at(1).phase == Phase::kRevoking);
}

TEST_CASE("commit(other token): FENCED with the current token, unchanged") {
  HandOver world;
  const FencingToken zombie = world.token(1);
  world.fence(1);
  const Rejection refused =
      world.refuse(committing({{.topic = "t", .partition = 1, .offset = 7, .fence = zombie}}),
                   ErrorCode::kFenced);
  CHECK(refused.current_fence == world.token(1));
  CHECK(refused.message.find("stop working on it") != std::string::npos);
  CHECK_FALSE(world.at(1).has_commit());
}

TEST_CASE("The member leaves or expires: free, and the waiting member's in the same unit") {
  HandOver leaves;
  CHECK(names(leaves.apply(leaving("a", 1))) == Names{"MemberLeft", "PartitionsGranted"});
  CHECK(leaves.owner(1) == "b");
  CHECK(leaves.at(0).phase == Phase::kFree);
  CHECK(leaves.at(0).ended_how == TokenEnd::kLeft);
  HandOver expires;
  CHECK(names(expires.expire("a")) == Names{"MemberExpired", "PartitionsGranted"});
  CHECK(expires.owner(1) == "b");
  CHECK(expires.at(0).ended_how == TokenEnd::kExpired);
}

TEST_CASE(
    "Replaced by a new incarnation: what was OWNED is its own under a new token, in one unit") {
  HandOver world;
  const FencingToken old = world.token(0);
  JoinGroup again = joining("a", 9);
  again.presence.connection_ended = true;
  const Decision replaced = world.apply(again);
  CHECK(names(replaced) == Names{"MemberReplaced", "PartitionsGranted"});
  CHECK(world.owner(0) == "a");
  CHECK(world.token(0) > old);
  CHECK(world.at(0).ended_fence == old);
  CHECK(world.at(0).ended_how == TokenEnd::kReplaced);
  // What was REVOKING became free, and so the target's.
  CHECK(world.owner(1) == "b");
  CHECK(world.at(1).phase == Phase::kOwned);
}

TEST_CASE("Any partition of a deleted topic is gone, and the event says who lost what") {
  HandOver world;
  world.apply(committing({{.topic = "t", .partition = 0, .offset = 5, .fence = world.token(0)}}));
  const TopicId topic = world.state().topic("t")->id;
  const Decision deleted = world.apply(DeleteTopic{.name = "t"});
  CHECK(names(deleted) == Names{"GroupTopicDropped", "TopicDeleted"});
  const auto& dropped = std::get<GroupTopicDropped>(deleted.events[0]);
  REQUIRE(dropped.held.size() == 1);
  CHECK(dropped.held[0].member_id == "a");
  CHECK(dropped.held[0].topics == std::vector<PartitionList>{{topic, {0, 1}}});
  REQUIRE(dropped.former.size() == 1);
  CHECK(dropped.former[0].offset == 5);
  CHECK(dropped.former[0].commit_time_ms == world.wall_ms);
  CHECK(world.group().owned_count == 0);
  CHECK(world.group().revoking_count == 0);
}

TEST_CASE("A restart changes nothing (one-fold)") {
  HandOver world;
  const State again = world.replay();
  CHECK(describe(again) == describe(world.state()));
  CHECK(again.digest == world.state().digest);
}

}  // namespace
}  // namespace muster::domain
