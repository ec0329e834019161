// What each event does to the partition whose story is told.
#include <fmt/format.h>

#include <algorithm>

#include "tools/output.h"
#include "tools/why.h"
#include "tools/why_words.h"

namespace muster::tools {

// ---- hand-overs ----------------------------------------------------------------------------

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

void Story::forget_partition() {
  owner_ = kNobody;
  fence_ = 0;
  revoking_ = false;
  target_ = kNobody;
  last_owner_.clear();
  pinned_to_.clear();
  committed_.reset();
  hand_over_ = {};
  awaits_pin_ = false;
  present_.reset();
  born_ = true;
  since_sequence_ = sequence_;
  since_ms_ = event_->time_ms;
}

// ---- words ---------------------------------------------------------------------------------

bool Story::lists(const std::vector<domain::PartitionList>& lists) const {
  return std::ranges::any_of(lists, [this](const domain::PartitionList& list) {
    return list.topic == topic_ && std::ranges::binary_search(list.partitions, partition_);
  });
}

const domain::MemberPartitions* Story::holder(
    const std::vector<domain::MemberPartitions>& members) const {
  const auto found = std::ranges::find_if(
      members, [this](const domain::MemberPartitions& member) { return lists(member.topics); });
  return found == members.end() ? nullptr : &*found;
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

std::string Story::at() const { return fmt::format("{}/{}", topic_name_, partition_); }
std::string Story::by() const { return "by " + who_text(event_->cause); }

std::string Story::name_of(SeatId seat) const {
  const GroupFacts::Member* member = facts_.member(seat);
  return member == nullptr ? std::string() : member->member_id;
}

StoryEntry& Story::add(const char* kind, std::string what) {
  close_commits();
  StoryEntry& entry = entries_.emplace_back();
  entry.sequence = sequence_;
  entry.time_ms = event_->time_ms;
  entry.kind = kind;
  entry.what = std::move(what);
  return entry;
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

StoryEntry Story::commits_entry() const {
  StoryEntry entry;
  entry.sequence = commits_.sequence;
  entry.time_ms = commits_.time_ms;
  entry.kind = "committed";
  entry.fence = commits_.fence;
  const std::string under =
      commits_.fence == 0 ? "by " + commits_.by : fmt::format("under token {}", commits_.fence);
  entry.what = commits_.count == 1
                   ? fmt::format("offset {} committed {}", commits_.last_offset, under)
                   : fmt::format("{} {}, from offset {} to {}", counted(commits_.count, "commit"),
                                 under, commits_.first_offset, commits_.last_offset);
  return entry;
}

void Story::close_commits() {
  if (commits_.count > 0) entries_.push_back(commits_entry());
  commits_ = {};
}

// ---- topics and groups ---------------------------------------------------------------------

void Story::tell(const domain::TopicCreated& event) {
  if (event.name != topic_name_) return;
  topic_ = sequence_;
  partition_count_ = event.partition_count;
  most_partitions_ = std::max(most_partitions_, event.partition_count);
  const std::string size = counted(static_cast<std::uint64_t>(event.partition_count), "partition");
  add("topic_created",
      topic_ever_ ? fmt::format("topic {} was made anew with {} {}: it starts without offsets",
                                topic_name_, size, by())
                  : fmt::format("topic {} was created with {} {}", topic_name_, size, by()));
  topic_ever_ = true;
  if (group_exists_ && frozen()) entries_.back().what += "; the group was frozen";
}

void Story::tell(const domain::TopicExpanded& event) {
  if (event.topic != topic_) return;
  if (partition_ >= partition_count_ && partition_ < event.partition_count) {
    add("topic_expanded",
        fmt::format(
            "topic {} was expanded from {} to {} {}: {} is new", topic_name_, partition_count_,
            counted(static_cast<std::uint64_t>(event.partition_count), "partition"), by(), at()));
  }
  partition_count_ = event.partition_count;
  most_partitions_ = std::max(most_partitions_, event.partition_count);
}

void Story::tell(const domain::TopicDeleted& event) {
  // One whose creation was trimmed is known by its name alone.
  if (event.topic != topic_ && (topic_ != 0 || event.name != topic_name_)) return;
  topic_ever_ = true;
  most_partitions_ = std::max(most_partitions_, event.former_partition_count);
  std::string what = fmt::format("topic {} was deleted {}", topic_name_, by());
  if (owner_ != kNobody) what += fmt::format("; {} lost {} (token {})", last_owner_, at(), fence_);
  if (committed_) what += fmt::format("; the committed offset {} went with it", *committed_);
  add("topic_deleted", std::move(what));
  forget_partition();
  facts_.forget_topic();
  topic_ = 0;
  partition_count_ = 0;
}

void Story::group_begins() {
  if (group_exists_) return;
  group_exists_ = true;
  if (group_ever_) add("group_created", fmt::format("group {} was made anew {}", group_, by()));
  group_ever_ = true;
}

void Story::tell(const domain::GroupDeleted&) {
  std::string what = fmt::format("group {} was deleted {}", group_, by());
  if (committed_) what += fmt::format("; the committed offset {} went with it", *committed_);
  add("group_deleted", std::move(what));
  forget_partition();
  facts_ = {};
  causes_ = {};
  group_exists_ = false;
}

void Story::tell(const domain::GroupFrozen& event) {
  if (!exists()) return;
  add(event.frozen ? "frozen" : "unfrozen",
      event.frozen ? fmt::format("the group was frozen {}: its plan does not change", by())
                   : fmt::format("the group was unfrozen {}", by()));
}

void Story::tell(const domain::JournalRestored& event) {
  quiet_ = true;
  if (!group_exists_) return;
  std::string what =
      fmt::format("the journal was restored from a backup that ended with sequence {}",
                  event.former_last_sequence);
  if (owner_ != kNobody) what += fmt::format("; {}'s token {} ended", last_owner_, fence_);
  add("restored", std::move(what));
  if (owner_ != kNobody) freed("in the quiet time after the restore");
}

void Story::tell(const domain::PartitionPinned& event) {
  if (event.at != TopicPartition{.topic = topic_, .partition = partition_}) return;
  pinned_to_ = event.member_id;
  if (event.member_id.empty()) {
    add("unpinned", fmt::format("{} was unpinned {}", at(), by()));
  } else {
    add("pinned", fmt::format("{} was pinned to {} {}", at(), event.member_id, by())).member_id =
        event.member_id;
  }
}

// ---- members -------------------------------------------------------------------------------

void Story::tell(const domain::MemberReplaced& event) {
  if (event.seat != owner_) return;
  StoryEntry& entry =
      add("replaced", fmt::format("{} was taken over by a new process at {}; token {} ended",
                                  event.member_id, event.settings.host, fence_));
  entry.member_id = event.member_id;
  entry.fence = fence_;
  freed(fmt::format("waiting for {}, until a new process took over", event.member_id));
}

void Story::tell(const domain::MemberLeft& event) {
  if (event.seat != owner_) return;
  const std::string how = event.removed ? "was removed " + by() : "left";
  StoryEntry& entry = add(event.removed ? "removed" : "left",
                          fmt::format("{} {}; token {} ended", event.member_id, how, fence_));
  entry.member_id = event.member_id;
  entry.fence = fence_;
  freed(fmt::format("waiting for {}, until it {}", event.member_id,
                    event.removed ? "was removed" : "left"));
}

void Story::tell(const domain::MemberExpired& event) {
  const GroupFacts::Member* member = facts_.member(event.seat);
  if (event.seat != owner_ || member == nullptr) return;
  StoryEntry& entry =
      add("expired", fmt::format("{} {}; token {} ended", event.member_id,
                                 expiry_text(event.reason, member->session_timeout_ms,
                                             member->disconnect_grace_ms),
                                 fence_));
  entry.member_id = event.member_id;
  entry.fence = fence_;
  entry.given_up_after_ms = event.reason == domain::ExpiryReason::kSilence
                                ? member->session_timeout_ms
                                : member->disconnect_grace_ms;
  freed(fmt::format("waiting for {}, until it expired", event.member_id));
  hand_over_.given_up_after_ms = entry.given_up_after_ms;
}

// ---- plans and grants ----------------------------------------------------------------------

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
    return fmt::format("{} (generation {}, by leader {})", text, plan.generation, causes_.leader());
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

void Story::tell(const domain::OffsetsCommitted& event) {
  for (const domain::OffsetValue& value : event.offsets) {
    if (value.at != TopicPartition{.topic = topic_, .partition = partition_}) continue;
    if (commits_.count > 0 && commits_.fence != value.fence) close_commits();
    if (commits_.count++ == 0) commits_.first_offset = value.offset;
    commits_.last_offset = value.offset;
    commits_.fence = value.fence;
    commits_.sequence = sequence_;
    commits_.time_ms = event_->time_ms;
    commits_.by = who_text(event_->cause);
    committed_ = value.offset;
  }
}

}  // namespace muster::tools
