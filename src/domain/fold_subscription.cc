// The fold of subscriptions: who names what, and which topics the patterns match.

#include <string_view>

#include "domain/folding.h"

namespace muster::domain {
namespace {

void discount_name(Group& group, std::string_view topic) {
  const auto found = group.subscriptions.find(topic);
  if (--found->second == 0) group.subscriptions.erase(found);
}

}  // namespace

void count_name(Group& group, const std::string& topic) { ++group.subscriptions[topic]; }

void subscribe(State& state, Group& group, Subscription& subscription) {
  const auto [shared, first] = group.subscribers.try_emplace(subscription, 0);
  ++shared->second;
  subscription = shared->first;
  if (!first) return;
  for (const std::string& topic : subscription.topics()) count_name(group, topic);
  for (const std::string& pattern : subscription.patterns()) {
    ++group.patterns[pattern].subscriptions;
  }
  if (!group.patterns.empty()) state.groups_with_patterns.insert(group.name);
}

void Folding::unsubscribe(Group& group, const Subscription& subscription) {
  const auto shared = group.subscribers.find(subscription);
  if (--shared->second > 0) return;
  for (const std::string& topic : subscription.topics()) discount_name(group, topic);
  for (const std::string& pattern : subscription.patterns()) {
    const auto matches = group.patterns.find(pattern);
    if (--matches->second.subscriptions > 0) continue;
    for (const TopicId topic : matches->second.topics) {
      discount_name(group, state_.topic(topic)->name);
      state_.digest -= hash_of_match(group.id, pattern, topic);
    }
    group.patterns.erase(matches);
  }
  if (group.patterns.empty()) state_.groups_with_patterns.erase(group.name);
  group.subscribers.erase(shared);
}

Contradiction Folding::operator()(const TopicsMatched& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  for (const PatternTopics& matched : event.matches) {
    const auto pattern = group->patterns.find(matched.pattern);
    if (pattern == group->patterns.end()) {
      return sentence("nobody in group '", event.group, "' subscribes to pattern '",
                      matched.pattern, "'");
    }
    for (const TopicId id : matched.topics) {
      const Topic* topic = state_.topic(id);
      if (topic == nullptr) return sentence("there is no topic ", id);
      if (!pattern->second.topics.insert(id).second) {
        return sentence("pattern '", matched.pattern, "' matches topic ", id, " already");
      }
      state_.digest += hash_of_match(group->id, matched.pattern, id);
      count_name(*group, topic->name);
    }
  }
  return std::nullopt;
}

void Folding::forget_matches(Group& group, TopicId topic) {
  for (auto& [pattern, matches] : group.patterns) {
    if (matches.topics.erase(topic) == 0) continue;
    state_.digest -= hash_of_match(group.id, pattern, topic);
    discount_name(group, state_.topic(topic)->name);
  }
}

}  // namespace muster::domain
