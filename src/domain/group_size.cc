#include "domain/group_size.h"

#include <set>
#include <string>

#include "domain/message.h"

namespace muster::domain {
namespace {

std::optional<Rejection> refuse_size(std::string_view group, std::size_t partitions,
                                     const Limits& limits) {
  if (partitions <= limits.partitions_per_group_max) return std::nullopt;
  return Rejection{
      .code = ErrorCode::kLimitReached,
      .message = sentence("Group '", group, "' would share ", partitions,
                          " partitions, more than the ", limits.partitions_per_group_max,
                          " allowed: subscribe to less, or raise max-partitions-per-group.")};
}

/// Existing topics of the subscription that nobody in the group subscribes to yet.
std::set<TopicId> fresh_topics(const State& state, const Group* group,
                               const Subscription& subscription,
                               const std::vector<EventBody>& events) {
  std::set<TopicId> fresh;
  const auto note = [&](const Topic* topic) {
    if (topic == nullptr) return;
    if (group == nullptr || !group->subscriptions.contains(topic->name)) fresh.insert(topic->id);
  };
  for (const std::string& name : subscription.topics()) note(state.topic(name));
  for (const EventBody& event : events) {
    const auto* matched = std::get_if<TopicsMatched>(&event);
    if (matched == nullptr) continue;
    for (const PatternTopics& match : matched->matches) {
      for (const TopicId topic : match.topics) note(state.topic(topic));
    }
  }
  return fresh;
}

}  // namespace

std::optional<Rejection> refuse_group_size(const State& state, const Group* group,
                                           std::string_view group_name,
                                           const Subscription& subscription,
                                           const std::vector<EventBody>& events,
                                           const Limits& limits) {
  if (group != nullptr && group->subscribers.contains(subscription)) return std::nullopt;
  const std::set<TopicId> fresh = fresh_topics(state, group, subscription, events);
  if (fresh.empty()) return std::nullopt;
  std::size_t partitions = group == nullptr ? 0 : subscribed_partitions(state, *group);
  for (const TopicId topic : fresh) {
    partitions += static_cast<std::size_t>(state.topic(topic)->partition_count);
  }
  return refuse_size(group_name, partitions, limits);
}

std::optional<Rejection> refuse_topic_size(const State& state, std::string_view topic,
                                           std::int32_t more_partitions,
                                           const std::vector<EventBody>& events,
                                           const Limits& limits) {
  std::set<std::string_view> matching;
  for (const EventBody& event : events) {
    if (const auto* matched = std::get_if<TopicsMatched>(&event)) matching.insert(matched->group);
  }
  for (const auto& [name, group] : state.groups) {
    if (!group.subscriptions.contains(topic) && !matching.contains(name)) continue;
    const std::size_t partitions =
        subscribed_partitions(state, group) + static_cast<std::size_t>(more_partitions);
    if (auto refused = refuse_size(name, partitions, limits)) return refused;
  }
  return std::nullopt;
}

}  // namespace muster::domain
