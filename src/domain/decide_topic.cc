// Topics: created, expanded (never shrunk), deleted by an administrator. muster holds names and
// counts; groups plan themselves anew when a topic changes (needs_plan).

#include <algorithm>

#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/group_size.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/patterns.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

std::optional<Rejection> refuse_count(std::string_view topic, std::int32_t count,
                                      const Limits& limits) {
  if (count >= 1 && count <= limits.partitions_per_topic_max) return std::nullopt;
  return Rejection{
      .code = ErrorCode::kInvalidPartitionCount,
      .message = sentence("Topic '", topic, "' can't have ", count, " partitions: use 1 to ",
                          limits.partitions_per_topic_max, ".")};
}

bool knows(const Group& group, TopicId topic) {
  if (group.partitions.contains(topic)) return true;
  const auto pin = group.pins.lower_bound({.topic = topic, .partition = 0});
  if (pin != group.pins.end() && pin->first.topic == topic) return true;
  if (group.reset) {  // of partitions, too, that nothing else was ever known of
    const auto pending = group.reset->offsets.lower_bound({.topic = topic, .partition = 0});
    if (pending != group.reset->offsets.end() && pending->first.topic == topic) return true;
  }
  return std::ranges::any_of(group.patterns,
                             [&](const auto& one) { return one.second.topics.contains(topic); });
}

/// What `group` loses when the topic goes.
GroupTopicDropped drop(const Group& group, TopicId topic) {
  PartitionsBySeat held;
  for (const auto& [seat, member] : group.members) {
    auto at = member.held.lower_bound({.topic = topic, .partition = 0});
    for (; at != member.held.end() && at->topic == topic; ++at) held.add(seat, *at);
  }
  GroupTopicDropped event{
      .group = group.name, .topic = topic, .held = held.take(group), .former = {}};
  append_former_offsets(group, topic, event.former);
  auto pin = group.pins.lower_bound({.topic = topic, .partition = 0});
  for (; pin != group.pins.end() && pin->first.topic == topic; ++pin) {
    event.former_pins.push_back({.at = pin->first, .member_id = pin->second});
  }
  return event;
}

}  // namespace

Decided decide(const State& state, const CreateTopic& command, Now now) {
  if (auto refused = refuse_name("topic", command.name, now.limits))
    return std::unexpected(*refused);
  if (auto refused = refuse_count(command.name, command.partition_count, now.limits)) {
    return std::unexpected(*refused);
  }
  if (const Topic* topic = state.topic(command.name)) {
    return refuse(ErrorCode::kTopicExists, "Topic '", command.name, "' exists with ",
                  topic->partition_count, " partitions: use muster topic expand to give it more.");
  }
  if (state.topics.size() >= now.limits.topics_max) {
    return refuse(ErrorCode::kLimitReached, "Topic '", command.name,
                  "' would be one more than the ", now.limits.topics_max,
                  " topics allowed: delete one, or raise max-topics.");
  }

  Decision decision;
  decision.events.emplace_back(
      TopicCreated{.name = command.name, .partition_count = command.partition_count});
  const TopicId id = state.sequence + 1;
  for (const std::string& name : state.groups_with_patterns) {
    append_matches(*state.group(name), id, command.name, decision.events);
  }
  if (auto refused = refuse_topic_size(state, command.name, command.partition_count,
                                       decision.events, now.limits)) {
    return std::unexpected(*refused);
  }
  return decision;
}

Decided decide(const State& state, const ExpandTopic& command, Now now) {
  if (auto refused = refuse_name("topic", command.name, now.limits))
    return std::unexpected(*refused);
  const Topic* topic = state.topic(command.name);
  if (topic == nullptr) return refuse_unknown_topic(command.name);
  if (auto refused = refuse_count(command.name, command.partition_count, now.limits)) {
    return std::unexpected(*refused);
  }
  if (command.partition_count < topic->partition_count) {
    return refuse(ErrorCode::kInvalidPartitionCount, "Topic '", command.name, "' has ",
                  topic->partition_count, " partitions and can't shrink to ",
                  command.partition_count, ": make another topic instead.");
  }

  const std::int32_t more = command.partition_count - topic->partition_count;
  if (auto refused = refuse_topic_size(state, command.name, more, {}, now.limits)) {
    return std::unexpected(*refused);
  }

  Decision decision;  // the same count again is a retry: success without effect
  if (command.partition_count > topic->partition_count) {
    decision.events.emplace_back(
        TopicExpanded{.topic = topic->id, .partition_count = command.partition_count});
  }
  return decision;
}

Decided decide(const State& state, const DeleteTopic& command, Now now) {
  if (auto refused = refuse_name("topic", command.name, now.limits))
    return std::unexpected(*refused);
  const Topic* topic = state.topic(command.name);
  if (topic == nullptr) return refuse_unknown_topic(command.name);

  Decision decision;
  for (const auto& [name, group] : state.groups) {
    if (knows(group, topic->id)) {
      decision.events.emplace_back(drop(group, topic->id));
    }
  }
  decision.events.emplace_back(TopicDeleted{
      .topic = topic->id, .name = topic->name, .former_partition_count = topic->partition_count});
  return decision;
}

}  // namespace muster::domain
