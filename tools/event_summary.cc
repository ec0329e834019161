// An event in a few words, for a table.
#include <fmt/format.h>

#include "tools/arguments.h"
#include "tools/event_view.h"
#include "tools/event_words.h"

namespace muster::tools {
namespace {

struct Summary {
  const TopicNames& names;

  std::string operator()(const domain::TopicCreated& event) const {
    return fmt::format("topic {} with {}", event.name,
                       counted(static_cast<std::uint64_t>(event.partition_count), "partition"));
  }
  std::string operator()(const domain::TopicExpanded& event) const {
    return fmt::format("topic {} now has {}", names.of(event.topic),
                       counted(static_cast<std::uint64_t>(event.partition_count), "partition"));
  }
  std::string operator()(const domain::TopicDeleted& event) const {
    return fmt::format("topic {}", event.name);
  }
  std::string operator()(const domain::GroupTopicDropped& event) const {
    return fmt::format("topic {}: {} lost", names.of(event.topic),
                       counted(event.former.size(), "committed offset"));
  }
  std::string operator()(const domain::MemberJoined& event) const {
    return fmt::format("{} joins for {}", event.member_id,
                       subscription_text(event.settings.subscription));
  }
  std::string operator()(const domain::MemberReplaced& event) const {
    return fmt::format("{} is taken over by a new process at {}", event.member_id,
                       event.settings.host);
  }
  std::string operator()(const domain::MemberSubscribed& event) const {
    return fmt::format("{} now subscribes to {}", event.member_id,
                       subscription_text(event.subscription));
  }
  std::string operator()(const domain::MemberLeft& event) const {
    return event.member_id + (event.removed ? " is removed by an operator" : " leaves");
  }
  std::string operator()(const domain::MemberExpired& event) const {
    const bool silence = event.reason == domain::ExpiryReason::kSilence;
    return event.member_id + (silence ? " was silent for its session timeout"
                                      : " did not come back within its disconnect grace");
  }
  std::string operator()(const domain::PlanMade& event) const {
    std::string text = fmt::format("generation {} by {}", event.generation, event.strategy);
    if (!event.targets.empty()) text += "; " + by_member(event.targets, names);
    if (!event.revoking.empty()) text += "; asked back from " + by_member(event.revoking, names);
    if (!event.instead_of_leader.empty())
      text += "; instead of the leader: " + event.instead_of_leader;
    if (event.more) text += "; more of it follows";
    if (event.outdated) text += "; the group has changed since, another plan follows";
    return text;
  }
  std::string operator()(const domain::PartitionsGranted& event) const {
    return by_member(event.grants, names);
  }
  std::string operator()(const domain::PartitionsReleased& event) const {
    return fmt::format("{} releases {}", event.member_id, tokens_text(event.tokens, names));
  }
  std::string operator()(const domain::PartitionsFenced& event) const {
    return fmt::format("{} did not release {} in time", event.member_id,
                       tokens_text(event.tokens, names));
  }
  std::string operator()(const domain::OffsetsCommitted& event) const {
    return event_offsets_text(event.offsets, names);
  }
  std::string operator()(const domain::OffsetsReset& event) const {
    std::string text = changes_text(event.offsets, event.former, names);
    if (event.begun != 0) text += fmt::format("; completes {}", event.begun);
    if (event.undoes != 0) text += fmt::format("; undoes {}", event.undoes);
    return text;
  }
  std::string operator()(const domain::OffsetsResetBegun& event) const {
    std::string text = changes_text(event.offsets, {}, names);
    if (!event.revoking.empty()) text += "; asked back from " + by_member(event.revoking, names);
    if (event.undoes != 0) text += fmt::format("; undoes {}", event.undoes);
    return text;
  }
  std::string operator()(const domain::OffsetsDeleted& event) const {
    return event_offsets_text(event.former, names);
  }
  std::string operator()(const domain::OffsetsExpired& event) const {
    return event_offsets_text(event.former, names);
  }
  std::string operator()(const domain::GroupDeleted& event) const {
    return fmt::format("with {}", counted(event.former.size(), "committed offset"));
  }
  std::string operator()(const domain::TopicsMatched& event) const {
    std::string text;
    for (const domain::PatternTopics& match : event.matches) {
      std::vector<std::string> topics;
      for (const TopicId topic : match.topics) topics.push_back(names.of(topic));
      text += fmt::format("{}pattern {} matches {}", text.empty() ? "" : "; ", match.pattern,
                          topic_list(topics));
    }
    return text;
  }
  std::string operator()(const domain::PlanRequested& event) const {
    return fmt::format("leader {} is asked for the plan", event.member_id);
  }
  std::string operator()(const domain::GroupConfigured& event) const {
    const std::string most = event.max_members == 0
                                 ? "any number of members"
                                 : fmt::format("at most {}", counted(event.max_members, "member"));
    const std::string kept = event.offset_retention_ms == 0
                                 ? std::string()
                                 : fmt::format(", offsets kept {} without members",
                                               retention_text(event.offset_retention_ms));
    return fmt::format("strategy {}, {}{}", event.strategy, most, kept);
  }
  std::string operator()(const domain::GroupFrozen& event) const {
    return event.frozen ? "frozen: its plan does not change" : "no longer frozen";
  }
  std::string operator()(const domain::MemberDrained& event) const {
    return event.member_id +
           (event.draining ? " drains: it hands its partitions over" : " no longer drains");
  }
  std::string operator()(const domain::PartitionPinned& event) const {
    const std::string at = fmt::format("{}/{}", names.of(event.at.topic), event.at.partition);
    if (event.member_id.empty()) return at + " is no longer pinned";
    return fmt::format("{} is pinned to {}", at, event.member_id);
  }
  std::string operator()(const domain::JournalRestored& event) const {
    return fmt::format(
        "made of a backup of journal {} that ended with sequence {}; every member and token has "
        "ended, new tokens are above {}; nothing is planned for {} ms",
        event.former_journal_id, event.former_last_sequence, event.fence_base, event.quiet_time_ms);
  }
  std::string operator()(const domain::QuietTimeEnded&) const {
    return "no lease of the time before the restore is left: groups are planned again";
  }
};

}  // namespace

std::string event_summary(const domain::Event& event, const TopicNames& names) {
  return std::visit(Summary{names}, event.body);
}

}  // namespace muster::tools
