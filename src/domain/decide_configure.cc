// What operators set on a group: its settings, freezing, members that drain, pinned partitions.
// Each is idempotent: what is so already is success without effect.

#include <algorithm>

#include "domain/assign/strategy.h"
#include "domain/decide.h"
#include "domain/names.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

std::optional<Rejection> refuse_settings(const State& state, const Group* group,
                                         const ConfigureGroup& command, const Limits& limits) {
  if (auto refused = refuse_name("group", command.group, limits)) return refused;
  if (command.strategy && !is_strategy_name(*command.strategy)) {
    return Rejection{.code = ErrorCode::kInvalidStrategy,
                     .message = sentence("There is no strategy '", quotable(*command.strategy),
                                         "': use round_robin, range, sticky or leader.")};
  }
  if (command.max_members && *command.max_members > limits.members_per_group_max) {
    return Rejection{.code = ErrorCode::kLimitReached,
                     .message = sentence("Group '", command.group, "' can't have up to ",
                                         *command.max_members, " members: this server allows ",
                                         limits.members_per_group_max, " a group.")};
  }
  const std::uint64_t retention_ms = command.offset_retention_ms.value_or(0);
  if (retention_ms != 0 && retention_ms < limits.offset_retention_ms_min) {
    return Rejection{
        .code = ErrorCode::kInvalidTimeout,
        .message = sentence("Offsets of group '", command.group, "' can't expire after ",
                            retention_ms, " ms without members: use at least ",
                            limits.offset_retention_ms_min, " ms, or 0 to keep them for ever.")};
  }
  if (group == nullptr && state.groups.size() >= limits.groups_max) {
    return Rejection{.code = ErrorCode::kLimitReached,
                     .message = sentence("Group '", command.group, "' would be one more than the ",
                                         limits.groups_max,
                                         " groups allowed: delete one, or raise max-groups.")};
  }
  return std::nullopt;
}

std::optional<Rejection> refuse_pin(const Group& group, const Topic& topic, TopicPartition at,
                                    const std::string& member_id, const Limits& limits) {
  if (auto refused = refuse_name("member", member_id, limits)) return refused;
  if (group.pins.size() >= limits.pins_per_group_max && !group.pins.contains(at)) {
    return Rejection{.code = ErrorCode::kLimitReached,
                     .message = sentence("Group '", group.name, "' has ", group.pins.size(),
                                         " pins, the most allowed: take some off.")};
  }
  const Member* member = group.member(member_id);
  if (member == nullptr || subscribes(group, *member, topic)) return std::nullopt;
  return Rejection{.code = ErrorCode::kUnknownResource,
                   .message = sentence("Member '", member_id, "' of group '", group.name,
                                       "' does not subscribe to topic '", topic.name,
                                       "': pin the partition to one that does.")};
}

Decision one_event(EventBody event) {
  Decision decision;
  decision.events.push_back(std::move(event));
  return decision;
}

}  // namespace

Decided decide(const State& state, const ConfigureGroup& command, Now now) {
  const Group* group = state.group(command.group);
  if (auto refused = refuse_settings(state, group, command, now.limits)) {
    return std::unexpected(*refused);
  }

  static const Group unconfigured;
  const Group& former = group == nullptr ? unconfigured : *group;
  GroupConfigured event{
      .group = command.group,
      .strategy = command.strategy.value_or(former.strategy),
      .max_members = command.max_members.value_or(former.max_members),
      .offset_retention_ms = command.offset_retention_ms.value_or(former.offset_retention_ms)};
  const bool unchanged = event.strategy == former.strategy &&
                         event.max_members == former.max_members &&
                         event.offset_retention_ms == former.offset_retention_ms;
  if (group != nullptr && unchanged) return Decision{};
  return one_event(std::move(event));
}

Decided decide(const State& state, const FreezeGroup& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);

  if (group->frozen == command.frozen) return Decision{};
  return one_event(GroupFrozen{.group = group->name, .frozen = command.frozen});
}

Decided decide(const State& state, const DrainMember& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits)) {
    return std::unexpected(*refused);
  }
  if (auto refused = refuse_name("member", command.member_id, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const bool drains = group->draining.contains(command.member_id);
  if (command.draining && !drains && group->member(command.member_id) == nullptr) {
    return refuse(ErrorCode::kUnknownMember, "Group '", command.group, "' has no member '",
                  command.member_id, "' that could drain: see muster group describe.");
  }
  if (command.draining && !drains && group->draining.size() >= now.limits.draining_per_group_max) {
    return refuse(ErrorCode::kLimitReached, "In group '", command.group, "' ",
                  group->draining.size(),
                  " members drain, the most allowed: undrain some, present or not.");
  }

  if (drains == command.draining) return Decision{};
  return one_event(MemberDrained{
      .group = group->name, .member_id = command.member_id, .draining = command.draining});
}

Decided decide(const State& state, const PinPartition& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const Topic* topic = state.topic(command.topic);
  if (topic == nullptr) return refuse_unknown_topic(command.topic);
  if (command.partition < 0 || command.partition >= topic->partition_count) {
    return refuse_unknown_partition(*topic, command.partition);
  }
  const TopicPartition at{.topic = topic->id, .partition = command.partition};
  if (!command.member_id.empty()) {
    if (auto refused = refuse_pin(*group, *topic, at, command.member_id, now.limits)) {
      return std::unexpected(*refused);
    }
  }

  const auto pin = group->pins.find(at);
  const std::string_view former = pin == group->pins.end() ? std::string_view() : pin->second;
  if (former == command.member_id) return Decision{};
  return one_event(PartitionPinned{.group = group->name, .at = at, .member_id = command.member_id});
}

}  // namespace muster::domain
