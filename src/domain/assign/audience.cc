#include "domain/assign/audience.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "domain/assert.h"

namespace muster::domain {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

Count unpinned(const AssignmentInput::Topic& topic) {
  MUSTER_ASSERT(topic.pins.size() <= static_cast<std::size_t>(topic.partition_count));
  return topic.partition_count - static_cast<Count>(topic.pins.size());
}

/// Disjoint sets of audiences: union by the lower number, with path halving (Tarjan, van Leeuwen
/// 1984).
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }

  std::uint32_t find(std::uint32_t of) {
    while (parent_[of] != of) {
      parent_[of] = parent_[parent_[of]];
      of = parent_[of];
    }
    return of;
  }

  void unite(std::uint32_t one, std::uint32_t other) {
    one = find(one);
    other = find(other);
    parent_[std::max(one, other)] = std::min(one, other);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

}  // namespace

Audiences::Audiences(const AssignmentInput& input) {
  std::vector<std::uint32_t> number(input.audiences.size(), kNone);  // of the input's audience
  std::vector<std::size_t> topic_counts;
  std::size_t subscriptions = 0;
  std::int64_t partitions = 0;
  for (const AssignmentInput::Topic& topic : input.topics) {
    const std::vector<MemberIndex>& subscribers = input.subscribers(topic);
    if (subscribers.empty() || unpinned(topic) == 0) continue;
    MUSTER_ASSERT(subscribers.back() < input.member_count);
    if (number[topic.audience] == kNone) {
      number[topic.audience] = static_cast<std::uint32_t>(audiences_.size());
      audiences_.push_back({.subscribers = subscribers});
      topic_counts.push_back(0);
      subscriptions += subscribers.size();
    }
    audiences_[number[topic.audience]].partitions += unpinned(topic);
    ++topic_counts[number[topic.audience]];
    partitions += unpinned(topic);
  }
  MUSTER_ASSERT(partitions <= std::numeric_limits<Count>::max());

  topics_.resize(std::accumulate(topic_counts.begin(), topic_counts.end(), std::size_t{0}));
  held_.resize(subscriptions);
  quota_.resize(subscriptions);
  open_ = std::make_unique<bool[]>(subscriptions);
  std::span<std::uint32_t> topics = topics_;
  std::span<Count> held = held_;
  std::span<Count> quota = quota_;
  std::span<bool> open(open_.get(), subscriptions);
  for (std::size_t i = 0; i < audiences_.size(); ++i) {
    Audience& audience = audiences_[i];
    audience.topics = topics.first(topic_counts[i]);
    audience.held = held.first(audience.subscribers.size());
    audience.quota = quota.first(audience.subscribers.size());
    audience.open = open.first(audience.subscribers.size());
    topics = topics.subspan(audience.topics.size());
    held = held.subspan(audience.held.size());
    quota = quota.subspan(audience.quota.size());
    open = open.subspan(audience.open.size());
  }

  std::vector<std::size_t> next(audiences_.size());
  for (std::size_t i = 1; i < next.size(); ++i) next[i] = next[i - 1] + topic_counts[i - 1];
  for (std::size_t i = 0; i < input.topics.size(); ++i) {
    const AssignmentInput::Topic& topic = input.topics[i];
    if (number[topic.audience] == kNone || unpinned(topic) == 0) continue;
    topics_[next[number[topic.audience]]++] = static_cast<std::uint32_t>(i);
  }
}

std::vector<std::vector<std::uint32_t>> Audiences::components(std::size_t member_count) const {
  const auto count = static_cast<std::uint32_t>(audiences_.size());
  DisjointSets sets(count);
  std::vector<std::uint32_t> audience_of(member_count, kNone);  // any one
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const MemberIndex member : audiences_[i].subscribers) {
      if (audience_of[member] == kNone) {
        audience_of[member] = i;
      } else {
        sets.unite(i, audience_of[member]);
      }
    }
  }
  std::vector<std::vector<std::uint32_t>> components;
  std::vector<std::uint32_t> number(count, kNone);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t& component = number[sets.find(i)];
    if (component == kNone) {
      component = static_cast<std::uint32_t>(components.size());
      components.emplace_back();
    }
    components[component].push_back(i);
  }
  return components;
}

}  // namespace muster::domain
