#include "domain/state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "domain/assert.h"

namespace muster::domain {

const Member* Group::member(SeatId seat) const {
  const auto found = members.find(seat);
  return found == members.end() ? nullptr : &found->second;
}

const Member* Group::member(std::string_view member_id) const {
  const auto found = seats.find(member_id);
  return found == seats.end() ? nullptr : member(found->second);
}

const Member* Group::leader() const { return members.empty() ? nullptr : &members.begin()->second; }

const PartitionState* Group::partition(TopicPartition at) const {
  const auto table = partitions.find(at.topic);
  return table == partitions.end() ? nullptr : table->second.find(at.partition);
}

TokenEnd Group::ended_incarnation(std::string_view member_id, Incarnation incarnation) const {
  const auto found = ended.find(member_id);
  if (found == ended.end()) return TokenEnd::kNone;
  for (const EndedIncarnation& one : found->second) {
    if (one.incarnation == incarnation) return one.how;
  }
  return TokenEnd::kNone;
}

const Topic* State::topic(std::string_view name) const {
  const auto found = topics.find(name);
  return found == topics.end() ? nullptr : &found->second;
}

const Topic* State::topic(TopicId id) const {
  const auto found = topics_by_id.find(id);
  return found == topics_by_id.end() ? nullptr : found->second;
}

const Group* State::group(std::string_view name) const { return groups.find(name); }

bool subscribes(const Group& group, const Member& member, const Topic& topic) {
  const Subscription& subscription = member.settings.subscription;
  if (std::ranges::binary_search(subscription.topics(), topic.name)) return true;
  return std::ranges::any_of(subscription.patterns(), [&](const std::string& pattern) {
    return group.patterns.find(pattern)->second.topics.contains(topic.id);
  });
}

bool waits_for_reset(const Group& group, TopicPartition at) {
  return group.reset && group.reset->offsets.contains(at);
}

bool reset_is_due(const Group& group) {
  return group.reset && std::ranges::all_of(group.reset->offsets, [&](const auto& one) {
           const PartitionState* partition = group.partition(one.first);
           return partition == nullptr || partition->phase == Phase::kFree;
         });
}

std::int64_t expires_ms(const Group& group, const PartitionState& partition) {
  const std::int64_t since_ms = std::max(group.emptied_ms, partition.commit_time_ms);
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - since_ms);
  return since_ms + static_cast<std::int64_t>(std::min(group.offset_retention_ms, most));
}

std::uint32_t lease_ms(const MemberSettings& settings) {
  return std::min(settings.session_timeout_ms, settings.disconnect_grace_ms);
}

namespace {

/// Whether the topics that the group subscribes to are others, or of other sizes, than `planned`.
bool topics_differ(const State& state, const Group& group,
                   const std::map<TopicId, std::int32_t>& planned) {
  std::size_t existing = 0;
  for (const auto& [name, subscriptions] : group.subscriptions) {
    const Topic* topic = state.topic(name);
    if (topic == nullptr) continue;
    const auto known = planned.find(topic->id);
    if (known == planned.end() || known->second != topic->partition_count) return true;
    ++existing;
  }
  return existing != planned.size();
}

}  // namespace

bool needs_plan(const State& state, const Group& group) {
  return state.quiet_time_ms == 0 && plan_is_outdated(state, group);
}

bool plan_is_outdated(const State& state, const Group& group) {
  if (group.frozen) return false;
  // A round of the leader's ends with a plan, though what it began for may be gone by then.
  if (group.request) return true;
  return group.plan_outdated || group.plan_unfinished || topics_differ(state, group, group.planned);
}

bool request_outdated(const State& state, const Group& group) {
  MUSTER_ASSERT(group.request.has_value());
  return group.request->outdated || topics_differ(state, group, group.request->topics);
}

GroupPhase phase_of(const State& state, const Group& group) {
  if (group.members.empty()) return GroupPhase::kEmpty;
  if (group.revoking_count > 0 || group.reset) return GroupPhase::kBalancing;
  if (plan_is_outdated(state, group)) return GroupPhase::kBalancing;
  return GroupPhase::kStable;
}

std::size_t subscribed_partitions(const State& state, const Group& group) {
  std::size_t count = 0;
  for (const auto& [name, members] : group.subscriptions) {
    const Topic* topic = state.topic(name);
    if (topic != nullptr) count += static_cast<std::size_t>(topic->partition_count);
  }
  return count;
}

std::string digest_text(std::uint64_t digest) {
  constexpr std::size_t kDigits = 16;
  std::array<char, kDigits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + kDigits, digest, 16).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return std::string(kDigits - text.size(), '0').append(text);
}

}  // namespace muster::domain
