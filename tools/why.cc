#include "tools/why.h"

#include <fmt/format.h>

#include "tools/output.h"
#include "tools/why_words.h"

namespace muster::tools {

Story::Story(std::string group, std::string topic, PartitionIndex partition)
    : group_(std::move(group)), topic_name_(std::move(topic)), partition_(partition) {}

void Story::take(Sequence sequence, const domain::Event& event) {
  const std::string_view group = domain::event_group(event.body);
  if (!group.empty() && group != group_) return;
  sequence_ = sequence;
  event_ = &event;
  topic_names_.take_in(sequence, event);
  if (!group.empty()) group_begins();
  if (!group.empty() && first_sequence_ > 1) introduce(event.body);
  std::visit([this](const auto& body) { tell(body); }, event.body);
  causes_.take(sequence, event, facts_, topic_names_);
  facts_.take(sequence, event.body, topic_);
}

std::optional<Error> Story::unknown() const {
  std::string what;
  const char* never = first_sequence_ > 1 ? "is no" : "never was a";
  if (!group_ever_) {
    what = fmt::format("There {} group {}: 'muster group list' shows those that are.", never,
                       printable(group_));
  } else if (!topic_ever_) {
    what = fmt::format("There {} topic {}: 'muster topic list' shows those that are.", never,
                       printable(topic_name_));
  } else if (partition_ >= most_partitions_) {
    what = fmt::format("Topic {} never had a partition {}: use 0 to {}.", printable(topic_name_),
                       partition_, most_partitions_ - 1);
  }
  if (what.empty()) return std::nullopt;
  if (first_sequence_ > 1) {
    what += fmt::format(
        " What was before event {} is not known any more: it was trimmed. A greater "
        "--history-max-bytes of musterd keeps more.",
        first_sequence_);
  }
  return make_error(ErrorCode::kUnknownResource, std::move(what));
}

std::vector<StoryEntry> Story::entries() const {
  std::vector<StoryEntry> all = entries_;
  if (commits_.count > 0) all.push_back(commits_entry());
  return all;
}

std::string Story::pin_text() const {
  const std::string& name = pinned_to();
  if (name.empty()) return {};
  const GroupFacts::Member* member = facts_.member(name);
  const char* how = "";
  if (member == nullptr) {
    how = ", which is no member: nobody else is given it";
  } else if (facts_.drains(name)) {
    how = ", which drains: the pin does nothing meanwhile";
  } else if (!facts_.subscribes(member->subscription, topic_name_)) {
    how = ", which does not subscribe to its topic: the pin does nothing meanwhile";
  }
  return fmt::format("It is pinned to {}{}.", name, how);
}

std::string Story::why_free() const {
  if (quiet_) return "the journal was restored, and nothing is assigned before its quiet time ends";
  if (facts_.empty()) return "the group has no members";
  if (frozen()) return "the group is frozen, so that its plan does not change";
  if (!causes_.leader().empty()) {
    return fmt::format("the plan of leader {} is being waited for", causes_.leader());
  }
  if (causes_.any()) return "the group's next plan is due";
  if (!pinned_to().empty() && facts_.member(pinned_to()) == nullptr) {
    return fmt::format("it waits for {}, to which it is pinned and which is no member",
                       pinned_to());
  }
  if (!facts_.anyone_subscribes(topic_name_)) {
    return fmt::format("no member subscribes to topic {}", topic_name_);
  }
  if (facts_.all_subscribers_drain(topic_name_)) {
    return fmt::format("every member that subscribes to topic {} drains", topic_name_);
  }
  return "the last plan gives it to nobody";
}

Standing Story::standing() const {
  using Phase = Standing::Phase;
  Standing now{.owner = name_of(owner_),
               .fence = fence_,
               .target = name_of(target_),
               .since_sequence = since_sequence_,
               .since_ms = since_ms_,
               .committed = present_ ? present_->committed : committed_,
               .pinned_to = pinned_to(),
               .pin = pin_text(),
               .frozen = frozen(),
               .why = {}};
  if (topic_ == 0) {
    now.phase = Phase::kNoTopic;
    now.why = fmt::format("topic {} was deleted", topic_name_);
  } else if (partition_ >= partition_count_) {
    now.phase = Phase::kNoPartition;
    now.why = fmt::format("topic {} has {} now", topic_name_,
                          counted(static_cast<std::uint64_t>(partition_count_), "partition"));
  } else if (!group_exists_) {
    now.phase = Phase::kNoGroup;
    now.why = fmt::format("group {} was deleted", group_);
  } else if (owner_ == kNobody) {
    now.phase = Phase::kFree;
    now.why = why_free();
    if (now.why.find("to which it is pinned") != std::string::npos) now.pin.clear();
  } else if (revoking_ || (present_ && present_->revoking && present_->fence == fence_)) {
    now.phase = Phase::kRevoking;
    const GroupFacts::Member* owner = facts_.member(owner_);
    const bool known = owner != nullptr && owner->known;
    now.why =
        fmt::format("{} has {} to release it from when it was told, then it is fenced", now.owner,
                    known ? elapsed_text(owner->rebalance_timeout_ms) : "its rebalance timeout");
  } else {
    now.phase = Phase::kOwned;
  }
  return now;
}

}  // namespace muster::tools
