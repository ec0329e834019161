// Commits: atomic, fenced, rising under one token, and the administrator's.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Outcomes = decltype(Decision::commits);

/// "a" owns all three partitions.
struct Owned : World {
  Owned() {
    apply(CreateTopic{.name = "t", .partition_count = 3});
    join("a", 1);
    plan();
  }
  CommitItem item(PartitionIndex partition, std::int64_t offset) const {
    return {.topic = "t", .partition = partition, .offset = offset, .fence = token(partition)};
  }
};

TEST_CASE("A commit keeps offset, metadata, time and token") {
  Owned world;
  CommitItem item = world.item(1, 100);
  item.metadata = "processed";
  const Decision committed = world.apply(committing({item}));
  CHECK(committed.commits == Outcomes{CommitOutcome::kApplied});
  CHECK(world.at(1).committed == 100);
  CHECK(world.at(1).metadata_view() == "processed");
  CHECK(world.at(1).commit_time_ms == world.wall_ms);
  CHECK(world.at(1).committed_fence == world.token(1));
  world.apply(committing({world.item(1, 101)}));
  CHECK(world.at(1).metadata_view().empty());
}

TEST_CASE("A batched commit is atomic: one refused item refuses all") {
  Owned world;
  CommitItem wrong = world.item(2, 5);
  wrong.fence += 1;
  world.refuse(committing({world.item(0, 5), world.item(1, 5), wrong}), ErrorCode::kFenced);
  CHECK_FALSE(world.at(0).has_commit());
  const Decision all =
      world.apply(committing({world.item(0, 5), world.item(1, 6), world.item(2, 7)}));
  CHECK(names(all) == Names{"OffsetsCommitted"});  // one event
}

TEST_CASE("A commit names partitions of several topics, in any order") {
  Owned world;
  world.apply(CreateTopic{.name = "u", .partition_count = 2});
  const CommitItem other{.topic = "u", .partition = 1, .offset = 8};
  CommitItem first_of_other = other;
  first_of_other.partition = 0;
  first_of_other.offset = 9;
  const Decision committed =
      world.apply(committing({world.item(1, 5), other, world.item(0, 6), first_of_other}));
  CHECK(committed.commits == Outcomes(4, CommitOutcome::kApplied));
  CHECK(world.at(0).committed == 6);
  CHECK(world.at(1).committed == 5);
  const TopicId u = world.state().topic("u")->id;
  CHECK(world.group().partition({.topic = u, .partition = 0})->committed == 9);
  CHECK(world.group().partition({.topic = u, .partition = 1})->committed == 8);
  world.refuse(committing({other, world.item(1, 7), other}), ErrorCode::kMalformedRequest);
  world.refuse(committing({world.item(1, 7), other, world.item(1, 8)}),
               ErrorCode::kMalformedRequest);
}

TEST_CASE("Under one token offsets only rise: a lower one is superseded, success without effect") {
  Owned world;
  world.apply(committing({world.item(0, 10), world.item(1, 10)}));
  const Decision late = world.apply(committing({world.item(0, 9), world.item(1, 11)}));
  CHECK(late.commits == Outcomes{CommitOutcome::kSuperseded, CommitOutcome::kApplied});
  CHECK(std::get<OffsetsCommitted>(late.events[0]).offsets.size() == 1);
  CHECK(world.at(0).committed == 10);
  CHECK(world.at(1).committed == 11);
  const Decision all_late = world.apply(committing({world.item(0, 1)}));
  CHECK(all_late.events.empty());
}

TEST_CASE("A commit retried is applied alike") {
  Owned world;
  world.apply(committing({world.item(0, 10)}));
  CHECK(world.apply(committing({world.item(0, 10)})).commits == Outcomes{CommitOutcome::kApplied});
  CHECK(world.at(0).committed == 10);
}

TEST_CASE("A new token may commit lower than the one before: rewinding is its owner's right") {
  Owned world;
  world.apply(committing({world.item(0, 10)}));
  JoinGroup other = joining("a", 2);
  other.takeover = true;
  world.apply(other);
  CHECK(world.apply(committing({world.item(0, 4)})).commits == Outcomes{CommitOutcome::kApplied});
  CHECK(world.at(0).committed == 4);
}

TEST_CASE("A last commit on release obeys the same rule") {
  Owned world;
  world.apply(committing({world.item(0, 10)}));
  const Decision released = world.apply(releasing(
      "a", 1,
      {{.topic = "t", .partition = 0, .fence = world.token(0), .commits = true, .offset = 3}}));
  CHECK(released.releases[0].commit == CommitOutcome::kSuperseded);
  CHECK(released.releases[0].released);
  CHECK(world.at(0).committed == 10);
  CHECK(world.at(0).ended_offset == 10);
}

TEST_CASE("Of a batched release one commit may be refused while the others are applied") {
  Owned world;
  const auto release = [&](PartitionIndex partition, std::int64_t offset) {
    return ReleaseItem{.topic = "t",
                       .partition = partition,
                       .fence = world.token(partition),
                       .commits = true,
                       .offset = offset};
  };
  ReleaseItem fat = release(1, 5);
  fat.metadata.assign(world.limits.commit_metadata_bytes_max + 1, 'm');
  const Decision released = world.apply(releasing("a", 1, {release(0, 5), fat}));
  CHECK(released.releases[0].commit == CommitOutcome::kApplied);
  CHECK(released.releases[1].commit == CommitOutcome::kRefused);
  CHECK(released.releases[1].commit_error->code == ErrorCode::kMetadataTooLarge);
  CHECK(world.at(0).committed == 5);
  CHECK_FALSE(world.at(1).has_commit());
}

TEST_CASE("fenced-commit: a token that ended changes nothing, whoever has the partition now") {
  Owned world;
  const CommitItem zombie = world.item(0, 99);
  world.apply(leaving("a", 1));
  const Rejection free = world.refuse(committing({zombie}), ErrorCode::kFenced);
  CHECK(free.current_fence == 0);
  CHECK(free.message.find("nobody owns the partition now") != std::string::npos);
  world.plan();
  world.join("b", 2);
  world.plan();
  CHECK(world.refuse(committing({zombie}), ErrorCode::kFenced).current_fence == world.token(0));
}

TEST_CASE("fenced-commit: a token of a group or topic that is gone is refused") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.refuse(committing({{.topic = "t", .partition = 0, .offset = 1, .fence = 12}}),
               ErrorCode::kFenced);  // there is no group
  world.join("a", 1);
  world.plan();
  const CommitItem old{.topic = "t", .partition = 0, .offset = 1, .fence = world.token(0)};
  world.apply(DeleteTopic{.name = "t"});
  world.refuse(committing({old}), ErrorCode::kUnknownResource);
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.refuse(committing({old}), ErrorCode::kFenced);
  world.settle();
  CHECK(world.token(0) > old.fence);  // fence-rises
  world.refuse(committing({old}), ErrorCode::kFenced);
}

TEST_CASE("An administrator commits where nobody owns, in either direction") {
  Owned world;
  const CommitItem admin{.topic = "t", .partition = 0, .offset = 50};
  const Rejection owned = world.refuse(committing({admin}), ErrorCode::kPartitionOwned);
  CHECK(owned.message.find("'a'") != std::string::npos);
  CHECK(owned.message.find("Stop the member") != std::string::npos);
  world.apply(leaving("a", 1));
  world.apply(committing({admin}));
  CHECK(world.at(0).committed == 50);
  CHECK(world.at(0).committed_fence == 0);
  world.apply(committing({{.topic = "t", .partition = 0, .offset = 2}}));
  CHECK(world.at(0).committed == 2);
}

TEST_CASE("An administrator can't commit while the partition is being revoked") {
  Owned world;
  world.join("b", 2);
  world.plan();
  REQUIRE(world.at(1).phase == Phase::kRevoking);
  world.refuse(committing({{.topic = "t", .partition = 1, .offset = 50}}),
               ErrorCode::kPartitionOwned);
}

TEST_CASE("An administrator's first commit creates the group") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.apply(committing({{.topic = "t", .partition = 0, .offset = 8}}));
  CHECK(world.phase() == GroupPhase::kEmpty);
  CHECK(world.group().id == world.state().sequence);
  world.join("a", 1);
  world.plan();
  CHECK(world.at(0).committed == 8);
  CHECK(world.owner(0) == "a");
}

TEST_CASE("Extreme offsets and metadata go through") {
  Owned world;
  CommitItem item = world.item(0, std::numeric_limits<std::int64_t>::max());
  item.metadata.assign(world.limits.commit_metadata_bytes_max, '\0');
  world.apply(committing({item}));
  CHECK(world.at(0).committed == std::numeric_limits<std::int64_t>::max());
  CHECK(world.at(0).metadata_view() == item.metadata);
}

}  // namespace
}  // namespace muster::domain
