// Offsets that the coordinator itself brings to an end: live resets and retention; and ends that
// clients report.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

wire::ResetOffsetsT resetting(std::vector<std::pair<PartitionIndex, std::int64_t>> offsets) {
  wire::ResetOffsetsT reset;
  reset.group = "g";
  reset.live = true;
  auto& topic = *reset.topics.emplace_back(std::make_unique<wire::ResetTopicT>());
  topic.topic = "t";
  for (const auto& [partition, offset] : offsets) {
    auto& one = *topic.offsets.emplace_back(std::make_unique<wire::ResetOffsetT>());
    one.partition = partition;
    one.offset = offset;
  }
  return reset;
}

/// "a" owns partitions 0 and 1 of "t".
struct Owner {
  World world;
  WireClient client{world};
  Owner() {
    client.ask<wire::TopicReplyT>(create_topic(2));
    client.ask<wire::JoinReplyT>(joining("a", 1));
    world.turn();
    (void)client.all_pushes();
  }
  wire::GroupReplyT describe() {
    wire::DescribeGroupT describe;
    describe.group = "g";
    return client.ask<wire::GroupReplyT>(describe);
  }
};

TEST_CASE("A live reset tells the owner why, and grants again with the new offsets in one unit") {
  Owner owner;
  const auto reply = owner.client.ask<wire::OffsetsChangedReplyT>(resetting({{0, 7}, {1, 8}}));
  CHECK(reply.pending);
  CHECK(reply.changed == 2);
  CHECK(owner.describe().reset_sequence == reply.sequence);
  CHECK(owner.describe().resetting == 2);
  const auto revokes = owner.client.pushes<wire::RevokeT>();
  REQUIRE(revokes.size() == 1);
  CHECK(revokes[0].reason == wire::RevokeReason::reset);
  owner.client.ask<wire::ReleaseReplyT>(releasing("a", 1, 0, owner.world.token(0)));
  CHECK(owner.client.pushes<wire::AssignedT>().empty());
  owner.client.ask<wire::ReleaseReplyT>(releasing("a", 1, 1, owner.world.token(1)));
  const auto assigned = owner.client.pushes<wire::AssignedT>();
  REQUIRE(assigned.size() == 1);
  REQUIRE(assigned[0].granted.size() == 1);
  const auto& granted = assigned[0].granted[0]->partitions;
  REQUIRE(granted.size() == 2);
  CHECK(granted[0].committed() == 7);
  CHECK(granted[1].committed() == 8);
  CHECK(owner.describe().reset_sequence == 0);
}

TEST_CASE("A revocation by a plan says so") {
  Owner owner;
  WireClient other(owner.world);
  other.ask<wire::JoinReplyT>(joining("b", 2));
  owner.world.turn();
  const auto revokes = owner.client.pushes<wire::RevokeT>();
  REQUIRE(revokes.size() == 1);
  CHECK(revokes[0].reason == wire::RevokeReason::plan);
}

TEST_CASE("A live reset goes on after a crash, and ends when its owner is fenced") {
  Owner owner;
  owner.client.ask<wire::OffsetsChangedReplyT>(resetting({{0, 7}}));
  owner.world.restart();
  WireClient again(owner.world);
  again.ask<wire::JoinReplyT>(resuming("a", 1));
  CHECK(owner.world.group().reset.has_value());
  const FencingToken old = owner.world.token(0);
  for (int i = 0; i < 70; ++i) {
    again.send(heartbeat("a", 1));
    owner.world.pass(1'000);
  }
  CHECK_FALSE(owner.world.group().reset.has_value());
  CHECK(owner.world.at(0).committed == 7);
  CHECK(owner.world.owner(0) == "a");
  CHECK(owner.world.token(0) > old);
}

TEST_CASE("A live reset whose last partition was free when the daemon died is done at the start") {
  Owner owner;
  owner.client.ask<wire::OffsetsChangedReplyT>(resetting({{0, 7}}));
  // The release is durable, and the turn that would have ended the reset never came to its end.
  owner.client.send(releasing("a", 1, 0, owner.world.token(0)));
  owner.world.journal.flush();
  owner.world.sync();
  REQUIRE(owner.world.at(0).phase == domain::Phase::kFree);
  owner.world.restart();
  REQUIRE(owner.world.group().reset.has_value());
  owner.world.turn();
  CHECK(owner.world.at(0).committed == 7);
  CHECK(owner.world.owner(0) == "a");
}

TEST_CASE("A live reset waits for room on the disk") {
  Owner owner;
  owner.client.ask<wire::OffsetsChangedReplyT>(resetting({{0, 7}}));
  owner.world.journal.set_storage_full(true);
  owner.client.ask<wire::ReleaseReplyT>(releasing("a", 1, 0, owner.world.token(0)));
  CHECK(owner.world.group().reset.has_value());
  owner.world.journal.set_storage_full(false);
  owner.world.turn();
  CHECK(owner.world.at(0).committed == 7);
  CHECK(owner.world.owner(0) == "a");
}

// ---- retention ----------------------------------------------------------------------------------

constexpr std::int64_t kHourMs = 3'600'000;

/// The group is empty, has 5 committed of partition 0, and keeps it for an hour.
struct Retained : Owner {
  Retained() {
    client.ask<wire::CommitReplyT>(committing(0, 5, world.token(0)));
    wire::ConfigureGroupT configure;
    configure.group = "g";
    configure.offset_retention_ms = kHourMs;
    client.ask<wire::DoneT>(configure);
    client.ask<wire::DoneT>(leaving("a", 1));
  }
  bool kept() const { return world.at(0).has_commit(); }
};

TEST_CASE("Offsets of an empty group expire after its retention, and not before") {
  Retained retained;
  retained.world.pass(kHourMs - 2'000);
  CHECK(retained.kept());
  retained.world.pass(4'000);
  CHECK_FALSE(retained.kept());
}

TEST_CASE("patient-coordinator: a wall clock that jumps expires nothing for ten minutes") {
  Retained retained;
  retained.world.pass(1'000);
  retained.world.clock.step_wall(1'000 * kHourMs);
  retained.world.pass(590'000);
  CHECK(retained.kept());
  retained.world.pass(20'000);
  CHECK_FALSE(retained.kept());
}

TEST_CASE("patient-coordinator: a daemon that was down for long expires nothing for ten minutes") {
  Retained retained;
  retained.world.restart(100 * kHourMs);
  retained.world.pass(590'000);
  CHECK(retained.kept());
  retained.world.pass(20'000);
  CHECK_FALSE(retained.kept());
}

TEST_CASE("A retention that is taken off in time keeps what there is") {
  Retained retained;
  retained.world.restart(100 * kHourMs);
  WireClient client(retained.world);
  wire::ConfigureGroupT configure;
  configure.group = "g";
  configure.offset_retention_ms = 0;
  client.ask<wire::DoneT>(configure);
  retained.world.pass(1'000'000);
  CHECK(retained.kept());
}

TEST_CASE("A commit into the empty group keeps its offset for another retention") {
  Retained retained;
  retained.world.pass(kHourMs / 2);
  retained.client.ask<wire::CommitReplyT>(committing(1, 9, 0));
  retained.world.pass(kHourMs / 2 + 2'000);
  CHECK_FALSE(retained.kept());
  CHECK(retained.world.at(1).has_commit());
  retained.world.pass(kHourMs / 2);
  CHECK_FALSE(retained.world.at(1).has_commit());
}

TEST_CASE("A commit into an empty group that has nothing any more expires in its turn") {
  Retained retained;
  retained.world.pass(kHourMs + 2'000);
  REQUIRE_FALSE(retained.kept());
  retained.world.pass(kHourMs);
  retained.client.ask<wire::CommitReplyT>(committing(0, 9, 0));
  retained.world.pass(kHourMs - 2'000);
  CHECK(retained.kept());
  retained.world.pass(4'000);
  CHECK_FALSE(retained.kept());
}

TEST_CASE("Another retention counts from when the group was emptied") {
  for (const std::int64_t retention_ms : {kHourMs / 4, kHourMs * 2}) {
    CAPTURE(retention_ms);
    Retained retained;
    retained.world.pass(kHourMs / 2);
    wire::ConfigureGroupT configure;
    configure.group = "g";
    configure.offset_retention_ms = retention_ms;
    retained.client.ask<wire::DoneT>(configure);
    retained.world.pass(kHourMs);
    CHECK(retained.kept() == (retention_ms > kHourMs));
    retained.world.pass(kHourMs);
    CHECK_FALSE(retained.kept());
  }
}

// ---- ends ---------------------------------------------------------------------------------------

wire::ReportEndsT reporting(PartitionIndex partition, std::int64_t start, std::int64_t end) {
  wire::ReportEndsT report;
  auto& item = *report.items.emplace_back(std::make_unique<wire::EndReportT>());
  item.topic = "t";
  item.partition = partition;
  item.start = start;
  item.end = end;
  return report;
}

TEST_CASE("Ends are reported alone or with a commit; what is left out stays as it was") {
  Owner owner;
  owner.client.ask<wire::DoneT>(reporting(0, 3, 20));
  owner.client.ask<wire::DoneT>(reporting(0, -1, 25));
  wire::CommitT commit = committing(1, 5, owner.world.token(1));
  commit.items[0]->end = 9;
  commit.items[0]->start = 2;
  owner.client.ask<wire::CommitReplyT>(commit);
  const auto listed = owner.client.ask<wire::PartitionsReplyT>(listing_partitions());
  CHECK(listed.partitions[0]->start == 3);
  CHECK(listed.partitions[0]->end == 25);
  CHECK(listed.partitions[1]->start == 2);
  CHECK(listed.partitions[1]->end == 9);
  wire::FetchOffsetsT fetch = fetching();
  fetch.partitions.push_back(std::make_unique<wire::PartitionNameT>());
  fetch.partitions.back()->topic = "t";
  const auto fetched = owner.client.ask<wire::OffsetsReplyT>(fetch);
  CHECK(fetched.offsets[0]->end == 25);
  CHECK(fetched.offsets[0]->start == 3);
}

wire::CommitT by_topic(std::vector<wire::PlainOffset> offsets) {
  wire::CommitT commit;
  commit.group = "g";
  auto& topic = *commit.topics.emplace_back(std::make_unique<wire::TopicOffsetsT>());
  topic.topic = "t";
  topic.offsets = std::move(offsets);
  return commit;
}

TEST_CASE(
    "Offsets by topic are committed after the items, with their ends, and answered in order") {
  Owner owner;
  const FencingToken token = owner.world.token(0);
  owner.client.ask<wire::CommitReplyT>(by_topic({wire::PlainOffset(7, token, /*end=*/9, 0)}));
  wire::CommitT both = by_topic({wire::PlainOffset(3, token, -1, 0)});
  both.items = std::move(committing(1, 5, token).items);
  both.items[0]->metadata = "m";
  const auto reply = owner.client.ask<wire::CommitReplyT>(both);
  CHECK(reply.outcomes ==
        std::vector{wire::CommitOutcome::applied, wire::CommitOutcome::superseded});
  const auto listed = owner.client.ask<wire::PartitionsReplyT>(listing_partitions());
  CHECK(listed.partitions[0]->committed == 7);
  CHECK(listed.partitions[0]->end == 9);
  CHECK(listed.partitions[1]->committed == 5);
  CHECK(listed.partitions[1]->metadata == "m");
}

TEST_CASE("A commit by topic is refused whole, as one of items is") {
  Owner owner;
  const FencingToken token = owner.world.token(0);
  const auto code = [&](const wire::CommitT& commit) { return owner.client.refused(commit).code; };
  CHECK(code(by_topic({wire::PlainOffset(7, token, -1, 0),
                       wire::PlainOffset(7, token + 1, -1, 1)})) == ErrorCode::kFenced);
  CHECK(code(by_topic({wire::PlainOffset(7, token, -1, 0), wire::PlainOffset(7, token, -1, 2)})) ==
        ErrorCode::kUnknownResource);
  CHECK(code(by_topic({wire::PlainOffset(7, token, -2, 0)})) == ErrorCode::kInvalidOffset);
  CHECK(code(by_topic({wire::PlainOffset(-1, token, -1, 0)})) == ErrorCode::kInvalidOffset);
  CHECK(code(by_topic({})) == ErrorCode::kMalformedRequest);
  wire::CommitT twice = by_topic({wire::PlainOffset(7, token, -1, 0)});
  twice.items = std::move(committing(0, 5, token).items);
  CHECK(code(twice) == ErrorCode::kMalformedRequest);
  const auto listed = owner.client.ask<wire::PartitionsReplyT>(listing_partitions());
  CHECK(listed.partitions[0]->committed == -1);
}

TEST_CASE("Wrong ends are refused, all of the report") {
  Owner owner;
  wire::ReportEndsT report = reporting(0, 1, 20);
  report.items.push_back(std::make_unique<wire::EndReportT>());
  report.items.back()->topic = "t";
  report.items.back()->partition = 2;
  CHECK(owner.client.refused(report).code == ErrorCode::kUnknownResource);
  CHECK(owner.client.refused(reporting(0, 21, 20)).code == ErrorCode::kInvalidOffset);
  CHECK(owner.client.refused(reporting(0, -1, -2)).code == ErrorCode::kInvalidOffset);
  CHECK(owner.client.refused(wire::ReportEndsT()).code == ErrorCode::kMalformedRequest);
  const auto listed = owner.client.ask<wire::PartitionsReplyT>(listing_partitions());
  CHECK(listed.partitions[0]->end == -1);
}

}  // namespace
}  // namespace muster::coordinator
