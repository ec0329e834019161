// Offsets against their direction: compare-and-set, deletion, retention.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Outcomes = decltype(Decision::commits);

/// "a" owns both partitions of "t", and has committed 10 of each.
struct Committed : World {
  Committed() {
    apply(CreateTopic{.name = "t", .partition_count = 2});
    join("a", 1);
    plan();
    apply(committing({item(0, 10), item(1, 10)}));
  }
  CommitItem item(PartitionIndex partition, std::int64_t offset) const {
    return {.topic = "t", .partition = partition, .offset = offset, .fence = token(partition)};
  }
  CommitItem expecting(PartitionIndex partition, std::int64_t offset, std::int64_t expected) const {
    CommitItem one = item(partition, offset);
    one.expected = expected;
    return one;
  }
};

TEST_CASE("An owner rewinds by compare-and-set: an event that keeps what was there") {
  Committed world;
  const Decision rewound = world.apply(committing({world.expecting(0, 4, 10)}));
  CHECK(rewound.commits == Outcomes{CommitOutcome::kApplied});
  REQUIRE(names(rewound) == Names{"OffsetsReset"});
  const auto& event = std::get<OffsetsReset>(rewound.events[0]);
  REQUIRE(event.former.size() == 1);
  CHECK(event.former[0].offset == 10);
  CHECK(event.former[0].commit_time_ms == world.wall_ms);
  CHECK(world.at(0).committed == 4);
  CHECK(world.at(0).committed_fence == world.token(0));
}

TEST_CASE("A compare-and-set that goes forward is a commit") {
  Committed world;
  CHECK(names(world.apply(committing({world.expecting(0, 12, 10)}))) == Names{"OffsetsCommitted"});
  CHECK(world.at(0).committed == 12);
}

TEST_CASE("A compare-and-set of something else is refused, and names both") {
  Committed world;
  const Rejection refused = world.refuse(committing({world.item(1, 11), world.expecting(0, 4, 9)}),
                                         ErrorCode::kOffsetConflict);
  CHECK(refused.message.find("offset 10 is committed") != std::string::npos);
  CHECK(refused.message.find("offset 9 is expected") != std::string::npos);
  CHECK(world.at(1).committed == 10);  // atomic
}

TEST_CASE("A compare-and-set retried is answered alike and changes nothing more") {
  Committed world;
  const CommitOffsets rewind = committing({world.expecting(0, 4, 10)});
  world.apply(rewind);
  const Decision again = world.apply(rewind);
  CHECK(again.commits == Outcomes{CommitOutcome::kApplied});
  CHECK(again.events.empty());
}

TEST_CASE("Expecting nothing: only a first commit is applied") {
  Committed world;
  world.refuse(committing({world.expecting(0, 4, -1)}), ErrorCode::kOffsetConflict);
  world.refuse(committing({world.expecting(0, 4, -2)}), ErrorCode::kInvalidOffset);
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  CommitItem first{.topic = "u", .partition = 0, .offset = 7};
  first.expected = -1;
  CHECK(world.apply(committing({first})).commits == Outcomes{CommitOutcome::kApplied});
  CHECK(world.at(0, "u").committed == 7);
}

TEST_CASE("A compare-and-set is fenced like any commit") {
  Committed world;
  CommitItem zombie = world.expecting(0, 4, 10);
  zombie.fence -= 1;
  world.refuse(committing({zombie}), ErrorCode::kFenced);
  zombie.fence = 0;
  world.refuse(committing({zombie}), ErrorCode::kPartitionOwned);
}

// ---- deletion -----------------------------------------------------------------------------------

TEST_CASE("Offsets of a topic that a member subscribes to are not deleted") {
  Committed world;
  const Rejection refused =
      world.refuse(DeleteOffsets{.group = "g", .topic = "t"}, ErrorCode::kGroupSubscribed);
  CHECK(refused.message.find("'a'") != std::string::npos);
  world.refuse(DeleteOffsets{.group = "g", .topic = "t", .partition = 0},
               ErrorCode::kGroupSubscribed);
}

TEST_CASE("Offsets of a topic that a pattern matches are not deleted either") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  JoinGroup join = joining("a", 1, {});
  join.patterns = {"t.*"};
  world.apply(join);
  world.plan();
  world.refuse(DeleteOffsets{.group = "g", .topic = "t"}, ErrorCode::kGroupSubscribed);
}

TEST_CASE("What is still owned is not deleted, even if nobody subscribes to it any more") {
  Committed world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.apply(joining("a", 1, {"u"}));
  world.refuse(DeleteOffsets{.group = "g", .topic = "t"}, ErrorCode::kPartitionOwned);
  world.settle();
  const Decision deleted = world.apply(DeleteOffsets{.group = "g", .topic = "t"});
  CHECK(names(deleted) == Names{"OffsetsDeleted"});
  CHECK(deleted.changed == 2);
  CHECK_FALSE(world.at(0).has_commit());
  CHECK(world.apply(DeleteOffsets{.group = "g", .topic = "t"}).events.empty());  // a retry
}

TEST_CASE("One partition's offset is deleted alone, with its former value in the event") {
  Committed world;
  world.apply(leaving("a", 1));
  const Decision deleted = world.apply(DeleteOffsets{.group = "g", .topic = "t", .partition = 1});
  const auto& event = std::get<OffsetsDeleted>(deleted.events.at(0));
  REQUIRE(event.former.size() == 1);
  CHECK(event.former[0].at.partition == 1);
  CHECK(event.former[0].offset == 10);
  CHECK(event.former[0].fence != 0);
  CHECK(world.at(0).committed == 10);
  world.refuse(DeleteOffsets{.group = "g", .topic = "t", .partition = 2},
               ErrorCode::kUnknownResource);
  world.refuse(DeleteOffsets{.group = "x", .topic = "t"}, ErrorCode::kUnknownResource);
}

// ---- retention ----------------------------------------------------------------------------------

struct Retained : Committed {
  Retained() { apply(ConfigureGroup{.group = "g", .offset_retention_ms = 60'000}); }
};

TEST_CASE("Offsets are kept for ever unless a retention is set, and while the group has members") {
  Committed kept;
  kept.apply(leaving("a", 1));
  kept.wall_ms += 1'000'000'000'000;
  CHECK(kept.apply(ExpireOffsets{.group = "g"}).events.empty());
  Retained busy;
  busy.wall_ms += 1'000'000'000'000;
  CHECK(busy.apply(ExpireOffsets{.group = "g"}).events.empty());
}

TEST_CASE("Retention counts from the event that emptied the group") {
  Retained world;
  world.wall_ms += 1'000'000;
  world.apply(leaving("a", 1));
  world.wall_ms += 59'999;
  CHECK(world.apply(ExpireOffsets{.group = "g"}).events.empty());
  world.wall_ms += 1;
  const Decision expired = world.apply(ExpireOffsets{.group = "g"});
  REQUIRE(names(expired) == Names{"OffsetsExpired"});
  CHECK(std::get<OffsetsExpired>(expired.events[0]).former.size() == 2);
  CHECK_FALSE(world.at(0).has_commit());
  CHECK(world.state().group("g") != nullptr);  // settings stay
}

TEST_CASE("A commit into an empty group keeps that offset for another retention") {
  Retained world;
  world.apply(leaving("a", 1));
  world.wall_ms += 30'000;
  world.apply(committing({{.topic = "t", .partition = 1, .offset = 20}}));
  world.wall_ms += 30'000;
  const Decision expired = world.apply(ExpireOffsets{.group = "g"});
  CHECK(std::get<OffsetsExpired>(expired.events.at(0)).former.size() == 1);
  CHECK(world.at(1).committed == 20);
}

TEST_CASE("Who joins in time stops the retention") {
  Retained world;
  world.apply(leaving("a", 1));
  world.wall_ms += 59'000;
  world.join("b", 2);
  world.wall_ms += 59'000;
  CHECK(world.apply(ExpireOffsets{.group = "g"}).events.empty());
  world.apply(leaving("b", 2));
  world.wall_ms += 59'000;
  CHECK(world.apply(ExpireOffsets{.group = "g"}).events.empty());
}

TEST_CASE("A retention below the least is refused; 0 takes it off again") {
  Retained world;
  world.refuse(ConfigureGroup{.group = "g", .offset_retention_ms = 999},
               ErrorCode::kInvalidTimeout);
  world.apply(ConfigureGroup{.group = "g", .offset_retention_ms = 0});
  CHECK(world.group().offset_retention_ms == 0);
  CHECK(world.group().strategy == "round_robin");  // nothing else changed
}

}  // namespace
}  // namespace muster::domain
