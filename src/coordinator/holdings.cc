// What a member holds, as replies to join and resume repeat it: page by page where it is much.

#include "coordinator/holdings.h"

#include <algorithm>

#include "coordinator/queries.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

constexpr std::size_t kTopicFixedBytes = 64;

std::uint32_t revoke_remaining_ms(const View& view, const domain::Member& member,
                                  const domain::TokenRef& token) {
  const auto remaining = view.sessions.revocation_remaining_ms(member.seat, token, view.now_ms);
  // No deadline runs before the push has been released: the whole time is left.
  return static_cast<std::uint32_t>(remaining.value_or(member.settings.rebalance_timeout_ms));
}

/// Appends what the member holds after `after`, as far as the page goes.
void append_holdings(const View& view, const domain::Group& group, const domain::Member& member,
                     TopicPartition after, Page& page,
                     std::vector<std::unique_ptr<wire::GrantedTopicT>>& held) {
  TopicId current = 0;
  for (auto at = member.held.upper_bound(after); at != member.held.end(); ++at) {
    const domain::Topic& topic = *view.state.topic(at->topic);
    const bool fresh = current != at->topic;
    const std::size_t topic_bytes = fresh ? topic.name.size() + kTopicFixedBytes : 0;
    if (!page.take(topic_bytes + sizeof(wire::GrantedPartition))) return;
    if (fresh) {
      held.push_back(std::make_unique<wire::GrantedTopicT>());
      held.back()->topic = topic.name;
      current = at->topic;
    }
    const domain::PartitionState& partition = *group.partition(*at);
    const bool revoking = partition.phase == domain::Phase::kRevoking;
    const domain::TokenRef token{.at = *at, .fence = partition.fence};
    held.back()->partitions.push_back(granted_partition(
        partition, at->partition, revoking ? revoke_remaining_ms(view, member, token) : 0));
  }
}

/// The member as the state has it, with the page of what it holds that begins after `after`.
wire::JoinReplyT member_reply(const View& view, const domain::Group& group,
                              const domain::Member& member, TopicPartition after) {
  constexpr std::uint32_t kHeartbeatsALease = 3;
  wire::JoinReplyT reply;
  reply.lease_ms = domain::lease_ms(member.settings);
  reply.heartbeat_interval_ms = std::max(reply.lease_ms / kHeartbeatsALease, 1U);
  reply.session_timeout_ms = member.settings.session_timeout_ms;
  reply.rebalance_timeout_ms = member.settings.rebalance_timeout_ms;
  reply.generation = group.generation;
  reply.leader = group.leader()->member_id;
  reply.member_count = static_cast<std::uint32_t>(group.members.size());
  reply.gathering = domain::plan_is_outdated(view.state, group);
  reply.quiet_remaining_ms = view.quiet_remaining_ms;
  reply.pending = static_cast<std::uint32_t>(member.pending());
  Page page(view.max_frame_bytes, 0);
  append_holdings(view, group, member, after, page, reply.held);
  reply.more = page.full();
  return reply;
}

}  // namespace

wire::GrantedPartition granted_partition(const domain::PartitionState& partition,
                                         PartitionIndex index, std::uint32_t remaining_ms) {
  return {partition.fence, partition.committed, index, remaining_ms,
          partition.phase == domain::Phase::kRevoking};
}

wire::JoinReplyT join_reply(const View& view, const domain::Group& group,
                            const domain::Member& member) {
  return member_reply(view, group, member, {});
}

Answer answer(const View& view, const wire::HoldingsT& query) {
  const domain::Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  const domain::Member* member = group->member(query.member_id);
  if (member == nullptr || member->incarnation != query.incarnation) {
    return domain::refuse_unknown_member(query.group, query.member_id);
  }
  const domain::Topic* after = view.state.topic(query.after_topic);
  if (after == nullptr) return domain::refuse_unknown_topic(query.after_topic);
  return body_of(member_reply(view, *group, *member,
                              {.topic = after->id, .partition = query.after_partition}));
}

}  // namespace muster::coordinator
