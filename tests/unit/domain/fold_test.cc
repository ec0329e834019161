// total-fold: an event that contradicts the state is an error that names sequence and event, never
// skipped and never half of a story. The journal's checksum does not protect from a fault in the
// code that wrote it.
#include "domain/fold.h"

#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

/// Topic "t" (id 1, 2 partitions); "a" (seat 2, incarnation 11) owns 0 under token 4 and gives
/// back 1 (token 4) to "b" (seat 5, incarnation 12), under plan 2 of group "g".
struct Before : World {
  Before() {
    apply(CreateTopic{.name = "t", .partition_count = 2});
    join("a", 11);
    plan();
    join("b", 12);
    plan();
  }
};

constexpr SeatId kA = 2;
constexpr SeatId kB = 5;
constexpr FencingToken kToken = 4;

MemberPartitions of(SeatId seat, std::string member_id, Incarnation incarnation, TopicId topic,
                    PartitionIndex partition) {
  return {.seat = seat,
          .member_id = std::move(member_id),
          .incarnation = incarnation,
          .topics = {{.topic = topic, .partitions = {partition}}}};
}

PlanMade plan_of(std::vector<PlannedTopic> planned, std::vector<MemberPartitions> targets,
                 std::vector<PartitionList> unassigned = {},
                 std::vector<MemberPartitions> revoking = {}) {
  return {.group = "g",
          .generation = 3,
          .strategy = "round_robin",
          .planned = std::move(planned),
          .targets = std::move(targets),
          .unassigned = std::move(unassigned),
          .revoking = std::move(revoking)};
}

OffsetsCommitted commit_of(OffsetValue value) {
  return {.group = "g", .offsets = {std::move(value)}};
}

const std::vector<std::pair<const char*, EventBody>>& contradictions() {
  static const std::vector<std::pair<const char*, EventBody>> table{
      {"topic exists", TopicCreated{.name = "t", .partition_count = 1}},
      {"topic of no partitions", TopicCreated{.name = "u", .partition_count = 0}},
      {"expands nothing", TopicExpanded{.topic = 99, .partition_count = 9}},
      {"shrinks", TopicExpanded{.topic = 1, .partition_count = 2}},
      {"deletes nothing", TopicDeleted{.topic = 99, .name = "t"}},
      {"deletes under another name", TopicDeleted{.topic = 1, .name = "u"}},
      {"drops for no group", GroupTopicDropped{.group = "x", .topic = 1, .held = {}, .former = {}}},
      {"drops what is unknown",
       GroupTopicDropped{.group = "g", .topic = 99, .held = {}, .former = {}}},
      {"seat taken",
       MemberJoined{.group = "g", .member_id = "a", .incarnation = 1, .settings = {}}},
      {"replaces in no group", MemberReplaced{.group = "x", .seat = kA, .member_id = "a"}},
      {"replaces no seat", MemberReplaced{.group = "g", .seat = 99, .member_id = "a"}},
      {"replaces another incarnation",
       MemberReplaced{.group = "g", .seat = kA, .member_id = "a", .former_incarnation = 99}},
      {"replaces under another name",
       MemberReplaced{.group = "g", .seat = kA, .member_id = "b", .former_incarnation = 11}},
      {"subscribes in no group", MemberSubscribed{.group = "x", .seat = kA, .member_id = "a"}},
      {"subscribes no seat", MemberSubscribed{.group = "g", .seat = 99, .member_id = "a"}},
      {"subscribes another", MemberSubscribed{.group = "g", .seat = kA, .member_id = "b"}},
      {"leaves no group", MemberLeft{.group = "x", .seat = kA, .member_id = "a"}},
      {"leaves no seat", MemberLeft{.group = "g", .seat = 99, .member_id = "a"}},
      {"leaves under another name", MemberLeft{.group = "g", .seat = kA, .member_id = "b"}},
      {"expires no group", MemberExpired{.group = "x", .seat = kA, .member_id = "a"}},
      {"expires no seat", MemberExpired{.group = "g", .seat = 99, .member_id = "a"}},
      {"expires under another name", MemberExpired{.group = "g", .seat = kA, .member_id = "b"}},
      {"plans for no group", PlanMade{.group = "x", .generation = 1}},
      {"plan of an old generation", PlanMade{.group = "g", .generation = 2}},
      {"plans an unknown topic", plan_of({{99, 1}}, {})},
      {"plans another size", plan_of({{1, 3}}, {})},
      {"target without seat", plan_of({{1, 2}}, {of(99, "c", 1, 1, 0)})},
      {"target in an unknown topic", plan_of({{1, 2}}, {of(kA, "a", 11, 99, 0)})},
      {"target below 0", plan_of({{1, 2}}, {of(kA, "a", 11, 1, -1)})},
      {"target beyond the topic", plan_of({{1, 2}}, {of(kA, "a", 11, 1, 2'000'000'000)})},
      {"unassigns beyond the topic", plan_of({{1, 2}}, {}, {{.topic = 1, .partitions = {2}}})},
      {"asks back from another", plan_of({{1, 2}}, {}, {}, {of(kB, "b", 12, 1, 0)})},
      {"asks back twice", plan_of({{1, 2}}, {}, {}, {of(kA, "a", 11, 1, 1)})},
      {"asks back what is unknown", plan_of({{1, 2}}, {}, {}, {of(kA, "a", 11, 1, 7)})},
      {"asks back below 0", plan_of({{1, 2}}, {}, {}, {of(kA, "a", 11, 1, -1)})},
      {"grants in no group", PartitionsGranted{.group = "x", .grants = {of(kA, "a", 11, 1, 0)}}},
      {"grants to no seat", PartitionsGranted{.group = "g", .grants = {of(99, "c", 11, 1, 0)}}},
      {"grants below 0", PartitionsGranted{.group = "g", .grants = {of(kA, "a", 11, 1, -1)}}},
      {"grants in an unknown topic",
       PartitionsGranted{.group = "g", .grants = {of(kA, "a", 11, 99, 0)}}},
      {"two owners", PartitionsGranted{.group = "g", .grants = {of(kB, "b", 12, 1, 1)}}},
      {"releases in no group",
       PartitionsReleased{.group = "x", .seat = kA, .member_id = "a", .incarnation = 11}},
      {"releases for no seat",
       PartitionsReleased{.group = "g", .seat = 99, .member_id = "a", .incarnation = 11}},
      {"releases for another incarnation",
       PartitionsReleased{.group = "g", .seat = kA, .member_id = "a", .incarnation = 12}},
      {"releases another's", PartitionsReleased{.group = "g",
                                                .seat = kB,
                                                .member_id = "b",
                                                .incarnation = 12,
                                                .tokens = {{.at = {1, 0}, .fence = kToken}}}},
      {"releases under another token", PartitionsReleased{.group = "g",
                                                          .seat = kA,
                                                          .member_id = "a",
                                                          .incarnation = 11,
                                                          .tokens = {{.at = {1, 0}, .fence = 3}}}},
      {"fences what is unknown", PartitionsFenced{.group = "g",
                                                  .seat = kA,
                                                  .member_id = "a",
                                                  .incarnation = 11,
                                                  .tokens = {{.at = {1, 9}, .fence = kToken}}}},
      {"commits below 0", commit_of({.at = {1, 0}, .offset = -1, .fence = kToken})},
      {"commits in an unknown topic", commit_of({.at = {99, 0}, .offset = 1})},
      {"commits beyond the topic", commit_of({.at = {1, 2'000'000'000}, .offset = 1})},
      {"commits under another token", commit_of({.at = {1, 0}, .offset = 1, .fence = 3})},
      {"commits without the token", commit_of({.at = {1, 0}, .offset = 1, .fence = 0})},
      {"resets below nothing",
       OffsetsReset{.group = "g", .offsets = {{.at = {1, 0}, .offset = -2, .fence = kToken}}}},
      {"resets what is owned",
       OffsetsReset{.group = "g", .offsets = {{.at = {1, 0}, .offset = 1}}}},
      {"completes no reset", OffsetsReset{.group = "g", .begun = 3}},
      {"resets in no group",
       OffsetsResetBegun{.group = "x", .offsets = {{.at = {1, 0}, .offset = 1}}}},
      {"resets beyond the topic",
       OffsetsResetBegun{.group = "g", .offsets = {{.at = {1, 2}, .offset = 1}}}},
      {"deletes offsets in no group", OffsetsDeleted{.group = "x"}},
      {"deletes the offset of what is owned",
       OffsetsDeleted{.group = "g", .former = {{.at = {1, 0}, .offset = -1}}}},
      {"expires offsets of members", OffsetsExpired{.group = "g"}},
      {"matches in no group", TopicsMatched{.group = "x", .matches = {}}},
      {"matches for nobody",
       TopicsMatched{.group = "g", .matches = {{.pattern = ".*", .topics = {1}}}}},
      {"requests in no group", PlanRequested{.group = "x", .seat = kA, .member_id = "a"}},
      {"requests of no seat", PlanRequested{.group = "g", .seat = 99, .member_id = "a"}},
      {"unknown strategy", GroupConfigured{.group = "g", .strategy = "best"}},
      {"freezes no group", GroupFrozen{.group = "x", .frozen = true}},
      {"drains in no group", MemberDrained{.group = "x", .member_id = "a", .draining = true}},
      {"undrains who does not drain", MemberDrained{.group = "g", .member_id = "a"}},
      {"pins in no group", PartitionPinned{.group = "x", .at = {1, 0}, .member_id = "a"}},
      {"pins beyond the topic", PartitionPinned{.group = "g", .at = {1, 2}, .member_id = "a"}},
      {"unpins what is not pinned", PartitionPinned{.group = "g", .at = {1, 0}}},
      {"deletes no group", GroupDeleted{.group = "x", .former = {}}},
      {"deletes a group with members", GroupDeleted{.group = "g", .former = {}}},
  };
  return table;
}

TEST_CASE("total-fold: each contradiction is an error that names its sequence and event") {
  for (const auto& [what, body] : contradictions()) {
    INFO(what);
    Before world;
    REQUIRE(world.token(0) == kToken);
    State state = world.replay();
    const Sequence next = state.sequence + 1;
    const auto folded = fold(state, next, Event{.time_ms = 1, .cause = {}, .body = body});
    REQUIRE_FALSE(folded.has_value());
    CHECK(folded.error().sequence == next);
    CHECK(folded.error().event == event_name(body));
    CHECK(folded.error().message.size() > 10);
  }
}

/// Folds what must be right, and then what must not.
void require_contradiction(World& world, const std::vector<EventBody>& before,
                           const EventBody& wrong) {
  State state = world.replay();
  const auto next = [&](const EventBody& body) {
    return fold(state, state.sequence + 1, Event{.time_ms = 1, .cause = {}, .body = body});
  };
  for (const EventBody& body : before) REQUIRE(next(body).has_value());
  CHECK_FALSE(next(wrong).has_value());
}

TEST_CASE(
    "total-fold: a grant needs the plan's target, a higher token and the seated incarnation") {
  Before world;
  const PartitionsReleased released{.group = "g",
                                    .seat = kA,
                                    .member_id = "a",
                                    .incarnation = 11,
                                    .tokens = {{.at = {1, 1}, .fence = kToken}}};
  const auto granted = [](SeatId seat, const char* member_id, Incarnation incarnation,
                          FencingToken base = 0) {
    return PartitionsGranted{
        .group = "g", .fence_base = base, .grants = {of(seat, member_id, incarnation, 1, 1)}};
  };
  require_contradiction(world, {released}, granted(kA, "a", 11));
  require_contradiction(world, {released}, granted(kB, "b", 99));
  require_contradiction(world, {released}, granted(kB, "b", 12, std::uint64_t(0) - 6));
  require_contradiction(world, {released, granted(kB, "b", 12)}, granted(kB, "b", 12));
  require_contradiction(world, {released}, released);
}

TEST_CASE("total-fold: sequences have no gap and don't repeat") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  for (const Sequence wrong : {Sequence{0}, Sequence{1}, Sequence{3}}) {
    State state = world.replay();
    const auto folded = fold(
        state, wrong,
        Event{.time_ms = 0, .cause = {}, .body = TopicCreated{.name = "u", .partition_count = 1}});
    REQUIRE_FALSE(folded.has_value());
    CHECK(folded.error().sequence == wrong);
    CHECK(folded.error().message.find("2 was expected") != std::string::npos);
  }
}

TEST_CASE("outcomes-not-intents: wall time and cause decide nothing in the fold") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  State early = world.replay();
  State late = world.replay();
  const EventBody body =
      MemberJoined{.group = "g", .member_id = "a", .incarnation = 1, .settings = {}};
  REQUIRE(fold(early, 2, Event{.time_ms = -1, .cause = {}, .body = body}).has_value());
  REQUIRE(fold(late, 2,
               Event{.time_ms = std::numeric_limits<std::int64_t>::max(),
                     .cause = {.kind = CauseKind::kOperator, .who = "x", .from = "y"},
                     .body = body})
              .has_value());
  CHECK(describe(early) == describe(late));
}

}  // namespace
}  // namespace muster::domain
