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
  std::visit([this](const auto& body) { tell(body); }, event.body);
  causes_.take(sequence, event, facts_, topic_names_);
  facts_.take(sequence, event.body, topic_);
}

std::optional<Error> Story::unknown() const {
  std::string what;
  if (!group_ever_) {
    what = fmt::format("There never was a group {}: 'muster group list' shows those that are.",
                       printable(group_));
  } else if (!topic_ever_) {
    what = fmt::format("There never was a topic {}: 'muster topic list' shows those that are.",
                       printable(topic_name_));
  } else if (partition_ >= most_partitions_) {
    what = fmt::format("Topic {} never had a partition {}: use 0 to {}.", printable(topic_name_),
                       partition_, most_partitions_ - 1);
  }
  if (what.empty()) return std::nullopt;
  return make_error(ErrorCode::kUnknownResource, std::move(what));
}

std::vector<StoryEntry> Story::entries() const {
  std::vector<StoryEntry> all = entries_;
  if (commits_.count > 0) all.push_back(commits_entry());
  return all;
}

std::string Story::why_free() const {
  if (facts_.empty()) return "the group has no members";
  if (facts_.frozen()) return "the group is frozen, so that its plan does not change";
  if (!causes_.leader().empty()) {
    return fmt::format("the plan of leader {} is being waited for", causes_.leader());
  }
  if (causes_.any()) return "the group's next plan is due";
  const GroupFacts::Member* pinned = facts_.member(pinned_to_);
  if (!pinned_to_.empty() && pinned == nullptr) {
    return fmt::format("it is pinned to {}, which is no member", pinned_to_);
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
               .committed = committed_,
               .pinned_to = pinned_to_,
               .frozen = facts_.frozen(),
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
  } else if (revoking_) {
    now.phase = Phase::kRevoking;
    const GroupFacts::Member* owner = facts_.member(owner_);
    now.why =
        fmt::format("{} has {} to release it from when it was told, then it is fenced", now.owner,
                    elapsed_text(owner == nullptr ? 0 : owner->rebalance_timeout_ms));
  } else {
    now.phase = Phase::kOwned;
  }
  return now;
}

}  // namespace muster::tools
