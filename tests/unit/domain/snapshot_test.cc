// A state, encoded in chunks and decoded: every field is there again, and every derived one.
#include "codec/snapshot.h"

#include <doctest/doctest.h>

#include <functional>
#include <utility>
#include <vector>

#include "domain/digest.h"
#include "domain/fold.h"
#include "domain/largest_topic.h"
#include "domain/rebuild.h"
#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/walk.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

std::vector<std::string> chunks_of(const State& state) {
  std::vector<std::string> chunks;
  const bool whole = codec::encode_snapshot(state, [&](std::string chunk) {
    chunks.push_back(std::move(chunk));
    return true;
  });
  REQUIRE(whole);
  return chunks;
}

std::expected<State, codec::SnapshotError> decoded(const std::vector<std::string>& chunks) {
  codec::SnapshotDecoder decoder;
  for (const std::string& chunk : chunks) {
    if (auto taken = decoder.take(chunk); !taken) return std::unexpected(taken.error());
  }
  return decoder.finish();
}

void require_round_trip(const State& state) {
  const std::vector<std::string> chunks = chunks_of(state);
  auto again = decoded(chunks);
  REQUIRE_MESSAGE(again.has_value(), again.error().message);
  CHECK(again->fence_base == 0);  // the journal's header has it
  again->fence_base = state.fence_base;
  require_sound(*again);
  REQUIRE(describe(*again) == describe(state));
  REQUIRE(chunks_of(*again) == chunks);
}

/// A field that is added to the state has to be added to describe(), to the digest and to
/// schemas/snapshot.fbs, or be derived again by domain/rebuild.cc: these stop compiling then.
[[maybe_unused]] void name_all_fields(const State& state, const Group& group, const Member& member,
                                      const MemberSettings& settings,
                                      const PartitionState& partition, const GrantNote& note,
                                      const PlanRequest& request, const PendingReset& reset) {
  [[maybe_unused]] const auto& [s1, s2, s3, s4, s5, s6, s7, s8, s9] = state;
  [[maybe_unused]] const auto& [g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15,
                                g16, g17, g18, g19, g20, g21, g22, g23, g24, g25, g26, g27, g28,
                                g29, g30] = group;
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = member;
  [[maybe_unused]] const auto& [t1, t2, t3, t4, t5, t6, t7, t8] = settings;
  [[maybe_unused]] const auto& [p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11] = partition;
  [[maybe_unused]] const auto& [n1, n2, n3, n4] = note;
  [[maybe_unused]] const auto& [r1, r2, r3, r4, r5] = request;
  [[maybe_unused]] const auto& [o1, o2, o3] = reset;
}

TEST_CASE("The empty state has a snapshot, too") {
  require_round_trip(State());
  CHECK(chunks_of(State()).size() == 1);
}

TEST_CASE("Snapshots of thousands of random worlds give the same state again") {
  constexpr std::uint64_t kSeeds = 2'000;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    Walk walk(seed);
    for (std::uint64_t i = 0; i < 10 + seed % 60; ++i) walk.step();
    require_round_trip(walk.world().state());
  }
}

TEST_CASE("What follows a snapshot folds as it does without one") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Walk walk(seed);
    for (int i = 0; i < 60; ++i) walk.step();
    auto state = decoded(chunks_of(walk.world().state()));
    REQUIRE(state.has_value());
    state->fence_base = walk.world().state().fence_base;
    for (int i = 0; i < 60; ++i) walk.step();
    walk.world().go_on(*state);
    REQUIRE(describe(*state) == describe(walk.world().state()));
  }
}

void fold_next(State& state, EventBody body) {
  const Event event{.time_ms = 1'700'000'000'000, .cause = {}, .body = std::move(body)};
  const auto folded = fold(state, state.sequence + 1, event);
  REQUIRE_MESSAGE(folded.has_value(), folded.error().message);
}

std::vector<PartitionIndex> from_to(PartitionIndex from, PartitionIndex to) {
  std::vector<PartitionIndex> all;
  for (PartitionIndex i = from; i < to; ++i) all.push_back(i);
  return all;
}

MemberJoined joined(const std::string& member_id, const Subscription& subscription) {
  return {.group = "g",
          .member_id = member_id,
          .incarnation = 7,
          .settings = {.client_id = "client",
                       .host = "10.0.0.1",
                       .subscription = subscription,
                       .session_timeout_ms = 30'000,
                       .disconnect_grace_ms = 10'000,
                       .rebalance_timeout_ms = 60'000,
                       .metadata = std::string("\0zone", 5),
                       .computes_plans = true}};
}

constexpr std::int32_t kMany = 9'000;

/// A group that no chunk has room for, with something in each of its lists. Topic "t" is 1, its
/// members are 2 and 3, the grant is 6.
State large_state() {
  State state;
  state.fence_base = 500;
  fold_next(state, TopicCreated{.name = "t", .partition_count = kMany});
  std::vector<std::string> topics = {"t"};
  for (int i = 0; i < 3'000; ++i)
    topics.push_back("a topic that there is not " + std::to_string(i));
  fold_next(state, joined("a", Subscription(topics, {"t.*"})));
  fold_next(state, joined("b", Subscription({"t"})));
  fold_next(state, TopicsMatched{.group = "g", .matches = {{.pattern = "t.*", .topics = {1}}}});
  const std::vector<MemberPartitions> shares = {
      {.seat = 2, .member_id = "a", .incarnation = 7, .topics = {{1, from_to(0, kMany / 2)}}},
      {.seat = 3, .member_id = "b", .incarnation = 7, .topics = {{1, from_to(kMany / 2, kMany)}}}};
  PlanMade plan{.group = "g", .generation = 1, .strategy = "range", .planned = {{1, kMany}}};
  plan.targets = shares;
  fold_next(state, plan);
  fold_next(state, PartitionsGranted{.group = "g", .fence_base = 500, .grants = shares});
  OffsetsCommitted commit{.group = "g", .offsets = {}};
  for (std::int32_t i = 0; i < kMany; i += 3) {
    commit.offsets.push_back(
        {.at = {1, i}, .offset = i, .fence = 506, .metadata = "at " + std::to_string(i)});
  }
  fold_next(state, commit);
  fold_next(state, MemberDrained{.group = "g", .member_id = "c", .draining = true});
  fold_next(state, PartitionPinned{.group = "g", .at = {1, 5}, .member_id = "a"});
  fold_next(state, MemberReplaced{.group = "g",
                                  .seat = 3,
                                  .member_id = "b",
                                  .former_incarnation = 7,
                                  .incarnation = 8,
                                  .settings = joined("b", Subscription({"t"})).settings});
  MemberPartitions again = shares.back();
  again.incarnation = 8;
  fold_next(state, PartitionsGranted{.group = "g", .fence_base = 500, .grants = {again}});
  fold_next(state,
            PlanRequested{.group = "g", .seat = 2, .member_id = "a", .planned = {{1, kMany}}});
  state.quiet_time_ms = 1'000;
  state.digest += hash_of_quiet_time(1'000);
  return state;
}

TEST_CASE("A group that no chunk has room for is spread over several") {
  const State state = large_state();
  require_round_trip(state);
  const auto chunks = chunks_of(state);
  CHECK(chunks.size() > 3);
  for (const std::string& chunk : chunks) CHECK(chunk.size() < 300'000);
}

TEST_CASE("Members of the same subscription share it after a snapshot, too") {
  State state;
  const Subscription same({"t", "u"});
  fold_next(state, joined("a", same));
  fold_next(state, joined("b", same));
  const auto again = decoded(chunks_of(state));
  REQUIRE(again.has_value());
  const Group& group = *again->group("g");
  CHECK(group.member("a")->settings.subscription.identity() ==
        group.member("b")->settings.subscription.identity());
}

TEST_CASE("Whoever takes the chunks can stop") {
  std::size_t taken = 0;
  CHECK_FALSE(
      codec::encode_snapshot(large_state(), [&](const std::string&) { return ++taken < 2; }));
  CHECK(taken == 2);
}

TEST_CASE("Chunks that are missing, out of order, of another snapshot or damaged are refused") {
  const auto chunks = chunks_of(large_state());
  const auto wrong = [](std::vector<std::string> others) {
    const auto state = decoded(others);
    REQUIRE_FALSE(state.has_value());
    return state.error().message;
  };
  CHECK(wrong({}) == "it has no more than 0 chunks");
  CHECK(wrong({chunks.begin(), chunks.end() - 1}).starts_with("it has no more than"));
  CHECK(wrong({chunks.begin() + 1, chunks.end()}) == "its chunk 0 says that it is chunk 1");
  CHECK(wrong({chunks[0], chunks[0]}) == "its chunk 1 says that it is chunk 0");
  CHECK(wrong({chunks[0], chunks_of(State())[0]}) == "its chunk 1 says that it is chunk 0");
  State later = large_state();
  later.sequence += 1;
  CHECK(wrong({chunks[0], chunks_of(later)[1]}) == "its chunk 1 is of another snapshot");
  auto more = chunks;
  more.push_back(chunks[0]);
  CHECK(wrong(more).find("says that it is chunk 0") != std::string::npos);
  CHECK(wrong({chunks[0].substr(0, chunks[0].size() / 2)}) ==
        "its bytes do not verify against schemas/snapshot.fbs");
}

TEST_CASE("A snapshot that contradicts itself is no state") {
  const auto wrong = [](const std::function<void(State&, Group&)>& break_it) {
    State state = large_state();
    break_it(state, *state.groups.find("g"));
    const auto again = decoded(chunks_of(state));
    REQUIRE_FALSE(again.has_value());
    return again.error().message;
  };
  const auto at = [](Group& group, PartitionIndex index) -> PartitionState& {
    return group.partitions.at(1).at(index);
  };
  using enum TokenEnd;
  CHECK(wrong([](State& s, Group&) { s.topics.at("t").id = 99; }) == "topic 't' has id 99");
  CHECK(wrong([](State& s, Group&) { s.topics.at("t").partition_count = 0; }) ==
        "topic 't' has 0 partitions");
  CHECK(wrong([](State& s, Group&) {
          s.topics.at("t").partition_count = kPartitionsPerTopicMost + 1;
        }) == "topic 't' has 10000001 partitions");
  CHECK(wrong([](State& s, Group&) {
          s.topics["u"] = {.name = "u", .id = 1, .partition_count = 1};
        }) == "topic 'u' has the id of another, 1");
  CHECK(wrong([](State& s, Group&) { s.topics.clear(); }) ==
        "group 'g': partition 5 of topic 1 can't be pinned");
  CHECK(wrong([](State&, Group& g) { g.id = 0; }) == "group 'g': its id 0 is another's or to come");
  CHECK(wrong([](State&, Group& g) { g.strategy = "none"; }) ==
        "group 'g': there is no strategy 'none'");
  CHECK(wrong([](State&, Group& g) {
          g.plan_outdated = false;
          g.plan_urgent = true;
        }) == "group 'g': its plan is due and is not");
  CHECK(wrong([](State&, Group& g) { g.request->sequence = 0; }) ==
        "group 'g': its plan was requested by 0");
  CHECK(wrong([](State&, Group& g) { g.request->leader = 3; }) ==
        "group 'g': the plan is asked of 'a', who is no member");
  CHECK(wrong([](State&, Group& g) { g.members.at(3).seat = 99; }) ==
        "group 'g': seat 99 is to come");
  CHECK(wrong([](State&, Group& g) { g.members.at(3).member_id = "a"; }) ==
        "group 'g': member 'a' has two seats");
  CHECK(wrong([](State&, Group& g) { g.members.at(3).seat = 2; }) ==
        "group 'g': two members have seat 2");
  CHECK(wrong([](State&, Group& g) { g.ended["x"]; }) ==
        "group 'g': member 'x' has 0 ended incarnations");
  CHECK(wrong([](State&, Group& g) {
          g.ended["x"] = {{.incarnation = 1, .how = kLeft, .sequence = 1}};
        }) == "group 'g': an incarnation of 'x' was ended by 1");
  CHECK(wrong([](State&, Group& g) { g.pins[{1, kMany}] = "a"; }) ==
        "group 'g': partition 9000 of topic 1 can't be pinned");
  CHECK(wrong([](State&, Group& g) { g.patterns["x"].topics.insert(1); }) ==
        "group 'g': nobody subscribes to pattern 'x'");
  CHECK(wrong([](State&, Group& g) { g.patterns.at("t.*").topics.insert(2); }) ==
        "group 'g': pattern 't.*' can't match topic 2");
  CHECK(wrong([](State&, Group& g) { g.grants[700]; }) == "group 'g': no partition has token 700");
  CHECK(wrong([](State&, Group& g) { g.grants.erase(506); }) ==
        "group 'g': partition 0 of topic 1 has token 506, which no grant gave");
  CHECK(wrong([&](State&, Group& g) { at(g, kMany).committed = 1; }) ==
        "group 'g': there is no partition 9000 of topic 1");
  CHECK(wrong([&](State&, Group& g) { at(g, 1).owner = 99; }) ==
        "group 'g': partition 1 of topic 1 is owned by seat 99, which nobody has");
  CHECK(wrong([&](State&, Group& g) { at(g, 1).owner = kNobody; }) ==
        "group 'g': partition 1 of topic 1 has a phase that does not fit its owner and token");
  CHECK(wrong([&](State&, Group& g) { at(g, 1).ended_fence = 506; }) ==
        "group 'g': partition 1 of topic 1 is owned under token 506 after 506");
  CHECK(wrong([&](State&, Group& g) { at(g, 1).phase = static_cast<Phase>(3); }) ==
        "group 'g': partition 1 of topic 1 is in no phase that there is");
  CHECK(wrong([&](State&, Group& g) { at(g, 1).committed = -2; }) ==
        "group 'g': partition 1 of topic 1 has offset -2 committed");
  CHECK(wrong([&](State&, Group& g) { at(g, 0).committed = -1; }) ==
        "group 'g': partition 0 of topic 1 has offset -1 committed");
}

TEST_CASE("What comes twice, or belongs to nothing, is no state either") {
  const auto with_group = [] {
    Rebuild rebuild(10, 0);
    CHECK_FALSE(rebuild.topic({.name = "t", .id = 1, .partition_count = 4}).has_value());
    Group group;
    group.name = "g";
    group.id = 2;
    CHECK_FALSE(rebuild.group(std::move(group)).has_value());
    return rebuild;
  };
  PartitionState committed;
  committed.committed = 1;
  CHECK(Rebuild(10, 0).partition({1, 0}, std::move(committed)) == "a partition is in no group");
  CHECK(Rebuild(10, 0).member({}) == "a member is in no group");
  CHECK(Rebuild(10, 0).ended("a", {}) == "an ended incarnation is in no group");
  CHECK(Rebuild(10, 0).draining("a") == "a member drains in no group");
  CHECK(Rebuild(10, 0).pin({1, 0}, "a") == "a pin is in no group");
  CHECK(Rebuild(10, 0).planned({1, 4}) == "a planned topic is in no group");
  CHECK(Rebuild(10, 0).match("p", 1) == "a pattern is in no group");
  CHECK(Rebuild(10, 0).grant(3, {}) == "a grant is in no group");

  Rebuild rebuild = with_group();
  CHECK(rebuild.topic({.name = "u", .id = 3, .partition_count = 4}) ==
        "topic 'u' comes after a group");
  CHECK(rebuild.requested({1, 4}) == "group 'g': no plan was requested");
  CHECK_FALSE(rebuild.planned({1, 4}).has_value());
  CHECK(rebuild.planned({1, 4}) == "group 'g': topic 1 is planned twice");
  CHECK_FALSE(rebuild.draining("a").has_value());
  CHECK(rebuild.draining("a") == "group 'g': a member drains twice");
  CHECK_FALSE(rebuild.pin({1, 0}, "a").has_value());
  CHECK(rebuild.pin({1, 0}, "b") == "group 'g': partition 0 of topic 1 is pinned twice");
  CHECK_FALSE(rebuild.grant(3, {}).has_value());
  CHECK(rebuild.grant(3, {}) == "group 'g': the grant of token 3 is there twice");
  for (const bool again : {false, true}) {
    PartitionState one;
    one.committed = 1;
    CHECK(rebuild.partition({1, 0}, std::move(one)).has_value() == again);
  }
  CHECK(rebuild.partition({1, 1}, {}) == "group 'g': partition 1 of topic 1 says nothing");
  Group same;
  same.name = "h";
  same.id = 2;
  CHECK(rebuild.group(std::move(same)) == "group 'g': no partition has token 3");
}

}  // namespace
}  // namespace muster::domain
