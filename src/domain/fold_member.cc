// The fold of seats: taken, passed on, ended; and the incarnations that may never come back.

#include <algorithm>

#include "domain/folding.h"
#include "domain/limits.h"

namespace muster::domain {
namespace {

const char* ended_word(TokenEnd how) {
  switch (how) {
    case TokenEnd::kRemoved:
      return "was removed";
    case TokenEnd::kExpired:
      return "expired";
    default:
      return "left";
  }
}

}  // namespace

void Folding::remember_ended(Group& group, const std::string& member_id, Incarnation incarnation,
                             TokenEnd how) {
  auto& ended = group.ended[member_id];
  if (!ended.empty()) state_.digest -= hash_of(group.id, member_id, ended);
  ended.push_back({.incarnation = incarnation, .how = how, .sequence = sequence_});
  if (ended.size() > kEndedIncarnationsPerMember) ended.pop_front();
  state_.digest += hash_of(group.id, member_id, ended);
  if (group.ended.size() <= kEndedMemberIdsPerGroup) return;
  const auto oldest = std::min_element(
      group.ended.begin(), group.ended.end(), [](const auto& left, const auto& right) {
        return left.second.back().sequence < right.second.back().sequence;
      });
  state_.digest -= hash_of(group.id, oldest->first, oldest->second);
  group.ended.erase(oldest);
}

void Folding::end_all_tokens(Group& group, const Member& member, TokenEnd how) {
  for (const TopicPartition& at : member.held) end_token(group, at, how);
}

void Folding::drop_member(Group& group, Member& member, TokenEnd how) {
  end_all_tokens(group, member, how);
  state_.digest -= hash_of(group.id, member);
  unsubscribe(group, member.settings.subscription);
  group.seats.erase(member.member_id);
  const SeatId seat = member.seat;  // a copy: the member goes with it
  group.members.erase(seat);
  --state_.member_count;
  if (!group.members.empty()) return;
  const Changing changing(state_, group);
  group.emptied_ms = time_ms_;
}

Contradiction Folding::end_seat(const std::string& group_name, SeatId seat,
                                const std::string& member_id, TokenEnd how) {
  Group* group = find_group(group_name);
  if (group == nullptr) return no_group(group_name);
  Member* member = find_member(*group, seat, member_id);
  if (member == nullptr) return no_seat(group_name, seat, member_id);
  if (how == TokenEnd::kRemoved) {
    remember_ended(*group, member->member_id, member->incarnation, TokenEnd::kRemoved);
  }
  drop_member(*group, *member, how);
  outdate_plan(*group, Urgency::kAtOnce, sentence("member '", member_id, "' ", ended_word(how)));
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberJoined& event) {
  Group& group = find_or_create_group(event.group);
  if (group.seats.contains(event.member_id)) {
    return sentence("member '", event.member_id, "' has a seat in group '", event.group, "'");
  }
  if (group.members.empty()) {
    const Changing changing(state_, group);
    group.emptied_ms = 0;
  }
  Member& member = group.members[sequence_];
  member.seat = sequence_;
  member.member_id = event.member_id;
  member.incarnation = event.incarnation;
  member.incarnation_sequence = sequence_;
  member.settings = event.settings;
  group.seats[event.member_id] = sequence_;
  subscribe(state_, group, member.settings.subscription);
  ++state_.member_count;
  state_.digest += hash_of(group.id, member);
  outdate_plan(group, Urgency::kMayGather, sentence("member '", event.member_id, "' joined"));
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberReplaced& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  if (member->incarnation != event.former_incarnation) {
    return no_incarnation(event.seat, event.former_incarnation);
  }
  end_all_tokens(*group, *member, TokenEnd::kReplaced);
  remember_ended(*group, member->member_id, member->incarnation, TokenEnd::kReplaced);
  const bool resubscribed = member->settings.subscription != event.settings.subscription;
  const bool other_metadata = member->settings.metadata != event.settings.metadata;
  MemberSettings settings = event.settings;
  subscribe(state_, *group, settings.subscription);
  unsubscribe(*group, member->settings.subscription);
  {
    const Changing changing(state_, group->id, *member);
    member->held.clear();
    member->incarnation = event.incarnation;
    member->incarnation_sequence = sequence_;
    member->settings = std::move(settings);
  }
  // The process that was asked is gone, and the new one's resume or join does not repeat it.
  const bool was_asked = group->request && group->request->leader == event.seat;
  if (resubscribed || other_metadata || was_asked) {
    outdate_plan(*group, Urgency::kMayGather, took_over(event.member_id));
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberSubscribed& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  Subscription subscription = event.subscription;
  subscribe(state_, *group, subscription);
  unsubscribe(*group, member->settings.subscription);
  {
    const Changing changing(state_, group->id, *member);
    member->settings.subscription = std::move(subscription);
    member->settings.metadata = event.metadata;
    member->settings.computes_plans = event.computes_plans;
  }
  outdate_plan(*group, Urgency::kMayGather,
               sentence("member '", event.member_id, "' changed its subscription"));
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberLeft& event) {
  return end_seat(event.group, event.seat, event.member_id,
                  event.removed ? TokenEnd::kRemoved : TokenEnd::kLeft);
}

Contradiction Folding::operator()(const MemberExpired& event) {
  return end_seat(event.group, event.seat, event.member_id, TokenEnd::kExpired);
}

}  // namespace muster::domain
