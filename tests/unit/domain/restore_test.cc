// The fold of a restore: every seat and token ends, offsets and settings stay.
#include "domain/digest.h"
#include "domain/fold.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

Event restored(const State& state, std::uint32_t quiet_time_ms = 30'000) {
  return {.time_ms = 1,
          .cause = {},
          .body = JournalRestored{.former_journal_id = "former",
                                  .former_last_sequence = state.sequence,
                                  .fence_base = state.fence_base,
                                  .quiet_time_ms = quiet_time_ms}};
}

/// Two members with a partition each, one of which has an offset; as replay gives it, to be
/// changed.
State working_group() {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.join("b", 2);
  world.plan();
  world.apply(committing(
      {{.topic = "t", .partition = 0, .offset = 7, .fence = world.token(0), .metadata = "m"}}));
  return world.replay();
}

}  // namespace

TEST_CASE("a restore ends every seat and token, and keeps topics, offsets and generations") {
  State state = working_group();
  const Generation generation = state.group("g")->generation;
  const FencingToken token = state.group("g")->partition({1, 0})->fence;
  REQUIRE(fold(state, state.sequence + 1, restored(state)).has_value());
  const Group& group = *state.group("g");
  CHECK(group.members.empty());
  CHECK(group.seats.empty());
  CHECK(group.owned_count == 0);
  CHECK(group.subscriptions.empty());
  CHECK(state.member_count == 0);
  CHECK(group.generation == generation);
  const PartitionState& partition = *group.partition({1, 0});
  CHECK(partition.phase == Phase::kFree);
  CHECK(partition.ended_fence == token);
  CHECK(partition.ended_how == TokenEnd::kRestored);
  CHECK(partition.committed == 7);
  CHECK(partition.ended_offset == 7);
}

TEST_CASE("in the quiet time a plan is outdated but not needed; when it has ended it is needed") {
  State state = working_group();
  REQUIRE(fold(state, state.sequence + 1, restored(state)).has_value());
  CHECK(plan_is_outdated(state, *state.group("g")));
  CHECK_FALSE(needs_plan(state, *state.group("g")));
  const std::uint64_t digest = state.digest;
  REQUIRE(fold(state, state.sequence + 1, {.body = QuietTimeEnded{}}).has_value());
  CHECK(state.digest == digest - hash_of_quiet_time(30'000));
  CHECK(needs_plan(state, *state.group("g")));
}

TEST_CASE("a restore of another journal, or an end of no quiet time, contradicts the state") {
  State state = working_group();
  CHECK_FALSE(fold(state, state.sequence + 1, {.body = QuietTimeEnded{}}).has_value());
  Event other = restored(state);
  std::get<JournalRestored>(other.body).former_last_sequence = 3;
  CHECK_FALSE(fold(state, state.sequence + 1, other).has_value());
  other = restored(state);
  std::get<JournalRestored>(other.body).fence_base = 1;
  CHECK_FALSE(fold(state, state.sequence + 1, other).has_value());
}

}  // namespace muster::domain
