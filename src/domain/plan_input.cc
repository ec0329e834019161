#include "domain/plan_input.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace muster::domain {
namespace {

/// Which subscriptions share a topic: indexes in Builder::subscribers_, ascending.
using Sharing = std::vector<std::uint32_t>;

class Builder {
 public:
  Builder(const State& state, const Group& group) : state_(state), group_(group) {}

  PlanInput build() {
    add_topics();
    add_members();
    share_topics();
    return std::move(plan_);
  }

 private:
  AssignmentInput& input() { return plan_.input; }

  void add_topics() {
    for (const auto& [name, subscriptions] : group_.subscriptions) {  // sorted by name
      const Topic* topic = state_.topic(name);
      if (topic == nullptr) continue;
      topic_numbers_[topic->id] = input().topics.size();
      input().topics.push_back({.id = topic->id,
                                .partition_count = topic->partition_count,
                                .audience = 0,
                                .current = {},
                                .pins = {}});
    }
    sharing_.resize(input().topics.size());
  }

  void add_members() {
    for (const auto& [subscription, members] : group_.subscribers) {
      const auto number = static_cast<std::uint32_t>(subscribers_.size());
      numbers_[subscription.identity()] = number;
      subscribers_.emplace_back();
      note_sharing(subscription, number);
    }
    plan_.seats.reserve(group_.seats.size());
    for (const auto& [member_id, seat] : group_.seats) {  // sorted by member id
      const auto index = static_cast<MemberIndex>(plan_.seats.size());
      plan_.seats.push_back(seat);
      indexes_[seat] = index;
      if (group_.draining.contains(member_id)) continue;
      const Subscription& subscription = group_.member(seat)->settings.subscription;
      subscribers_[numbers_.at(subscription.identity())].push_back(index);
    }
    input().member_count = plan_.seats.size();
  }

  void note_sharing(const Subscription& subscription, std::uint32_t number) {
    for (const TopicId topic : topics_of(state_, group_, subscription)) {
      sharing_[topic_numbers_.at(topic)].push_back(number);
    }
  }

  void share_topics() {
    std::map<Sharing, std::uint32_t> audiences;
    for (std::size_t i = 0; i < input().topics.size(); ++i) {
      AssignmentInput::Topic& topic = input().topics[i];
      const auto [known, fresh] =
          audiences.try_emplace(sharing_[i], static_cast<std::uint32_t>(input().audiences.size()));
      if (fresh) input().audiences.push_back(audience_of(sharing_[i]));
      topic.audience = known->second;
      note_current(topic);
      note_pins(topic);
    }
  }

  std::vector<MemberIndex> audience_of(const Sharing& sharing) const {
    std::vector<MemberIndex> audience;
    for (const std::uint32_t number : sharing) {
      audience.insert(audience.end(), subscribers_[number].begin(), subscribers_[number].end());
    }
    if (sharing.size() > 1) std::ranges::sort(audience);
    return audience;
  }

  void note_current(AssignmentInput::Topic& topic) {
    const auto table = group_.partitions.find(topic.id);
    if (table == group_.partitions.end()) return;
    topic.current.assign(static_cast<std::size_t>(topic.partition_count), kUnassigned);
    table->second.for_each([&](PartitionIndex index, const PartitionState& partition) {
      if (partition.target == kNobody || index >= topic.partition_count) return;
      const auto member = indexes_.find(partition.target);
      if (member == indexes_.end()) return;
      topic.current[static_cast<std::size_t>(index)] = member->second;
      if (partition.phase == Phase::kFree) {
        plan_.ungranted.push_back({.topic = topic.id, .partition = index});
      }
    });
  }

  void note_pins(AssignmentInput::Topic& topic) const {
    auto pin = group_.pins.lower_bound({.topic = topic.id, .partition = 0});
    for (; pin != group_.pins.end() && pin->first.topic == topic.id; ++pin) {
      const auto seat = group_.seats.find(pin->second);
      if (seat == group_.seats.end()) {
        topic.pins.push_back({.partition = pin->first.partition, .member = kUnassigned});
        continue;
      }
      const MemberIndex member = indexes_.at(seat->second);
      if (!std::ranges::binary_search(plan_.input.subscribers(topic), member)) continue;
      topic.pins.push_back({.partition = pin->first.partition, .member = member});
    }
  }

  const State& state_;
  const Group& group_;
  PlanInput plan_;
  // All of these are looked up, never iterated.
  absl::flat_hash_map<TopicId, std::size_t> topic_numbers_;
  absl::flat_hash_map<const void*, std::uint32_t> numbers_;  // of subscriptions
  absl::flat_hash_map<SeatId, MemberIndex> indexes_;
  std::vector<std::vector<MemberIndex>> subscribers_;  // by number of subscription
  std::vector<Sharing> sharing_;                       // by number of topic
};

}  // namespace

PlanInput plan_input(const State& state, const Group& group) {
  return Builder(state, group).build();
}

std::vector<TopicId> topics_of(const State& state, const Group& group,
                               const Subscription& subscription) {
  std::vector<TopicId> topics;
  for (const std::string& name : subscription.topics()) {
    if (const Topic* topic = state.topic(name)) topics.push_back(topic->id);
  }
  for (const std::string& pattern : subscription.patterns()) {
    const PatternMatches& matches = group.patterns.find(pattern)->second;
    topics.insert(topics.end(), matches.topics.begin(), matches.topics.end());
  }
  std::ranges::sort(topics);
  const auto doubles = std::ranges::unique(topics);
  topics.erase(doubles.begin(), doubles.end());
  return topics;
}

std::vector<PlannedTopic> planned_topics(const State& state, const Group& group) {
  std::vector<PlannedTopic> planned;
  for (const auto& [name, subscriptions] : group.subscriptions) {
    const Topic* topic = state.topic(name);
    if (topic == nullptr) continue;
    planned.push_back({.topic = topic->id, .partition_count = topic->partition_count});
  }
  std::ranges::sort(planned, {}, &PlannedTopic::topic);
  return planned;
}

}  // namespace muster::domain
