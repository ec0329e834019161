// Questions about groups, their members and their partitions.

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/queries.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

using domain::Group;
using domain::Member;
using domain::PartitionState;
using domain::Phase;

std::size_t owned_of_subscribed(const View& view, const Group& group) {
  const bool all_subscribed = std::ranges::all_of(group.partitions, [&](const auto& known) {
    const domain::Topic* topic = view.state.topic(known.first);
    return topic != nullptr && group.subscriptions.contains(topic->name);
  });
  if (all_subscribed) return group.owned_count;
  std::size_t owned = 0;
  for (const auto& [name, members] : group.subscriptions) {
    const domain::Topic* topic = view.state.topic(name);
    if (topic == nullptr) continue;
    const auto table = group.partitions.find(topic->id);
    if (table == group.partitions.end()) continue;
    table->second.for_each([&](PartitionIndex, const PartitionState& partition) {
      if (partition.phase != Phase::kFree) ++owned;
    });
  }
  return owned;
}

wire::GroupInfoT group_info(const View& view, const Group& group) {
  const std::size_t partitions = domain::subscribed_partitions(view.state, group);
  wire::GroupInfoT info;
  info.name = group.name;
  info.state = static_cast<wire::GroupState>(domain::phase_of(view.state, group));
  info.generation = group.generation;
  info.strategy = group.strategy;
  info.leader = group.leader() ? group.leader()->member_id : "";
  info.members = static_cast<std::uint32_t>(group.members.size());
  info.partitions = static_cast<std::uint32_t>(partitions);
  info.unowned = static_cast<std::uint32_t>(partitions - owned_of_subscribed(view, group));
  info.revoking = static_cast<std::uint32_t>(group.revoking_count);
  info.max_members = group.max_members;
  info.frozen = group.frozen;
  info.offset_retention_ms = group.offset_retention_ms;
  return info;
}

/// Partitions by topic name, for one member.
using ByTopic = std::map<std::string, std::vector<PartitionIndex>>;

std::vector<std::unique_ptr<wire::TopicPartitionsT>> by_topic(const ByTopic& partitions) {
  std::vector<std::unique_ptr<wire::TopicPartitionsT>> all;
  for (const auto& [topic, indexes] : partitions) {
    auto one = std::make_unique<wire::TopicPartitionsT>();
    one->topic = topic;
    one->partitions = indexes;
    all.push_back(std::move(one));
  }
  return all;
}

std::size_t bytes_of(const ByTopic& partitions) {
  std::size_t bytes = 0;
  for (const auto& [topic, indexes] : partitions) {
    bytes += topic.size() + 48 + sizeof(PartitionIndex) * indexes.size();
  }
  return bytes;
}

/// What each member waits for: planned for it, still held by another.
std::map<SeatId, ByTopic> pending_by_seat(const View& view, const Group& group) {
  std::map<SeatId, ByTopic> pending;
  if (group.revoking_count == 0) return pending;
  for (const auto& [id, table] : group.partitions) {
    const domain::Topic* topic = view.state.topic(id);
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      if (partition.phase != Phase::kRevoking || partition.target == kNobody) return;
      pending[partition.target][topic->name].push_back(index);
    });
  }
  return pending;
}

std::unique_ptr<wire::MemberInfoT> member_info(const View& view, const Group& group,
                                               const Member& member, const ByTopic& pending,
                                               Page& page) {
  ByTopic owned;
  ByTopic revoking;
  for (const TopicPartition& at : member.held) {
    const bool leaves = group.partition(at)->phase == Phase::kRevoking;
    (leaves ? revoking : owned)[view.state.topic(at.topic)->name].push_back(at.partition);
  }
  std::size_t bytes = 256 + member.member_id.size() + member.settings.client_id.size();
  const domain::Subscription& subscription = member.settings.subscription;
  for (const std::string& topic : subscription.topics()) bytes += topic.size() + 12;
  for (const std::string& pattern : subscription.patterns()) bytes += pattern.size() + 12;
  if (!page.take(bytes + bytes_of(owned) + bytes_of(revoking) + bytes_of(pending))) return nullptr;

  const Session* session = view.sessions.find(member.seat);
  auto info = std::make_unique<wire::MemberInfoT>();
  info->seat = member.seat;
  info->member_id = member.member_id;
  info->incarnation = member.incarnation;
  info->client_id = member.settings.client_id;
  info->host = member.settings.host;
  info->session_timeout_ms = member.settings.session_timeout_ms;
  info->disconnect_grace_ms = member.settings.disconnect_grace_ms;
  info->rebalance_timeout_ms = member.settings.rebalance_timeout_ms;
  info->connected = session != nullptr && session->connection != 0;
  if (session != nullptr && session->stalled_since_ms != 0) {
    info->stalled_ms = view.now_ms - session->stalled_since_ms;
  }
  info->topics = subscription.topics();
  info->patterns = subscription.patterns();
  info->draining = group.draining.contains(member.member_id);
  info->computes_plans = member.settings.computes_plans;
  info->owned = by_topic(owned);
  info->revoking = by_topic(revoking);
  info->pending = by_topic(pending);
  return info;
}

/// Topics that the group subscribes to, knows partitions of or has pins for, sorted by name.
std::set<std::string> topics_of(const View& view, const Group& group) {
  std::set<std::string> names;
  for (const auto& [name, members] : group.subscriptions) {
    if (view.state.topic(name) != nullptr) names.insert(name);
  }
  for (const auto& [id, table] : group.partitions) {
    if (const domain::Topic* topic = view.state.topic(id)) names.insert(topic->name);
  }
  for (const auto& [at, member_id] : group.pins) names.insert(view.state.topic(at.topic)->name);
  return names;
}

std::string member_name(const Group& group, SeatId seat) {
  const Member* member = group.member(seat);
  return member == nullptr ? std::string() : member->member_id;
}

/// Null when the partition was never granted.
std::unique_ptr<wire::GrantInfoT> last_grant(const View& view, const Group& group,
                                             const PartitionState& partition) {
  const auto note = group.grants.find(partition.last_fence());
  if (note == group.grants.end()) return nullptr;
  auto info = std::make_unique<wire::GrantInfoT>();
  info->fence = note->first;
  if (partition.fence == 0) info->ended = static_cast<wire::TokenEnd>(partition.ended_how);
  info->time_ms = note->second.time_ms;
  // A restore raises the base above every token that was given before it.
  const bool before_restore = note->first <= view.state.fence_base;
  info->sequence = before_restore ? 0 : note->first - view.state.fence_base;
  info->generation = note->second.generation;
  info->because = note->second.reason.what;
  info->because_sequence = note->second.reason.sequence;
  info->other_changes = note->second.reason.others;
  return info;
}

std::unique_ptr<wire::PartitionInfoT> partition_info(const View& view, const Group& group,
                                                     const domain::Topic& topic,
                                                     PartitionIndex index,
                                                     const PartitionState& partition) {
  auto info = std::make_unique<wire::PartitionInfoT>();
  info->topic = topic.name;
  info->partition = index;
  info->owner = member_name(group, partition.owner);
  info->target = member_name(group, partition.target);
  info->revoking = partition.phase == Phase::kRevoking;
  info->fence = partition.fence;
  info->committed = partition.committed;
  info->metadata = partition.metadata_view();
  info->commit_time_ms = partition.commit_time_ms;
  const TopicPartition at{.topic = topic.id, .partition = index};
  const PartitionEnds ends = view.ends.of(at);
  info->end = ends.end;
  info->start = ends.start;
  const auto pin = group.pins.find(at);
  if (pin != group.pins.end()) info->pinned_to = pin->second;
  info->last_grant = last_grant(view, group, partition);
  return info;
}

}  // namespace

Answer answer(const View& view, const wire::ListGroupsT& query) {
  wire::GroupsReplyT reply;
  Page page(view.max_frame_bytes, query.limit);
  auto group = view.state.groups.upper_bound(query.after);
  for (; group != view.state.groups.end(); ++group) {
    constexpr std::size_t kMostBytes = 768;  // two names and the numbers
    if (!page.take(kMostBytes)) break;
    reply.groups.push_back(std::make_unique<wire::GroupInfoT>(group_info(view, group->second)));
  }
  reply.more = page.full();
  return body_of(std::move(reply));
}

Answer answer(const View& view, const wire::DescribeGroupT& query) {
  const Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  wire::GroupReplyT reply;
  reply.group = std::make_unique<wire::GroupInfoT>(group_info(view, *group));
  reply.draining.assign(group->draining.begin(), group->draining.end());
  reply.quiet_remaining_ms = view.quiet_remaining_ms;
  if (group->reset) {
    reply.resetting = static_cast<std::uint32_t>(group->reset->offsets.size());
    reply.reset_sequence = group->reset->sequence;
  }
  return body_of(std::move(reply));
}

Answer answer(const View& view, const wire::ListMembersT& query) {
  const Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  wire::MembersReplyT reply;
  Page page(view.max_frame_bytes, query.limit);
  const std::map<SeatId, ByTopic> pending = pending_by_seat(view, *group);
  auto seat = group->seats.upper_bound(query.after);
  for (; seat != group->seats.end(); ++seat) {
    const auto waits_for = pending.find(seat->second);
    auto info = member_info(view, *group, *group->member(seat->second),
                            waits_for == pending.end() ? ByTopic() : waits_for->second, page);
    if (info == nullptr) break;
    reply.members.push_back(std::move(info));
  }
  reply.more = page.full();
  if (reply.more && reply.members.empty()) {
    return domain::refuse(ErrorCode::kLimitReached, "Member '", seat->first, "' of group '",
                          group->name,
                          "' holds more than one reply can list: raise max-frame-bytes. "
                          "describe, which lists its partitions page by page.");
  }
  return body_of(std::move(reply));
}

Answer answer(const View& view, const wire::ListPartitionsT& query) {
  const Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  wire::PartitionsReplyT reply;
  Page page(view.max_frame_bytes, query.limit);
  static const PartitionState untouched;
  for (const std::string& name : topics_of(view, *group)) {
    if (name < query.after_topic) continue;
    const domain::Topic& topic = *view.state.topic(name);
    const bool subscribed = group->subscriptions.contains(name);
    PartitionIndex index = name == query.after_topic ? std::max(query.after_partition, -1) + 1 : 0;
    for (; index < topic.partition_count && !page.full(); ++index) {
      const TopicPartition at{.topic = topic.id, .partition = index};
      const PartitionState* known = group->partition(at);
      const bool idle = known == nullptr || (known->owner == kNobody && !known->has_commit());
      if (!subscribed && idle && !group->pins.contains(at)) continue;
      const PartitionState& partition = known == nullptr ? untouched : *known;
      constexpr std::size_t kMostFixedBytes = 1'536;  // six names and the numbers
      if (!page.take(name.size() + partition.metadata_view().size() + kMostFixedBytes)) break;
      reply.partitions.push_back(partition_info(view, *group, topic, index, partition));
    }
  }
  reply.more = page.full();
  return body_of(std::move(reply));
}

}  // namespace muster::coordinator
