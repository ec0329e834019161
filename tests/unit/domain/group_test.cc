// Groups: their deletion, and how much is remembered of what ended in them.
#include "domain/digest.h"
#include "domain/fold.h"
#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

TEST_CASE("Deleting a group carries its former offsets") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  const FencingToken fence = world.token(1);
  world.apply(
      committing({{.topic = "t", .partition = 1, .offset = 6, .fence = fence, .metadata = "six"}}));
  world.apply(leaving("a", 1));
  const Decision deleted = world.apply(DeleteGroup{.group = "g"});
  const auto& event = std::get<GroupDeleted>(deleted.events[0]);
  REQUIRE(event.former.size() == 1);
  CHECK(event.former[0] == OffsetValue{.at = {.topic = 1, .partition = 1},
                                       .offset = 6,
                                       .fence = fence,
                                       .metadata = "six",
                                       .commit_time_ms = world.wall_ms});
  CHECK(world.state().group("g") == nullptr);
}

TEST_CASE("A group deleted with all that it can hold leaves nothing in the digest") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  const std::uint64_t before = world.state().digest;
  world.join("a", 1);
  world.plan();
  world.apply(committing({{.topic = "t", .partition = 1, .offset = 6, .fence = world.token(1)}}));
  JoinGroup other = joining("a", 2);
  other.takeover = true;
  world.apply(other);
  world.apply(RemoveMember{.group = "g", .member_id = "a"});
  world.apply(DeleteGroup{.group = "g"});
  CHECK(world.state().digest == before);
}

TEST_CASE("fence-rises and incarnations are numbered anew across a group's deletion") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  const FencingToken old = world.token(0);
  const GroupId id = world.group().id;
  world.apply(leaving("a", 1));
  world.apply(DeleteGroup{.group = "g"});
  world.join("a", 1);
  world.plan();
  CHECK(world.token(0) > old);
  CHECK(world.group().id > id);
  world.refuse(committing({{.topic = "t", .partition = 0, .offset = 1, .fence = old}}),
               ErrorCode::kFenced);
}

TEST_CASE("bounded: the oldest of 10,000 member ids with ended incarnations is forgotten") {
  State state;
  const auto next = [&](EventBody body) {
    const auto folded =
        fold(state, state.sequence + 1, Event{.time_ms = 0, .cause = {}, .body = std::move(body)});
    REQUIRE(folded.has_value());
  };
  const auto come_and_go = [&](const std::string& member_id) {
    next(MemberJoined{.group = "g", .member_id = member_id, .incarnation = 7, .settings = {}});
    next(MemberLeft{.group = "g", .seat = state.sequence, .member_id = member_id, .removed = true});
  };
  for (std::size_t i = 0; i < kEndedMemberIdsPerGroup; ++i) come_and_go(std::to_string(i));
  come_and_go("0");  // remembered anew: now the newest
  CHECK(state.group("g")->ended.size() == kEndedMemberIdsPerGroup);
  come_and_go("one more");
  CHECK(state.group("g")->ended.size() == kEndedMemberIdsPerGroup);
  CHECK(state.group("g")->ended_incarnation("1", 7) == TokenEnd::kNone);
  CHECK(state.group("g")->ended_incarnation("0", 7) == TokenEnd::kRemoved);
  CHECK(state.group("g")->ended_incarnation("one more", 7) == TokenEnd::kRemoved);
  CHECK(state.digest == digest_from_scratch(state));
}

TEST_CASE("The digest differs when any field of an entity differs") {
  const Topic topic{.name = "t", .id = 1, .partition_count = 2};
  CHECK(hash_of(topic) != hash_of(Topic{.name = "u", .id = 1, .partition_count = 2}));
  CHECK(hash_of(topic) != hash_of(Topic{.name = "t", .id = 2, .partition_count = 2}));
  CHECK(hash_of(topic) != hash_of(Topic{.name = "t", .id = 1, .partition_count = 3}));
  const TopicPartition at{.topic = 1, .partition = 0};
  const auto differs = [&](auto change) {
    PartitionState base;
    base.committed = 1;
    PartitionState changed;
    changed.committed = 1;
    change(changed);
    return hash_of(1, at, base) != hash_of(1, at, changed);
  };
  CHECK(differs([](PartitionState& p) { p.owner = 9; }));
  CHECK(differs([](PartitionState& p) { p.target = 9; }));
  CHECK(differs([](PartitionState& p) { p.fence = 9; }));
  CHECK(differs([](PartitionState& p) { p.ended_fence = 9; }));
  CHECK(differs([](PartitionState& p) { p.ended_offset = 9; }));
  CHECK(differs([](PartitionState& p) { p.committed = 9; }));
  CHECK(differs([](PartitionState& p) { p.commit_time_ms = 9; }));
  CHECK(differs([](PartitionState& p) { p.committed_fence = 9; }));
  CHECK(differs([](PartitionState& p) { p.metadata = std::make_unique<std::string>("m"); }));
  CHECK(differs([](PartitionState& p) { p.phase = Phase::kRevoking; }));
  CHECK(differs([](PartitionState& p) { p.ended_how = TokenEnd::kFenced; }));
  CHECK(hash_of(1, at, PartitionState{}) == 0);  // room is no state
}

TEST_CASE("Texts that end where the next begins hash differently") {
  CHECK(EntityHash().add("ab").add("c").value() != EntityHash().add("a").add("bc").value());
  CHECK(EntityHash().add("").value() != EntityHash().add(std::string_view("\0", 1)).value());
  CHECK(EntityHash().add("12345678").add("").value() != EntityHash().add("12345678").value());
}

TEST_CASE("A digest is written in 16 digits") {
  CHECK(digest_text(0) == "0000000000000000");
  CHECK(digest_text(0xabc) == "0000000000000abc");
  CHECK(digest_text(~0ULL) == "ffffffffffffffff");
}

}  // namespace
}  // namespace muster::domain
