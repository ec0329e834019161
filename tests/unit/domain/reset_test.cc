// Resets: at once where nobody owns, and live: asked back, rewritten and granted again in one unit.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;

ResetOffsets resetting(std::vector<std::pair<PartitionIndex, std::int64_t>> offsets, bool live) {
  ResetOffsets reset{.group = "g", .items = {}, .live = live};
  for (const auto& [partition, offset] : offsets) {
    reset.items.push_back({.topic = "t", .partition = partition, .offset = offset});
  }
  return reset;
}

/// "a" owns partitions 0 and 2 of "t", "b" 1 and 3; 10 is committed for 0.
struct Working : World {
  Working() {
    apply(CreateTopic{.name = "t", .partition_count = 4});
    join("a", 1);
    join("b", 2);
    settle();
    apply(committing({{.topic = "t", .partition = 0, .offset = 10, .fence = token(0)}}));
  }
  Decision release(const std::string& member_id, Incarnation incarnation,
                   PartitionIndex partition) {
    return apply(releasing(member_id, incarnation,
                           {{.topic = "t", .partition = partition, .fence = token(partition)}}));
  }
};

TEST_CASE("A reset of an empty group is one event with all former values") {
  Working world;
  world.apply(leaving("a", 1));
  world.apply(leaving("b", 2));
  const Decision reset = world.apply(resetting({{0, 3}, {1, 4}}, false));
  REQUIRE(names(reset) == Names{"OffsetsReset"});
  CHECK(reset.changed == 2);
  const auto& event = std::get<OffsetsReset>(reset.events[0]);
  CHECK(event.former[0].offset == 10);
  CHECK(event.former[1].offset == -1);
  CHECK(world.at(0).committed == 3);
  CHECK(world.at(0).committed_fence == 0);
  CHECK(world.at(1).committed == 4);
  CHECK(world.apply(resetting({{0, 3}, {1, 4}}, false)).events.empty());  // a retry
  world.apply(resetting({{0, -1}}, false));                               // back to nothing
  CHECK_FALSE(world.at(0).has_commit());
}

TEST_CASE("A reset creates the group, as an import does") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.apply(resetting({{0, 7}}, false));
  CHECK(world.at(0).committed == 7);
  CHECK(world.phase() == GroupPhase::kEmpty);
}

TEST_CASE("A reset that is not live needs an empty group") {
  Working world;
  const Rejection refused = world.refuse(resetting({{0, 3}}, false), ErrorCode::kGroupNotEmpty);
  CHECK(refused.message.find("--live") != std::string::npos);
}

TEST_CASE("What can't be reset is refused, each for its own reason") {
  Working world;
  world.refuse(resetting({}, true), ErrorCode::kMalformedRequest);
  world.refuse(resetting({{0, 1}, {0, 2}}, true), ErrorCode::kMalformedRequest);
  world.refuse(resetting({{4, 1}}, true), ErrorCode::kUnknownResource);
  world.refuse(resetting({{0, -2}}, true), ErrorCode::kInvalidOffset);
  ResetOffsets fat = resetting({{0, 1}}, true);
  fat.items[0].metadata.assign(world.limits.commit_metadata_bytes_max + 1, 'm');
  world.refuse(fat, ErrorCode::kMetadataTooLarge);
  fat.items[0].topic = "u";
  world.refuse(fat, ErrorCode::kUnknownResource);
  world.limits.items_per_request_max = 1;
  world.refuse(resetting({{0, 1}, {1, 2}}, true), ErrorCode::kLimitReached);
}

TEST_CASE("Live: what is reset is asked back, and nothing else is disturbed") {
  Working world;
  const Decision begun = world.apply(resetting({{0, 3}, {1, 4}}, true));
  REQUIRE(names(begun) == Names{"OffsetsResetBegun"});
  const auto& event = std::get<OffsetsResetBegun>(begun.events[0]);
  CHECK(event.revoking.size() == 2);
  CHECK(world.at(0).phase == Phase::kRevoking);
  CHECK(world.at(1).phase == Phase::kRevoking);
  CHECK(world.at(2).phase == Phase::kOwned);
  CHECK(world.at(3).phase == Phase::kOwned);
  CHECK(world.phase() == GroupPhase::kBalancing);
  CHECK(world.apply(FinishReset{.group = "g"}).events.empty());  // both are owned
}

TEST_CASE("Live: rewritten and granted again in one unit, when the last is free") {
  Working world;
  const FencingToken old = world.token(0);
  world.apply(resetting({{0, 3}, {1, 4}}, true));
  CHECK(names(world.release("a", 1, 0)) == Names{"PartitionsReleased"});  // not granted yet
  CHECK(world.at(0).committed == 10);
  CHECK(world.apply(FinishReset{.group = "g"}).events.empty());
  world.release("b", 2, 1);
  const Decision done = world.apply(FinishReset{.group = "g"});
  REQUIRE(names(done) == Names{"OffsetsReset", "PartitionsGranted"});
  CHECK(std::get<OffsetsReset>(done.events[0]).begun != 0);
  CHECK(world.at(0).committed == 3);
  CHECK(world.at(1).committed == 4);
  CHECK(world.owner(0) == "a");
  CHECK(world.owner(1) == "b");
  CHECK(world.token(0) > old);  // fence-rises
  world.refuse(committing({{.topic = "t", .partition = 0, .offset = 50, .fence = old}}),
               ErrorCode::kFenced);
  CHECK_FALSE(world.group().reset.has_value());
  CHECK(world.phase() == GroupPhase::kStable);
}

TEST_CASE("Live: the last commit of a release is kept in the event, and overwritten") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  world.apply(releasing(
      "a", 1,
      {{.topic = "t", .partition = 0, .fence = world.token(0), .commits = true, .offset = 15}}));
  CHECK(world.at(0).committed == 15);
  const Decision done = world.apply(FinishReset{.group = "g"});
  CHECK(std::get<OffsetsReset>(done.events.at(0)).former[0].offset == 15);
  CHECK(world.at(0).committed == 3);
}

TEST_CASE("Live: a member that does not release is fenced, and the reset goes on") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  CHECK(names(world.fence(0)) == Names{"PartitionsFenced"});
  world.apply(FinishReset{.group = "g"});
  CHECK(world.owner(0) == "a");
  CHECK(world.at(0).committed == 3);
}

TEST_CASE("Live: an owner that leaves frees its share; whom the next plan names gets it") {
  Working world;
  world.apply(resetting({{0, 3}, {1, 4}}, true));
  const Decision left = world.apply(leaving("a", 1));
  CHECK(names(left) == Names{"MemberLeft"});
  CHECK(names(world.plan()) == Names{"PlanMade", "PartitionsGranted"});  // partition 2 alone
  CHECK(world.owner(0).empty());
  CHECK(world.owner(2) == "b");
  world.release("b", 2, 1);
  world.apply(FinishReset{.group = "g"});
  CHECK(world.owner(0) == "b");
  CHECK(world.owner(1) == "b");
}

TEST_CASE("Live: all members gone, the reset is done and nobody is granted anything") {
  Working world;
  world.apply(resetting({{0, 3}, {1, 4}}, true));
  world.apply(leaving("a", 1));
  world.expire("b");
  CHECK(names(world.apply(FinishReset{.group = "g"})) == Names{"OffsetsReset"});
  CHECK(world.at(1).committed == 4);
}

TEST_CASE("Live: a new incarnation of the owner gets back what is not reset") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  JoinGroup again = joining("a", 9);
  again.takeover = true;
  world.apply(again);
  CHECK(world.owner(0).empty());
  CHECK(world.owner(2) == "a");
  world.apply(FinishReset{.group = "g"});
  CHECK(world.owner(0) == "a");
}

TEST_CASE("Live: a deleted topic is taken out of the reset") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  world.apply(DeleteTopic{.name = "t"});
  CHECK_FALSE(world.group().reset.has_value());
}

TEST_CASE("Live: a deleted topic that the group knows by the reset alone is taken out of it, too") {
  Working world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  ResetOffsets reset = resetting({{0, 3}}, true);
  reset.items.push_back({.topic = "u", .partition = 0, .offset = 5});
  world.apply(reset);
  world.apply(DeleteTopic{.name = "u"});
  world.release("a", 1, 0);
  CHECK(names(world.apply(FinishReset{.group = "g"}))[0] == "OffsetsReset");
  CHECK(world.at(0).committed == 3);
}

TEST_CASE("Live: what nobody owns is rewritten at once") {
  Working world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  ResetOffsets reset{.group = "g", .items = {{.topic = "u", .partition = 0, .offset = 5}}};
  reset.live = true;
  CHECK(names(world.apply(reset)) == Names{"OffsetsReset"});
}

TEST_CASE("Live: one at a time; the same again is a retry") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  const Sequence begun = world.state().sequence;
  const Decision again = world.apply(resetting({{0, 3}}, true));
  CHECK(again.events.empty());
  CHECK(again.begun == begun);
  const Rejection refused = world.refuse(resetting({{0, 4}}, true), ErrorCode::kResetUnderWay);
  CHECK(traits_of(refused.code).retriable);
}

TEST_CASE("Live: in a frozen group the partitions come back to their owners") {
  Working world;
  world.apply(FreezeGroup{.group = "g", .frozen = true});
  world.apply(resetting({{0, 3}}, true));
  world.release("a", 1, 0);
  world.apply(FinishReset{.group = "g"});
  CHECK(world.owner(0) == "a");
}

TEST_CASE("Live: a crash in between forgets nothing") {
  Working world;
  world.apply(resetting({{0, 3}, {1, 4}}, true));
  world.release("a", 1, 0);
  const State replayed = world.replay();
  REQUIRE(replayed.group("g")->reset.has_value());
  CHECK(replayed.group("g")->reset->offsets.size() == 2);
  CHECK(replayed.digest == world.state().digest);
}

TEST_CASE("Why a partition was granted again: its group's offsets were reset") {
  Working world;
  world.apply(resetting({{0, 3}}, true));
  world.release("a", 1, 0);
  world.apply(FinishReset{.group = "g"});
  CHECK(world.group().grants.at(world.token(0)).reason.what == "the group's offsets were reset");
}

}  // namespace
}  // namespace muster::domain
