// How the partition goes from one owner to the next: plans, releases, fences, grants.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/why.h"
#include "tools/why_words.h"

namespace muster::tools {

void Story::HandOver::begin(std::int64_t time_ms) {
  if (under_way) return;
  *this = {.under_way = true,
           .began_ms = time_ms,
           .reached_ms = time_ms,
           .given_up_after_ms = 0,
           .legs = {}};
}

void Story::HandOver::step(const std::string& spent_on, std::int64_t time_ms) {
  // The wall clock may have been set back meanwhile.
  const std::int64_t took_ms = std::max<std::int64_t>(time_ms - reached_ms, 0);
  reached_ms += took_ms;
  if (!legs.empty() && legs.back().what == spent_on) {
    legs.back().took_ms += took_ms;
  } else {
    legs.push_back({.what = spent_on, .took_ms = took_ms});
  }
}

/// The plan sets out from its first cause, which may lie in the time of a hand-over on its way.
void Story::plan_hand_over(const domain::PlanMade& plan) {
  if (revoking_) return;  // it waits for the release already
  const std::int64_t first_ms = causes_.first_ms(plan, concern()).value_or(event_->time_ms);
  hand_over_.begin(first_ms);
  if (first_ms > hand_over_.reached_ms) {
    hand_over_.step(awaits_pin_ ? fmt::format("waiting for {}, to which it is pinned and which was "
                                              "no member",
                                              pinned_to_)
                                : "without a member to own it",
                    first_ms);
  }
  const auto marks = causes_.marks(event_->time_ms);
  for (const PlanCauses::Mark& mark : marks) {
    const bool last = &mark == &marks.back();
    if (last || mark.time_ms > hand_over_.reached_ms) {
      hand_over_.step(mark.until_then, mark.time_ms);
    }
  }
}

void Story::freed(const std::string& spent_on) {
  if (revoking_) {
    hand_over_.step(spent_on, event_->time_ms);
  } else {
    hand_over_.begin(event_->time_ms);
  }
  owner_ = kNobody;
  fence_ = 0;
  revoking_ = false;
  since_sequence_ = sequence_;
  since_ms_ = event_->time_ms;
}

/// Whether the owner loses the partition's token, among others. Who it was, and under which token,
/// may be news when the grant was trimmed.
bool Story::takes_from_owner(SeatId seat, const std::string& member_id,
                             const std::vector<domain::TokenRef>& tokens) {
  const TopicPartition here{.topic = topic_, .partition = partition_};
  const auto token = std::ranges::find(tokens, here, &domain::TokenRef::at);
  if (token == tokens.end()) return false;
  if (owner_ == kNobody && !born_) {
    owner_ = seat;
    last_owner_ = member_id;
  }
  if (owner_ != seat || owner_ == kNobody) return false;
  fence_ = token->fence;
  return true;
}

/// What explains the plan stands before it, unless it stands there for its own sake. Many causes
/// would bury the partition's own story: then the plan's summary has to do.
void Story::add_causes(const domain::PlanMade& plan) {
  constexpr std::size_t kMostLines = 3;
  close_commits();
  const auto lines = causes_.lines(plan, concern());
  if (lines.size() > kMostLines) return;
  for (const PlanCauses::Line& line : lines) {
    const auto place = std::ranges::lower_bound(entries_, line.sequence, {}, &StoryEntry::sequence);
    if (place != entries_.end() && place->sequence == line.sequence) continue;
    StoryEntry entry;
    entry.sequence = line.sequence;
    entry.time_ms = line.time_ms;
    entry.kind = line.kind;
    entry.what = line.what;
    entries_.insert(place, std::move(entry));
  }
}

std::string Story::plan_text(const domain::PlanMade& plan, const std::string& target,
                             bool asked_back) const {
  std::string text;
  if (asked_back) text = fmt::format("asked back from {} and ", name_of(owner_));
  text += fmt::format("planned for {}", target.empty() ? "nobody" : target);
  const bool pin_is_cause = causes_.name(at());
  if (awaits_pin_) {
    text += fmt::format(" until {}{} is a member", pinned_to_,
                        pin_is_cause ? "" : ", to which it is pinned,");
  } else if (!target.empty() && target == pinned_to_ && !pin_is_cause) {
    text += ", to which it is pinned,";
  }
  if (revoking_) text += fmt::format(" once {} has released it", name_of(owner_));
  if (!plan.instead_of_leader.empty()) {
    return fmt::format("{} (generation {}, by {} instead of the leader)", text, plan.generation,
                       plan.strategy);
  }
  if (plan.strategy == "leader") {
    // Who led may have been trimmed from the journal.
    const std::string& leader = causes_.leader();
    return fmt::format("{} (generation {}, by {})", text, plan.generation,
                       leader.empty() ? "the leader" : "leader " + leader);
  }
  return fmt::format("{} (generation {}, {})", text, plan.generation, plan.strategy);
}

void Story::tell(const domain::PlanMade& event) {
  const domain::MemberPartitions* target = holder(event.targets);
  const bool unassigned = lists(event.unassigned);
  const bool asked_back = holder(event.revoking) != nullptr;
  if (target != nullptr || unassigned || asked_back) {
    if (asked_back && owner_ == kNobody && !born_) {
      owner_ = holder(event.revoking)->seat;
      last_owner_ = holder(event.revoking)->member_id;
    }
    add_causes(event);
    plan_hand_over(event);
    if (target != nullptr) target_ = target->seat;
    if (unassigned) target_ = kNobody;
    awaits_pin_ = target_ == kNobody && !pinned_to_.empty() && facts_.member(pinned_to_) == nullptr;
    StoryEntry& entry = add("planned", plan_text(event, name_of(target_), asked_back));
    entry.why = causes_.text(event, concern());
    if (!event.instead_of_leader.empty()) {
      entry.why += fmt::format("{}{}", entry.why.empty() ? "" : "; ", event.instead_of_leader);
    }
    entry.member_id = name_of(target_);
  }
  if (asked_back) {
    revoking_ = true;
    asked_back_ms_ = event_->time_ms;
    since_sequence_ = sequence_;
    since_ms_ = event_->time_ms;
  }
  if (!event.more) causes_.clear(event);  // the other slices have the same causes
}

/// It goes back to whom the plan gives it as soon as all partitions of the reset are free.
void Story::tell(const domain::OffsetsResetBegun& event) {
  const domain::MemberPartitions* owner = holder(event.revoking);
  if (owner == nullptr) return;
  if (owner_ == kNobody && !born_) {
    owner_ = owner->seat;
    last_owner_ = owner->member_id;
  }
  hand_over_.begin(event_->time_ms);
  add("reset_begun",
      fmt::format("asked back from {} for a live reset of offsets {}", owner->member_id, by()))
      .member_id = owner->member_id;
  revoking_ = true;
  asked_back_ms_ = event_->time_ms;
  since_sequence_ = sequence_;
  since_ms_ = event_->time_ms;
}

void Story::tell(const domain::PartitionsGranted& event) {
  const domain::MemberPartitions* grant = holder(event.grants);
  if (grant == nullptr) return;
  owner_ = grant->seat;
  fence_ = event.fence_base + sequence_;
  since_sequence_ = sequence_;
  since_ms_ = event_->time_ms;
  StoryEntry& entry =
      add("granted", fmt::format("granted to {} under token {}{}", grant->member_id, fence_,
                                 last_owner_.empty() && born_ ? "; nobody had it before" : ""));
  entry.member_id = grant->member_id;
  entry.former_owner = std::exchange(last_owner_, grant->member_id);
  entry.fence = fence_;
  if (hand_over_.under_way) {
    entry.took_ms = hand_over_.reached_ms - hand_over_.began_ms;
    entry.given_up_after_ms = hand_over_.given_up_after_ms;
    entry.legs = std::move(hand_over_.legs);
  }
  hand_over_ = {};
  awaits_pin_ = false;
  born_ = true;
}

void Story::tell(const domain::PartitionsReleased& event) {
  const bool known = owner_ != kNobody;
  if (!takes_from_owner(event.seat, event.member_id, event.tokens)) return;
  std::string what = fmt::format("released by {} under token {}", event.member_id, fence_);
  if (revoking_) what += " after " + elapsed_text(event_->time_ms - asked_back_ms_);
  if (!revoking_ && known) what += ", unasked";
  const bool with_commit = commits_.count > 0 && commits_.sequence + 1 == sequence_;
  if (with_commit) what += fmt::format(", with a last commit of offset {}", commits_.last_offset);
  if (with_commit && commits_.count == 1) commits_ = {};
  StoryEntry& entry = add("released", std::move(what));
  entry.member_id = event.member_id;
  entry.fence = fence_;
  freed(fmt::format("waiting for {}'s release", event.member_id));
}

void Story::tell(const domain::PartitionsFenced& event) {
  if (!takes_from_owner(event.seat, event.member_id, event.tokens)) return;
  const GroupFacts::Member* member = facts_.member(owner_);
  std::string what =
      fmt::format("token {} of {} was fenced: it did not release {} within its rebalance timeout",
                  fence_, event.member_id, at());
  if (member != nullptr && member->known) {
    what += fmt::format(" ({} after it was told)", elapsed_text(member->rebalance_timeout_ms));
  }
  StoryEntry& entry = add("fenced", std::move(what));
  entry.member_id = event.member_id;
  entry.fence = fence_;
  freed(fmt::format("waiting for {}, which did not release it", event.member_id));
}

}  // namespace muster::tools
