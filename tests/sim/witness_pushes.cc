// What members are told without asking.

#include "tests/sim/witness.h"

namespace muster::sim {

void Witness::check_push(ConnectionId id, const wire::ServerMessage& message) {
  const Sequence at = message.sequence();
  switch (message.body_type()) {
    case wire::ServerBody::Assigned:
      return check(*message.body_as_Assigned(), at);
    case wire::ServerBody::Revoke:
      return check(*message.body_as_Revoke(), at);
    case wire::ServerBody::Lost:
      return check(*message.body_as_Lost(), at);
    case wire::ServerBody::PlanWanted:
      return check_wanted(id, *message.body_as_PlanWanted(), at);
    case wire::ServerBody::Closing:
      return coverage_.refusal(message.body_as_Closing()->error()->code());
    default:
      verdict_.require(false, "one-reply", "A ", wire::EnumNameServerBody(message.body_type()),
                       " without a correlation id on connection ", id, ".");
  }
}

void Witness::check(const wire::Assigned& push, Sequence at) {
  const GroupFacts* group = model_.group_at(push.group()->str(), at);
  SeatId id = kNobody;
  const SeatFacts* seat =
      group == nullptr ? nullptr : group->seat_at(push.member_id()->str(), at, &id);
  const bool named = seat != nullptr && seat->occupant.at(at).incarnation == push.incarnation();
  verdict_.require(named, "pushes-are-true", "Assigned at ", at, " names ", push.member_id()->str(),
                   " of ", push.group()->str(), ", who is not that member then.");
  if (!named) return;
  const bool info = push.generation() == group->generation.at(at) &&
                    push.member_count() == group->member_count.at(at) &&
                    push.leader()->str() == group->seats.at(group->leader.at(at)).member_id;
  verdict_.require(info, "pushes-are-true", "Assigned at ", at,
                   " has another generation, leader or number of members than the group.");
  for (const wire::GrantedTopic* topic : *push.granted()) {
    for (const wire::GrantedPartition* granted : *topic->partitions()) {
      const PartitionFacts* facts =
          partition_at(*group, topic->topic()->str(), granted->partition(), at);
      const Ownership now = facts == nullptr ? Ownership() : facts->ownership.at(at);
      verdict_.require(now.owner == id && now.token == granted->fence() &&
                           facts->commits.at(at).offset == granted->committed(),
                       "pushes-are-true", "Assigned at ", at, " says token ", granted->fence(),
                       " of ", topic->topic()->str(), "/", granted->partition(),
                       "; the model has token ", now.token, ".");
    }
  }
}

void Witness::check(const wire::Revoke& push, Sequence at) {
  const GroupFacts* group = model_.group_at(push.group()->str(), at);
  SeatId id = kNobody;
  const SeatFacts* seat =
      group == nullptr ? nullptr : group->seat_at(push.member_id()->str(), at, &id);
  verdict_.require(
      seat != nullptr && push.deadline_ms() == seat->occupant.at(at).rebalance_timeout_ms,
      "pushes-are-true", "Revoke at ", at, " to ", push.member_id()->str(), " has a deadline of ",
      push.deadline_ms(), " ms, not its own.");
  if (seat == nullptr) return;
  for (const wire::FencedTopic* topic : *push.partitions()) {
    const TopicFacts* facts = model_.topic_at(topic->topic()->str(), at);
    if (facts == nullptr) continue;
    for (const wire::FencedPartition* fenced : *topic->partitions()) {
      const TopicPartition where{facts->id, fenced->partition()};
      const Ownership now = group->partition(where).ownership.at(at);
      const bool reset = group->reset.at(at).wanted.contains(where);
      verdict_.require(reset == (push.reason() == wire::RevokeReason::reset), "pushes-are-true",
                       "Revoke at ", at, " gives another reason than a ",
                       reset ? "reset." : "plan.");
      verdict_.require(now.revoking && now.owner == id && now.token == fenced->fence(),
                       "pushes-are-true", "Revoke at ", at, " asks ", push.member_id()->str(),
                       " for ", topic->topic()->str(), "/", fenced->partition(),
                       ", which is not being revoked from it.");
      asked_back_ms_[{fenced->fence(), where}] = awake_ms();
    }
  }
}

void Witness::check(const wire::Lost& push, Sequence at) {
  const GroupFacts* group = model_.group_at(push.group()->str(), at);
  if (group == nullptr) return;
  const SeatFacts* seat = group->seat_at(push.member_id()->str(), at, nullptr);
  if (push.seat_ended()) {
    verdict_.require(seat == nullptr || seat->occupant.at(at).incarnation != push.incarnation(),
                     "pushes-are-true", "Lost at ", at, " tells ", push.member_id()->str(),
                     " that its seat has ended, which it has not.");
    return;
  }
  for (const wire::FencedTopic* topic : *push.partitions()) {
    const TopicFacts* facts = model_.topic_at(topic->topic()->str(), at);
    if (facts == nullptr) continue;  // deleted
    for (const wire::FencedPartition* fenced : *topic->partitions()) {
      const Ownership now = group->partition({facts->id, fenced->partition()}).ownership.at(at);
      verdict_.require(now.token != fenced->fence(), "pushes-are-true", "Lost at ", at,
                       " speaks of token ", fenced->fence(), ", which is current.");
    }
  }
}

}  // namespace muster::sim
