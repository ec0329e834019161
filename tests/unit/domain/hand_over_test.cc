// Hand-over as a whole: six partitions through joins and leaves, with no moment of two owners
// (which the world's ledger checks at every event).
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Partitions = std::vector<PartitionIndex>;

TEST_CASE("Six partitions through joins and leaves: 6, 3/3, 2/2/2, 3/3, 6") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 6});
  world.join("consumer-1", 1);
  world.settle();
  CHECK(world.share("consumer-1").size() == 6);
  world.join("consumer-2", 2);
  world.settle();
  CHECK(world.share("consumer-1").size() == 3);
  CHECK(world.share("consumer-2").size() == 3);
  world.join("consumer-3", 3);
  world.settle();
  for (const char* member : {"consumer-1", "consumer-2", "consumer-3"}) {
    CHECK(world.share(member).size() == 2);
  }
  world.apply(leaving("consumer-2", 2));
  world.settle();
  CHECK(world.share("consumer-1").size() == 3);
  CHECK(world.share("consumer-3").size() == 3);
  world.apply(leaving("consumer-1", 1));
  world.settle();
  CHECK(world.share("consumer-3").size() == 6);
}

TEST_CASE("The old owner dies in the middle of a hand-over: the partition finds its target") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 4});
  world.join("a", 1);
  world.plan();
  world.join("b", 2);
  world.plan();
  REQUIRE(world.group().revoking_count == 2);
  world.expire("a");
  CHECK(world.share("b") == Partitions{1, 3});
  world.settle();
  CHECK(world.share("b") == Partitions{0, 1, 2, 3});
}

TEST_CASE(
    "The target dies in the middle of a hand-over: the partition stays owned until released") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  world.join("b", 2);
  world.plan();
  world.expire("b");
  CHECK(world.owner(1) == "a");
  // Released before the next plan: free, for its target is gone (the plan that is due gives it on).
  world.apply(releasing("a", 1, {{.topic = "t", .partition = 1, .fence = world.token(1)}}));
  CHECK(world.at(1).phase == Phase::kFree);
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.settle();
  CHECK(world.share("a") == Partitions{0, 1});
}

TEST_CASE("Releasing what the plan gives to oneself brings it back under a new token") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  const FencingToken first = world.token(0);
  world.apply(releasing("a", 1, {{.topic = "t", .partition = 0, .fence = first}}));
  CHECK(world.owner(0) == "a");
  CHECK(world.token(0) > first);
}

TEST_CASE("A release retried is answered alike, and frees nothing twice") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  world.join("b", 2);
  world.plan();
  const ReleasePartitions release = releasing(
      "a", 1,
      {{.topic = "t", .partition = 1, .fence = world.token(1), .commits = true, .offset = 3},
       {.topic = "t", .partition = 1, .fence = world.token(1)}});  // and named twice
  const Decision first = world.apply(release);
  CHECK(first.releases[0].released);
  CHECK(first.releases[1].released);
  const Decision retried = world.apply(release);
  CHECK(retried.events.empty());
  CHECK(retried.releases[0].ended == TokenEnd::kReleased);
  CHECK(world.owner(1) == "b");
}

TEST_CASE("A release by an incarnation that is gone tells how its tokens ended") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.apply(CreateTopic{.name = "gone", .partition_count = 1});
  world.join("a", 1, {"t", "gone"});
  world.plan();
  const ReleasePartitions release =
      releasing("a", 1,
                {{.topic = "t", .partition = 0, .fence = world.token(0)},
                 {.topic = "gone", .partition = 0, .fence = world.token(0, "gone")}});
  world.apply(DeleteTopic{.name = "gone"});
  JoinGroup other = joining("a", 2);
  other.takeover = true;
  world.apply(other);
  const Decision answered = world.apply(release);
  CHECK(answered.events.empty());
  CHECK(answered.releases[0].ended == TokenEnd::kReplaced);
  CHECK(answered.releases[1].ended == TokenEnd::kTopicDeleted);
  world.apply(RemoveMember{.group = "g", .member_id = "a"});
  CHECK(world.apply(release).releases[0].ended == TokenEnd::kOlder);
}

TEST_CASE("Another incarnation can't release with a token it has learned") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  const Decision answered =
      world.apply(releasing("a", 99, {{.topic = "t", .partition = 0, .fence = world.token(0)}}));
  CHECK(answered.events.empty());
  CHECK_FALSE(answered.releases[0].released);
  CHECK(world.owner(0) == "a");
}

}  // namespace
}  // namespace muster::domain
