#include "tools/why_group.h"

#include <algorithm>
#include <utility>

namespace muster::tools {

void GroupFacts::seat(SeatId seat, const std::string& member_id,
                      const domain::MemberSettings& settings) {
  members_[seat] = {.member_id = member_id,
                    .subscription = settings.subscription,
                    .session_timeout_ms = settings.session_timeout_ms,
                    .disconnect_grace_ms = settings.disconnect_grace_ms,
                    .rebalance_timeout_ms = settings.rebalance_timeout_ms};
  seats_[member_id] = seat;
}

void GroupFacts::recall(SeatId seat, Member member) {
  seats_[member.member_id] = seat;
  members_[seat] = std::move(member);
}

void GroupFacts::introduce(SeatId seat, const std::string& member_id) {
  if (members_.contains(seat)) return;
  members_[seat] = {.member_id = member_id, .subscription = {}, .known = false};
  seats_[member_id] = seat;
}

void GroupFacts::take(Sequence sequence, const domain::EventBody& body, TopicId topic) {
  if (const auto* joined = std::get_if<domain::MemberJoined>(&body)) {
    seat(sequence, joined->member_id, joined->settings);
  } else if (const auto* replaced = std::get_if<domain::MemberReplaced>(&body)) {
    seat(replaced->seat, replaced->member_id, replaced->settings);
  } else if (const auto* subscribed = std::get_if<domain::MemberSubscribed>(&body)) {
    members_[subscribed->seat].subscription = subscribed->subscription;
  } else if (const auto* left = std::get_if<domain::MemberLeft>(&body)) {
    members_.erase(left->seat);
    seats_.erase(left->member_id);
  } else if (const auto* expired = std::get_if<domain::MemberExpired>(&body)) {
    members_.erase(expired->seat);
    seats_.erase(expired->member_id);
  } else if (std::holds_alternative<domain::JournalRestored>(body)) {
    members_.clear();
    seats_.clear();
  } else if (const auto* configured = std::get_if<domain::GroupConfigured>(&body)) {
    strategy_ = configured->strategy;
  } else if (const auto* plan = std::get_if<domain::PlanMade>(&body)) {
    if (strategy_.empty() && plan->instead_of_leader.empty()) strategy_ = plan->strategy;
  } else if (const auto* froze = std::get_if<domain::GroupFrozen>(&body)) {
    frozen_ = froze->frozen;
  } else if (const auto* drained = std::get_if<domain::MemberDrained>(&body)) {
    if (drained->draining) {
      draining_.insert(drained->member_id);
    } else {
      draining_.erase(drained->member_id);
    }
  } else if (const auto* matched = std::get_if<domain::TopicsMatched>(&body)) {
    for (const domain::PatternTopics& match : matched->matches) {
      if (std::ranges::binary_search(match.topics, topic)) matching_.insert(match.pattern);
    }
  }
}

const GroupFacts::Member* GroupFacts::member(SeatId seat) const {
  const auto found = members_.find(seat);
  return found == members_.end() ? nullptr : &found->second;
}

SeatId GroupFacts::seat_of(const std::string& member_id) const {
  const auto found = seats_.find(member_id);
  return found == seats_.end() ? kNobody : found->second;
}

const GroupFacts::Member* GroupFacts::member(const std::string& member_id) const {
  const auto found = seats_.find(member_id);
  return found == seats_.end() ? nullptr : member(found->second);
}

bool GroupFacts::subscribes(const domain::Subscription& subscription,
                            const std::string& topic) const {
  return std::ranges::binary_search(subscription.topics(), topic) ||
         std::ranges::any_of(subscription.patterns(), [this](const std::string& pattern) {
           return matching_.contains(pattern);
         });
}

bool GroupFacts::anyone_names(const std::string& topic) const {
  return std::ranges::any_of(members_, [&](const auto& one) {
    return std::ranges::binary_search(one.second.subscription.topics(), topic);
  });
}

bool GroupFacts::anyone_subscribes(const std::string& topic) const {
  return std::ranges::any_of(
      members_, [&](const auto& member) { return subscribes(member.second.subscription, topic); });
}

bool GroupFacts::all_subscribers_drain(const std::string& topic) const {
  return std::ranges::none_of(members_, [&](const auto& member) {
    return subscribes(member.second.subscription, topic) && !drains(member.second.member_id);
  });
}

}  // namespace muster::tools
