// The fold of topics, and of what a group loses with one.

#include "domain/folding.h"
#include "domain/largest_topic.h"

namespace muster::domain {

Contradiction Folding::operator()(const TopicCreated& event) {
  if (state_.topics.contains(event.name)) return sentence("topic '", event.name, "' exists");
  if (event.partition_count < 1 || event.partition_count > kPartitionsPerTopicMost) {
    return sentence("topic '", event.name, "' has ", event.partition_count, " partitions");
  }
  Topic& topic = state_.topics[event.name];
  topic = {.name = event.name, .id = sequence_, .partition_count = event.partition_count};
  state_.topics_by_id[topic.id] = &topic;
  state_.digest += hash_of(topic);
  return std::nullopt;
}

Contradiction Folding::operator()(const TopicExpanded& event) {
  const Topic* known = state_.topic(event.topic);
  if (known == nullptr) return sentence("there is no topic ", event.topic);
  if (event.partition_count <= known->partition_count ||
      event.partition_count > kPartitionsPerTopicMost) {
    return sentence("topic '", known->name, "' has ", known->partition_count,
                    " partitions and can't be made ", event.partition_count);
  }
  Topic& topic = state_.topics[known->name];
  const Changing changing(state_, topic);
  topic.partition_count = event.partition_count;
  return std::nullopt;
}

Contradiction Folding::operator()(const TopicDeleted& event) {
  const Topic* topic = state_.topic(event.topic);
  if (topic == nullptr || topic->name != event.name) {
    return sentence("there is no topic ", event.topic, " named '", event.name, "'");
  }
  state_.digest -= hash_of(*topic);
  state_.topics_by_id.erase(event.topic);
  state_.topics.erase(event.name);
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupTopicDropped& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (state_.topic(event.topic) == nullptr) return sentence("there is no topic ", event.topic);
  forget_matches(*group, event.topic);
  forget_resets_of(*group, event.topic);
  auto pin = group->pins.lower_bound({.topic = event.topic, .partition = 0});
  while (pin != group->pins.end() && pin->first.topic == event.topic) {
    state_.digest -= hash_of_pin(group->id, pin->first, pin->second);
    pin = group->pins.erase(pin);
  }
  const auto table = group->partitions.find(event.topic);
  if (table == group->partitions.end()) return std::nullopt;
  for (auto& [seat, member] : group->members) {
    auto& held = member.held;
    auto at = held.lower_bound({.topic = event.topic, .partition = 0});
    while (at != held.end() && at->topic == event.topic) {
      end_token(*group, *at, TokenEnd::kTopicDeleted);
      at = held.erase(at);
    }
  }
  table->second.for_each([&](PartitionIndex index, const PartitionState& partition) {
    if (Member* target = find_member(*group, partition.target)) --target->targeted;
    if (partition.last_fence() != 0) forget_grant(*group, partition.last_fence());
    state_.digest -= hash_of(group->id, {.topic = event.topic, .partition = index}, partition);
  });
  group->partitions.erase(table);
  return std::nullopt;
}

}  // namespace muster::domain
