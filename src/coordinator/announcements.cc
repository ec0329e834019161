#include "coordinator/announcements.h"

#include <algorithm>
#include <span>
#include <utility>

#include "coordinator/answer.h"
#include "coordinator/holdings.h"
#include "coordinator/plan_wanted.h"
#include "domain/assert.h"

namespace muster::coordinator {
namespace {

using domain::Group;
using domain::Member;

/// Cuts a member's partitions into pushes that fit a frame. `emit(topic_name, id, indexes)` adds
/// some partitions of one topic to the push at hand, `next()` sends it.
template <typename Emit, typename Next>
void in_pushes(const domain::State& state, const domain::MemberPartitions& partitions,
               std::size_t partitions_a_push, Emit emit, Next next) {
  std::size_t room = partitions_a_push;
  for (const domain::PartitionList& list : partitions.topics) {
    const domain::Topic& topic = *state.topic(list.topic);
    std::size_t from = 0;
    while (from < list.partitions.size()) {
      const std::size_t count = std::min(room, list.partitions.size() - from);
      emit(topic, std::span(list.partitions).subspan(from, count));
      from += count;
      room -= count;
      if (room > 0) continue;
      next();
      room = partitions_a_push;
    }
  }
  if (room < partitions_a_push) next();
}

void name_member(auto& push, const Group& group, const Member& member) {
  push.group = group.name;
  push.member_id = member.member_id;
  push.incarnation = member.incarnation;
}

/// Tokens of one member as pushes name them: by topic.
std::vector<std::unique_ptr<wire::FencedTopicT>> fenced_topics(
    const domain::State& state, std::span<const domain::TokenRef> tokens) {
  std::vector<std::unique_ptr<wire::FencedTopicT>> topics;
  TopicId current = 0;
  for (const domain::TokenRef& token : tokens) {
    if (current != token.at.topic) {
      current = token.at.topic;
      topics.push_back(std::make_unique<wire::FencedTopicT>());
      topics.back()->topic = state.topic(current)->name;
    }
    topics.back()->partitions.emplace_back(token.fence, token.at.partition);
  }
  return topics;
}

}  // namespace

void Announcements::before(const domain::Event& event) {
  if (const auto* left = std::get_if<domain::MemberLeft>(&event.body)) {
    const Group& group = *state_.group(left->group);
    if (left->removed) {
      tell_seat_ended(group, *group.member(left->seat), domain::TokenEnd::kRemoved, true);
    } else {  // it asked for it: the reply says enough
      awaiting_plan_.erase(left->seat);
      announcements_.push_back({.seat = left->seat, .body = {}, .ends_seat = true});
    }
  } else if (const auto* expired = std::get_if<domain::MemberExpired>(&event.body)) {
    const Group& group = *state_.group(expired->group);
    tell_seat_ended(group, *group.member(expired->seat), domain::TokenEnd::kExpired, true);
  } else if (const auto* replaced = std::get_if<domain::MemberReplaced>(&event.body)) {
    const Group& group = *state_.group(replaced->group);
    tell_seat_ended(group, *group.member(replaced->seat), domain::TokenEnd::kReplaced, false);
    replaced_ = replaced->seat;
  } else if (const auto* dropped = std::get_if<domain::GroupTopicDropped>(&event.body)) {
    tell_dropped(*dropped);
  } else if (const auto* plan = std::get_if<domain::PlanMade>(&event.body)) {
    note_waiting(*plan);
  }
}

/// Who has to hear of the plan, granted something or not: members that no plan has counted yet or
/// that were told of this one, and those that wait for more or for less than before. One that waits
/// for something which the plan gives to another would wait for ever (no-orphan).
void Announcements::note_waiting(const domain::PlanMade& plan) {
  planned_ = state_.group(plan.group);
  if (!plan.more) note_expectant(plan);
  const auto note_former = [this](const domain::PartitionList& list) {
    for (const PartitionIndex index : list.partitions) {
      const auto* partition = planned_->partition({.topic = list.topic, .partition = index});
      if (partition == nullptr || partition->target == partition->owner) continue;
      if (planned_->member(partition->target) != nullptr) waiting_.insert(partition->target);
    }
  };
  std::ranges::for_each(plan.unassigned, note_former);
  for (const domain::MemberPartitions& targets : plan.targets) {
    waiting_.insert(targets.seat);
    std::ranges::for_each(targets.topics, note_former);
  }
}

/// Members that the plan counts first (`membership` 0: it counts everybody), and those that had a
/// plan before and await this one, unless another follows it.
void Announcements::note_expectant(const domain::PlanMade& plan) {
  for (const auto& [seat, member] : planned_->members) {
    const bool counted_first = !member.planned && (plan.membership == 0 || seat <= plan.membership);
    const bool awaits = !plan.outdated && awaiting_plan_.erase(seat) > 0;
    if (counted_first || awaits) waiting_.insert(seat);
  }
}

/// Whoever awaits a plan gets none for now.
void Announcements::note_frozen(const domain::GroupFrozen& event) {
  if (!event.frozen) return;
  planned_ = state_.group(event.group);
  for (const auto& [seat, member] : planned_->members) {
    if (awaiting_plan_.erase(seat) > 0 || !member.planned) waiting_.insert(seat);
  }
}

void Announcements::after(const domain::Event& event) {
  if (const auto* plan = std::get_if<domain::PlanMade>(&event.body)) {
    tell_revoked(plan->group, plan->revoking, wire::RevokeReason::plan);
  } else if (const auto* reset = std::get_if<domain::OffsetsResetBegun>(&event.body)) {
    tell_revoked(reset->group, reset->revoking, wire::RevokeReason::reset);
  } else if (const auto* granted = std::get_if<domain::PartitionsGranted>(&event.body)) {
    tell_granted(*granted);
  } else if (const auto* fenced = std::get_if<domain::PartitionsFenced>(&event.body)) {
    tell_fenced(*fenced);
  } else if (const auto* frozen = std::get_if<domain::GroupFrozen>(&event.body)) {
    note_frozen(*frozen);
  } else if (const auto* requested = std::get_if<domain::PlanRequested>(&event.body)) {
    ask_leader(*state_.group(requested->group));
  }
}

void Announcements::ask_leader(const Group& group) {
  MUSTER_ASSERT(group.request.has_value());
  const SeatId leader = group.request->leader;
  const std::size_t bytes_a_page = settings_.max_frame_bytes / 2;
  std::vector<wire::PlanWantedT> pages =
      plan_wanted(state_, group, settings_.limits.leader_plan_timeout_ms, bytes_a_page);
  if (pages.size() * bytes_a_page > settings_.max_unsent_bytes) {
    announcements_.push_back({.seat = leader, .body = {}, .untold_plan_of = group.name});
    return;
  }
  for (wire::PlanWantedT& page : pages) {
    const bool last = !page.more;
    announcements_.push_back({.seat = leader,
                              .body = body_of(std::move(page)),
                              .plan_of = last ? group.name : std::string()});
  }
}

std::vector<Announcement> Announcements::take() {
  tell_waiting();
  return std::exchange(announcements_, {});
}

void Announcements::tell_revoked(const std::string& group_name,
                                 const std::vector<domain::MemberPartitions>& all,
                                 wire::RevokeReason reason) {
  const Group& group = *state_.group(group_name);
  for (const domain::MemberPartitions& revoking : all) {
    const Member& member = *group.member(revoking.seat);
    std::vector<domain::TokenRef> tokens;
    const auto emit = [&](const domain::Topic& topic, std::span<const PartitionIndex> indexes) {
      for (const PartitionIndex index : indexes) {
        const TopicPartition at{.topic = topic.id, .partition = index};
        tokens.push_back({.at = at, .fence = group.partition(at)->fence});
      }
    };
    const auto next = [&] {
      wire::RevokeT push;
      name_member(push, group, member);
      push.generation = group.generation;
      push.deadline_ms = member.settings.rebalance_timeout_ms;
      push.partitions = fenced_topics(state_, tokens);
      push.reason = reason;
      announcements_.push_back({.seat = member.seat,
                                .body = body_of(std::move(push)),
                                .revoking = std::exchange(tokens, {}),
                                .rebalance_timeout_ms = member.settings.rebalance_timeout_ms});
    };
    in_pushes(state_, revoking, partitions_a_push_, emit, next);
  }
}

wire::AssignedT Announcements::assigned(const Group& group, const Member& member) const {
  wire::AssignedT push;
  name_member(push, group, member);
  push.generation = group.generation;
  push.leader = group.leader()->member_id;
  push.member_count = static_cast<std::uint32_t>(group.members.size());
  push.pending = static_cast<std::uint32_t>(member.pending());
  return push;
}

void Announcements::tell_granted(const domain::PartitionsGranted& event) {
  const Group& group = *state_.group(event.group);
  for (const domain::MemberPartitions& grant : event.grants) {
    // The new incarnation has them from the reply to its join; the seat is still bound to the
    // former one's connection, which must not learn the new tokens (fenced-commit).
    if (grant.seat == replaced_) continue;
    const Member& member = *group.member(grant.seat);
    waiting_.erase(grant.seat);
    wire::AssignedT push = assigned(group, member);
    const auto emit = [&](const domain::Topic& topic, std::span<const PartitionIndex> indexes) {
      push.granted.push_back(std::make_unique<wire::GrantedTopicT>());
      push.granted.back()->topic = topic.name;
      for (const PartitionIndex index : indexes) {
        const auto* partition = group.partition({.topic = topic.id, .partition = index});
        push.granted.back()->partitions.push_back(granted_partition(*partition, index, 0));
      }
    };
    const auto next = [&] {
      announcements_.push_back(
          {.seat = member.seat, .body = body_of(std::exchange(push, assigned(group, member)))});
    };
    in_pushes(state_, grant, partitions_a_push_, emit, next);
  }
}

void Announcements::tell_waiting() {
  for (const SeatId seat : std::exchange(waiting_, {})) {
    const Member& member = *planned_->member(seat);
    announcements_.push_back({.seat = seat, .body = body_of(assigned(*planned_, member))});
  }
}

void Announcements::tell_fenced(const domain::PartitionsFenced& event) {
  const Group& group = *state_.group(event.group);
  tell_lost(group, *group.member(event.seat), event.tokens, domain::TokenEnd::kFenced, false);
}

void Announcements::tell_dropped(const domain::GroupTopicDropped& event) {
  const Group& group = *state_.group(event.group);
  for (const domain::MemberPartitions& held : event.held) {
    std::vector<domain::TokenRef> tokens;
    for (const domain::PartitionList& list : held.topics) {
      for (const PartitionIndex index : list.partitions) {
        const TopicPartition at{.topic = list.topic, .partition = index};
        tokens.push_back({.at = at, .fence = group.partition(at)->fence});
      }
    }
    tell_lost(group, *group.member(held.seat), tokens, domain::TokenEnd::kTopicDeleted, false);
  }
}

void Announcements::tell_seat_ended(const Group& group, const Member& member,
                                    domain::TokenEnd reason, bool ends_seat) {
  std::vector<domain::TokenRef> tokens;
  for (const TopicPartition& at : member.held) {
    tokens.push_back({.at = at, .fence = group.partition(at)->fence});
  }
  tell_lost(group, member, tokens, reason, true);
  announcements_.back().ends_seat = ends_seat;
  awaiting_plan_.erase(member.seat);
}

/// In as many pushes as it takes; the last one says whether the seat is gone with them.
void Announcements::tell_lost(const Group& group, const Member& member,
                              std::span<const domain::TokenRef> tokens, domain::TokenEnd reason,
                              bool seat_ended) {
  do {
    const auto some = tokens.first(std::min(tokens.size(), partitions_a_push_));
    tokens = tokens.subspan(some.size());
    wire::LostT push;
    name_member(push, group, member);
    push.reason = static_cast<wire::TokenEnd>(reason);
    push.seat_ended = seat_ended && tokens.empty();
    push.partitions = fenced_topics(state_, some);
    announcements_.push_back({.seat = member.seat, .body = body_of(std::move(push))});
  } while (!tokens.empty());
}

}  // namespace muster::coordinator
