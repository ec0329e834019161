// What each event does to the partition whose story is told.
#include <fmt/format.h>

#include <algorithm>

#include "tools/output.h"
#include "tools/why.h"
#include "tools/why_words.h"

namespace muster::tools {

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

// ---- commits --------------------------------------------------------------------------------

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

void Story::tell(const domain::OffsetsReset& event) {
  const TopicPartition here{.topic = topic_, .partition = partition_};
  const auto value = std::ranges::find(event.offsets, here, &domain::OffsetValue::at);
  if (value == event.offsets.end()) return;
  const auto former = std::ranges::find(event.former, here, &domain::OffsetValue::at);
  const std::string from = former == event.former.end() || former->offset < 0
                               ? std::string()
                               : fmt::format(" from offset {}", former->offset);
  const std::string to =
      value->offset < 0 ? std::string("nothing") : fmt::format("offset {}", value->offset);
  // A live one is carried out by the coordinator; who asked for it stands where it was begun.
  const std::string who = event.begun != 0    ? fmt::format("as begun with {}", event.begun)
                          : value->fence != 0 ? fmt::format("under token {}", value->fence)
                                              : by();
  add("reset", fmt::format("{} was reset{} to {} {}", at(), from, to, who));
  committed_ = value->offset < 0 ? std::nullopt : std::optional(value->offset);
}

void Story::tell_forgotten(const std::vector<domain::OffsetValue>& former, const char* kind,
                           const std::string& why) {
  const TopicPartition here{.topic = topic_, .partition = partition_};
  const auto value = std::ranges::find(former, here, &domain::OffsetValue::at);
  if (value == former.end()) return;
  add(kind, fmt::format("the committed offset {} of {} {}", value->offset, at(), why));
  committed_.reset();
}

void Story::tell(const domain::OffsetsDeleted& event) {
  tell_forgotten(event.former, "offset_deleted", "was deleted " + by());
}

void Story::tell(const domain::OffsetsExpired& event) {
  tell_forgotten(event.former, "offset_expired",
                 "expired: the group had no members for as long as its retention says");
}

}  // namespace muster::tools
