#include "tests/unit/domain/world.h"

#include "codec/event.h"
#include "domain/fold.h"
#include "tests/unit/domain/invariants.h"

namespace muster::domain {

JoinGroup joining(std::string member_id, Incarnation incarnation, std::vector<std::string> topics) {
  return {.group = "g",
          .member_id = std::move(member_id),
          .incarnation = incarnation,
          .client_id = "tests",
          .host = "10.0.0.1:50000",
          .topics = std::move(topics)};
}

LeaveGroup leaving(std::string member_id, Incarnation incarnation) {
  return {.group = "g",
          .member_id = std::move(member_id),
          .incarnation = incarnation,
          .presence = {.bound_here = true}};
}

ReleasePartitions releasing(std::string member_id, Incarnation incarnation,
                            std::vector<ReleaseItem> items) {
  return {.group = "g",
          .member_id = std::move(member_id),
          .incarnation = incarnation,
          .items = std::move(items),
          .presence = {.bound_here = true}};
}

CommitOffsets committing(std::vector<CommitItem> items) {
  return {.group = "g", .items = std::move(items)};
}

std::vector<std::string_view> names(const Decision& decision) {
  std::vector<std::string_view> all;
  for (const EventBody& body : decision.events) all.push_back(event_name(body));
  return all;
}

World::World(FencingToken fence_base) {
  state_.fence_base = fence_base;
  twin_.fence_base = fence_base;
}

Decided World::attempt(const Command& command) {
  const Now now{.wall_ms = wall_ms, .limits = limits};
  Decided decided = std::visit([&](const auto& one) { return decide(state_, one, now); }, command);
  if (!decided) return decided;
  if (decided->to_compute && !computes_later) {
    auto plan = std::make_shared<const ComputedPlan>(compute(std::move(*decided->to_compute)));
    return attempt(ApplyPlan{.under_way = {.plan = std::move(plan)}});
  }
  for (const EventBody& body : decided->events) {
    const Event event{.time_ms = wall_ms,
                      .cause = {.kind = CauseKind::kClient, .who = "tests", .from = ""},
                      .body = body};
    const Sequence sequence = state_.sequence + 1;
    ledger_.record(state_, sequence, body);
    const auto folded = fold(state_, sequence, event);
    REQUIRE_MESSAGE(folded.has_value(), folded.error().event, ": ", folded.error().message);

    journal_.push_back(codec::encode_event(event));
    const auto read = codec::decode_event(journal_.back());
    REQUIRE(read.has_value());
    REQUIRE(*read == event);
    REQUIRE(fold(twin_, sequence, *read).has_value());
  }
  require_sound(state_);
  ledger_.require_agrees(state_);
  REQUIRE(describe(twin_) == describe(state_));  // one-fold
  return decided;
}

Decision World::apply(const Command& command) {
  Decided decided = attempt(command);
  REQUIRE_MESSAGE(decided.has_value(), decided.error().message);
  return std::move(*decided);
}

Rejection World::refuse(const Command& command, ErrorCode code) {
  const std::string before = describe(state_);
  const Decided decided = attempt(command);
  REQUIRE_FALSE(decided.has_value());
  INFO(decided.error().message);
  REQUIRE(traits_of(decided.error().code).name == traits_of(code).name);
  REQUIRE(describe(state_) == before);
  return decided.error();
}

Decision World::expire(const std::string& member_id) {
  return apply(ExpireMember{.group = "g", .seat = member(member_id)->seat});
}

Decision World::fence(PartitionIndex partition, const std::string& topic) {
  const TopicPartition place{.topic = state_.topic(topic)->id, .partition = partition};
  return apply(
      FencePartitions{.group = "g", .tokens = {{.at = place, .fence = token(partition, topic)}}});
}

void World::settle(const std::string& name) {
  while (phase(name) == GroupPhase::kBalancing) {
    plan(name);
    std::vector<ReleasePartitions> releases;
    for (const auto& [seat, one] : group(name).members) {
      ReleasePartitions release = releasing(one.member_id, one.incarnation, {});
      release.group = name;
      for (const TopicPartition& place : one.held) {
        const PartitionState& partition = *group(name).partition(place);
        if (partition.phase != Phase::kRevoking) continue;
        release.items.push_back({.topic = state_.topic(place.topic)->name,
                                 .partition = place.partition,
                                 .fence = partition.fence});
      }
      if (!release.items.empty()) releases.push_back(std::move(release));
    }
    for (const ReleasePartitions& release : releases) apply(release);
    apply(FinishReset{.group = name});
  }
}

const PartitionState& World::at(PartitionIndex partition, const std::string& topic) const {
  static const PartitionState untouched;
  const PartitionState* known =
      group().partition({.topic = state_.topic(topic)->id, .partition = partition});
  return known == nullptr ? untouched : *known;
}

std::string World::owner(PartitionIndex partition, const std::string& topic) const {
  const Member* owner = group().member(at(partition, topic).owner);
  return owner == nullptr ? "" : owner->member_id;
}

std::vector<PartitionIndex> World::share(const std::string& member_id,
                                         const std::string& topic) const {
  std::vector<PartitionIndex> partitions;
  for (const TopicPartition& place : member(member_id)->held) {
    if (place.topic == state_.topic(topic)->id) partitions.push_back(place.partition);
  }
  return partitions;
}

State World::replay() const {
  State state;
  state.fence_base = state_.fence_base;
  go_on(state);
  return state;
}

void World::go_on(State& state) const {
  while (state.sequence < journal_.size()) {
    const auto event = codec::decode_event(journal_[state.sequence]);
    REQUIRE(event.has_value());
    REQUIRE(fold(state, state.sequence + 1, *event).has_value());
  }
}

}  // namespace muster::domain
