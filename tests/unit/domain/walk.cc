#include "tests/unit/domain/walk.h"

#include <array>

namespace muster::domain {

Walk::Walk(std::uint64_t seed) : random_(seed), world_(seed * 1'000) {
  world_.limits.members_per_group_max = 4;
  world_.limits.groups_max = 2;
  world_.limits.plan_slice_max = seed % 2 == 0 ? 4'096 : 5;
  world_.computes_later = true;
}

const Member* Walk::find(const std::string& group, const std::string& member_id) const {
  const Group* known = world_.state().group(group);
  return known == nullptr ? nullptr : known->member(member_id);
}

/// Mostly the one that has the seat.
Incarnation Walk::incarnation_of(const std::string& group, const std::string& member_id) {
  const Member* member = find(group, member_id);
  return member != nullptr && !one_in(6) ? member->incarnation : 1 + below(40);
}

/// Mostly the current one.
FencingToken Walk::token_of(const std::string& group, const std::string& topic,
                            PartitionIndex partition) {
  const Group* known = world_.state().group(group);
  const Topic* place = world_.state().topic(topic);
  if (known == nullptr || place == nullptr || one_in(30)) return below(world_.state().sequence + 9);
  const PartitionState* state = known->partition({.topic = place->id, .partition = partition});
  if (state == nullptr) return 0;
  return one_in(8) ? state->ended_fence : state->fence;
}

Command Walk::topic_command() {
  const auto count = static_cast<std::int32_t>(below(9));
  switch (below(8)) {
    case 0:
      return DeleteTopic{.name = any_topic()};
    case 1:
    case 2:
      return ExpandTopic{.name = any_topic(), .partition_count = count + 10};
    default:
      return CreateTopic{.name = any_topic(), .partition_count = count};
  }
}

Command Walk::join_command() {
  const std::string group = any_group();
  const std::string member_id = any_member();
  JoinGroup join = joining(member_id, incarnation_of(group, member_id), {});
  join.group = group;
  for (std::uint64_t i = 0; i < 4; ++i) {
    if (one_in(2)) join.topics.push_back(any_topic());
  }
  if (one_in(3)) join.patterns.push_back(any("t[0-", 4) + "]");
  if (one_in(8)) join.patterns.push_back(one_in(4) ? "t(" : ".*");
  const Member* member = find(group, member_id);
  if (member != nullptr && one_in(2)) {
    join.topics = member->settings.subscription.topics();
    join.patterns = member->settings.subscription.patterns();
  }
  join.resume = one_in(3);
  join.takeover = one_in(4);
  join.named = one_in(2);
  if (one_in(3)) join.session_timeout_ms = static_cast<std::uint32_t>(900 + below(60'000));
  join.presence = {.bound_here = one_in(2),
                   .connection_ended = one_in(2),
                   .lease_remaining_ms = static_cast<std::uint32_t>(below(3) * 1'000)};
  return join;
}

Command Walk::end_command() {
  const std::string group = any_group();
  const std::string member_id = any_member();
  const Member* member = find(group, member_id);
  switch (below(8)) {
    case 0:
      return RemoveMember{.group = group, .member_id = member_id};
    case 1:
      return DeleteGroup{.group = group};
    case 2:
    case 3:
    case 4:
      return ExpireMember{.group = group, .seat = member == nullptr ? below(50) : member->seat};
    default: {
      LeaveGroup leave = leaving(member_id, incarnation_of(group, member_id));
      leave.group = group;
      leave.presence.bound_here = !one_in(6);
      return leave;
    }
  }
}

Command Walk::release_command() {
  const std::string group = any_group();
  const std::string member_id = any_member();
  ReleasePartitions release = releasing(member_id, incarnation_of(group, member_id), {});
  release.group = group;
  release.presence.bound_here = !one_in(10);
  const auto add = [&](const std::string& topic, PartitionIndex partition) {
    release.items.push_back({.topic = topic,
                             .partition = partition,
                             .fence = token_of(group, topic, partition),
                             .commits = one_in(2),
                             .offset = static_cast<std::int64_t>(below(100)) - 5,
                             .metadata = any("meta", 3)});
  };
  if (const Member* member = find(group, member_id)) {
    for (const TopicPartition& at : member->held) {
      const bool asked = world_.state().group(group)->partition(at)->phase == Phase::kRevoking;
      if (one_in(asked ? 2 : 10)) add(world_.state().topic(at.topic)->name, at.partition);
    }
  }
  if (one_in(5)) add(any_topic(), static_cast<PartitionIndex>(below(20)) - 1);
  return release;
}

Command Walk::commit_command() {
  const std::string group = any_group();
  CommitOffsets commit{.group = group, .items = {}};
  for (std::uint64_t items = 1 + below(3); items > 0; --items) {
    const std::string& topic = *named_.insert(any_topic()).first;
    const auto partition = static_cast<PartitionIndex>(below(10));
    commit.items.push_back({.topic = topic,
                            .partition = partition,
                            .offset = static_cast<std::int64_t>(below(60)) - 1,
                            .fence = token_of(group, topic, partition),
                            .metadata = one_in(2) ? any("meta", 3) : ""});
    if (one_in(3)) commit.items.back().expected = committed_of(group, topic, partition);
  }
  return commit;
}

/// Mostly what is committed there; -1: nothing.
std::int64_t Walk::committed_of(const std::string& group, const std::string& topic,
                                PartitionIndex partition) {
  const Group* known = world_.state().group(group);
  const Topic* place = world_.state().topic(topic);
  if (known == nullptr || place == nullptr || one_in(5))
    return static_cast<std::int64_t>(below(60)) - 2;
  const PartitionState* state = known->partition({.topic = place->id, .partition = partition});
  return state == nullptr ? -1 : state->committed;
}

Command Walk::offsets_command() {
  const std::string group = any_group();
  switch (below(6)) {
    case 0: {
      DeleteOffsets erase{.group = group, .topic = any_topic()};
      if (one_in(2)) erase.partition = static_cast<PartitionIndex>(below(10)) - 1;
      return erase;
    }
    case 1:
      return ExpireOffsets{.group = group};
    case 2:
      return FinishReset{.group = group};
    default: {
      ResetOffsets reset{.group = group, .live = !one_in(4)};
      for (std::uint64_t items = 1 + below(4); items > 0; --items) {
        const auto offset = static_cast<std::int64_t>(below(40)) - 1;
        reset.items.push_back({.topic = any_topic(),
                               .partition = static_cast<PartitionIndex>(below(8)),
                               .offset = offset,
                               .metadata = offset >= 0 && one_in(3) ? "reset" : ""});
      }
      return reset;
    }
  }
}

Command Walk::fence_command() {
  FencePartitions fence{.group = any_group(), .tokens = {}};
  const Group* group = world_.state().group(fence.group);
  if (group == nullptr) return fence;
  for (const auto& [topic, table] : group->partitions) {
    table.for_each([&, id = topic](PartitionIndex index, const PartitionState& partition) {
      if (partition.fence == 0 || !one_in(3)) return;
      fence.tokens.push_back({.at = {.topic = id, .partition = index}, .fence = partition.fence});
    });
  }
  return fence;
}

Command Walk::operator_command() {
  constexpr std::array<const char*, 5> kStrategies = {"round_robin", "range", "sticky", "leader",
                                                      "no such strategy"};
  switch (below(6)) {
    case 0: {
      ConfigureGroup configure{.group = any_group()};
      if (one_in(2)) configure.strategy = kStrategies[below(kStrategies.size())];
      if (one_in(2)) configure.max_members = static_cast<std::uint32_t>(below(6));
      if (one_in(2)) configure.offset_retention_ms = below(3) * 20'000;
      return configure;
    }
    case 1:
      return FreezeGroup{.group = any_group(), .frozen = one_in(3)};
    case 2:
    case 3:
      return DrainMember{.group = any_group(), .member_id = any_member(), .draining = one_in(2)};
    default:
      return PinPartition{.group = any_group(),
                          .topic = any_topic(),
                          .partition = static_cast<PartitionIndex>(below(8)) - 1,
                          .member_id = one_in(2) ? "" : any_member()};
  }
}

Command Walk::any_command() {
  const std::uint64_t which = below(28);
  if (which < 2) return topic_command();
  if (which < 7) return join_command();
  if (which < 9) return end_command();
  if (which < 12) return release_command();
  if (which < 15) return commit_command();
  if (which < 16) return fence_command();
  if (which < 20) return operator_command();
  if (which < 24) return offsets_command();
  return plan_command();
}

/// Makes a plan, or goes on with one that was made for the group as it was some steps ago.
Command Walk::plan_command() {
  const std::string group = any_group();
  const auto plan = plans_.find(group);
  if (plan == plans_.end() || one_in(8)) return MakePlan{.group = group};
  ApplyPlan apply{.under_way = std::move(plan->second)};
  plans_.erase(plan);
  return apply;
}

/// Requests are idempotent: a retry is answered alike and changes nothing more.
void Walk::retry(const Command& command, const Decision& first) {
  const std::uint64_t digest = world_.state().digest;
  if (std::holds_alternative<CommitOffsets>(command)) {
    REQUIRE(world_.apply(command).commits == first.commits);
  } else if (std::holds_alternative<ReleasePartitions>(command)) {
    const Decision again = world_.apply(command);
    REQUIRE(again.events.empty());
    for (std::size_t i = 0; i < first.releases.size(); ++i) {
      REQUIRE(again.releases[i].ended == first.releases[i].ended);
    }
  } else if (std::holds_alternative<JoinGroup>(command) ||
             std::holds_alternative<LeaveGroup>(command) ||
             std::holds_alternative<ExpandTopic>(command) ||
             std::holds_alternative<ExpireMember>(command) ||
             std::holds_alternative<FencePartitions>(command) ||
             std::holds_alternative<ConfigureGroup>(command) ||
             std::holds_alternative<FreezeGroup>(command) ||
             std::holds_alternative<DrainMember>(command) ||
             std::holds_alternative<DeleteOffsets>(command) ||
             std::holds_alternative<ResetOffsets>(command) ||
             std::holds_alternative<ExpireOffsets>(command) ||
             std::holds_alternative<FinishReset>(command) ||
             std::holds_alternative<PinPartition>(command)) {
    REQUIRE(world_.apply(command).events.empty());
  }
  REQUIRE(world_.state().digest == digest);
}

void Walk::step() {
  world_.wall_ms += static_cast<std::int64_t>(below(2'000)) - 500;  // clocks step back, too
  const Command command = any_command();
  const std::uint64_t digest = world_.state().digest;
  const Decided decided = world_.attempt(command);
  if (!decided) {
    ++refused_;
    REQUIRE(world_.state().digest == digest);
    REQUIRE_FALSE(decided.error().message.empty());
    return;
  }
  ++applied_;
  if (decided->to_compute) {
    const std::string group = decided->to_compute->head.group;
    plans_[group] = {.plan = std::make_shared<const ComputedPlan>(compute(*decided->to_compute))};
  } else if (decided->rest) {
    plans_[decided->rest->plan->head.group] = *decided->rest;
  }
  if (one_in(4)) retry(command, *decided);
}

void Walk::rest() {
  plans_.clear();  // as a restart does
  world_.computes_later = false;
  std::vector<std::string> names;
  for (const auto& [name, group] : world_.state().groups) names.push_back(name);
  for (const std::string& name : names) {
    if (one_in(2)) world_.apply(FreezeGroup{.group = name, .frozen = false});
    world_.settle(name);
    world_.apply(FinishReset{.group = name});
    REQUIRE_FALSE(world_.group(name).reset.has_value());
    if (world_.group(name).members.empty()) continue;
    REQUIRE(world_.phase(name) == GroupPhase::kStable);  // which is sound when nobody is left out
  }
  world_.computes_later = true;
}

}  // namespace muster::domain
