// An event in a sentence, for people who do not know the journal.
#include <fmt/format.h>

#include "tools/arguments.h"
#include "tools/event_view.h"
#include "tools/event_words.h"

namespace muster::tools {
namespace {

constexpr std::size_t kNamedMembers = 4;

std::string partitions_text(std::int32_t count) {
  return counted(static_cast<std::uint64_t>(count), "partition");
}

/// " from pod-1", or ": 3 from pod-1, 2 from pod-2 and 7 from others".
std::string from_whom(const std::vector<domain::MemberPartitions>& members) {
  if (members.size() == 1) return " from " + members.front().member_id;
  std::string text;
  std::size_t others = partition_count(members);
  for (std::size_t i = 0; i < members.size() && i < kNamedMembers; ++i) {
    const std::size_t count = partition_count(members[i].topics);
    text += fmt::format("{} {} from {}", i == 0 ? ":" : ",", count, members[i].member_id);
    others -= count;
  }
  return others == 0 ? text : text + fmt::format(" and {} from others", others);
}

std::string_view is_or_are(std::size_t count) { return count == 1 ? "is" : "are"; }

struct Explanation {
  Sequence sequence;
  const TopicNames& names;

  std::string operator()(const domain::TopicCreated& event) const {
    return fmt::format("topic {} was created with {}", event.name,
                       partitions_text(event.partition_count));
  }
  std::string operator()(const domain::TopicExpanded& event) const {
    return fmt::format("topic {} was expanded to {}", names.of(event.topic),
                       partitions_text(event.partition_count));
  }
  std::string operator()(const domain::TopicDeleted& event) const {
    return fmt::format("topic {} was deleted", event.name);
  }
  std::string operator()(const domain::GroupTopicDropped& event) const {
    return fmt::format("topic {} is being deleted: {} lost their owners, {} went with it",
                       names.of(event.topic), counted(partition_count(event.held), "partition"),
                       counted(event.former.size(), "committed offset"));
  }
  std::string operator()(const domain::MemberJoined& event) const {
    return fmt::format("{} joined, subscribing to {}", event.member_id,
                       subscription_text(event.settings.subscription));
  }
  std::string operator()(const domain::MemberReplaced& event) const {
    return fmt::format(
        "{} was replaced by a new process of that name, at {}: the old one is fenced, the new one "
        "subscribes to {}",
        event.member_id, event.settings.host, subscription_text(event.settings.subscription));
  }
  std::string operator()(const domain::MemberSubscribed& event) const {
    return fmt::format("{} changed its subscription, now to {}", event.member_id,
                       subscription_text(event.subscription));
  }
  std::string operator()(const domain::MemberLeft& event) const {
    if (event.removed) return event.member_id + " was removed by an operator, for good";
    return event.member_id + " left";
  }
  std::string operator()(const domain::MemberExpired& event) const {
    if (event.reason == domain::ExpiryReason::kSilence) {
      return event.member_id + " expired: it was silent for its session timeout";
    }
    return event.member_id +
           " expired: its connection ended, and it did not come back within its disconnect grace";
  }
  std::string operator()(const domain::PlanMade& event) const {
    std::size_t all = 0;
    for (const auto& topic : event.planned) all += static_cast<std::size_t>(topic.partition_count);
    const std::size_t moving = partition_count(event.targets);
    const std::size_t asked = partition_count(event.revoking);
    const std::size_t left = partition_count(event.unassigned);
    std::string text = fmt::format("generation {} by {}: ", event.generation, event.strategy);
    if (moving == 0) {
      text += "no partition gets another owner";
    } else {
      text += fmt::format("{} of {} {} a new owner", counted(moving, "partition"), all,
                          moving == 1 ? "gets" : "get");
    }
    if (asked > 0) {
      text +=
          fmt::format(", {} {} asked back{}", asked, is_or_are(asked), from_whom(event.revoking));
    }
    if (left > 0) text += fmt::format(", {} {} left without one", left, is_or_are(left));
    if (!event.instead_of_leader.empty()) {
      text += ". The coordinator made it instead of the leader: " + event.instead_of_leader;
    }
    if (event.more) text += ". It is a part of the plan, and more follows";
    if (event.outdated) text += ". The group has changed meanwhile, and another plan follows";
    return text;
  }
  std::string operator()(const domain::PartitionsGranted& event) const {
    std::string text;
    for (std::size_t i = 0; i < event.grants.size() && i < kNamedMembers; ++i) {
      PartitionWords words(names);
      words.add(event.grants[i].topics);
      text += fmt::format("{}{} {} {}", i == 0 ? "" : ", ", event.grants[i].member_id,
                          i == 0 ? "now owns" : "owns", words.text());
    }
    if (event.grants.size() > kNamedMembers) {
      text += fmt::format(", and {} more own theirs",
                          counted(event.grants.size() - kNamedMembers, "member"));
    }
    return fmt::format("{}, under token {}", text, event.fence_base + sequence);
  }
  std::string operator()(const domain::PartitionsReleased& event) const {
    return fmt::format("{} handed back {}", event.member_id, tokens_text(event.tokens, names));
  }
  std::string operator()(const domain::PartitionsFenced& event) const {
    return fmt::format(
        "{} did not hand back {} within its rebalance timeout: they were taken from it, and its "
        "commits are refused from now on",
        event.member_id, tokens_text(event.tokens, names));
  }
  std::string operator()(const domain::OffsetsCommitted& event) const {
    if (event.offsets.size() != 1) {
      return fmt::format("{} were committed together: {}", counted(event.offsets.size(), "offset"),
                         event_offsets_text(event.offsets, names));
    }
    const domain::OffsetValue& value = event.offsets.front();
    const std::string authority = value.fence == 0 ? std::string("by an administrator")
                                                   : fmt::format("under token {}", value.fence);
    return fmt::format("{}/{} was committed up to offset {} {}", names.of(value.at.topic),
                       value.at.partition, value.offset, authority);
  }
  std::string operator()(const domain::OffsetsReset& event) const {
    const bool owners = !event.offsets.empty() && event.offsets.front().fence != 0;
    std::string text = fmt::format("{} {} {}: {}", counted(event.offsets.size(), "offset"),
                                   event.offsets.size() == 1 ? "was" : "were",
                                   owners ? "rewound by the owner" : "reset",
                                   changes_text(event.offsets, event.former, names));
    if (event.begun != 0) {
      text +=
          fmt::format(". It was begun with {}, and nobody owned any of them any more", event.begun);
    }
    if (event.undoes != 0) text += fmt::format(". That is as it was before {}", event.undoes);
    return text;
  }
  std::string operator()(const domain::OffsetsResetBegun& event) const {
    const std::size_t asked = partition_count(event.revoking);
    std::string text =
        fmt::format("a live reset of {} was begun", counted(event.offsets.size(), "partition"));
    if (asked > 0) {
      text +=
          fmt::format(", {} {} asked back{}", asked, is_or_are(asked), from_whom(event.revoking));
    }
    return text + ". When all are free, they are rewritten and granted again in one step";
  }
  std::string operator()(const domain::OffsetsDeleted& event) const {
    return fmt::format("{} {} deleted: {}", counted(event.former.size(), "committed offset"),
                       event.former.size() == 1 ? "was" : "were",
                       event_offsets_text(event.former, names));
  }
  std::string operator()(const domain::OffsetsExpired& event) const {
    return fmt::format(
        "{} expired, since the group was without members for as long as its retention says: {}",
        counted(event.former.size(), "committed offset"), event_offsets_text(event.former, names));
  }
  std::string operator()(const domain::GroupDeleted& event) const {
    return fmt::format("the group was deleted, with {}",
                       counted(event.former.size(), "committed offset"));
  }
  std::string operator()(const domain::TopicsMatched& event) const {
    std::string text;
    for (const domain::PatternTopics& match : event.matches) {
      std::vector<std::string> topics;
      for (const TopicId topic : match.topics) topics.push_back(names.of(topic));
      text += fmt::format("{}pattern {} now matches {}", text.empty() ? "" : "; ", match.pattern,
                          topic_list(topics));
    }
    return text;
  }
  std::string operator()(const domain::PlanRequested& event) const {
    return fmt::format("a plan is due, and the leader {} was asked for it", event.member_id);
  }
  std::string operator()(const domain::GroupConfigured& event) const {
    const std::string most =
        event.max_members == 0
            ? "any number of members may join"
            : fmt::format("at most {} may join", counted(event.max_members, "member"));
    const std::string kept = event.offset_retention_ms == 0
                                 ? std::string()
                                 : fmt::format(", offsets expire after {} without members",
                                               retention_text(event.offset_retention_ms));
    return fmt::format("the group's settings: plans by {}, {}{}", event.strategy, most, kept);
  }
  std::string operator()(const domain::GroupFrozen& event) const {
    return event.frozen ? "the group was frozen: its plan does not change until it is unfrozen"
                        : "the group was unfrozen";
  }
  std::string operator()(const domain::MemberDrained& event) const {
    return event.member_id + (event.draining
                                  ? " was told to drain: it hands its partitions over and gets none"
                                  : " no longer drains: it may have partitions again");
  }
  std::string operator()(const domain::PartitionPinned& event) const {
    const std::string at = fmt::format("{}/{}", names.of(event.at.topic), event.at.partition);
    if (event.member_id.empty()) return at + " was unpinned: the strategy places it again";
    return fmt::format("{} was pinned to {}", at, event.member_id);
  }
  std::string operator()(const domain::JournalRestored& event) const {
    return fmt::format(
        "this journal was made of a backup of journal {}, which ended with sequence {}: every "
        "member and token of it has ended, new tokens are above {}, and nothing is planned for {}",
        event.former_journal_id, event.former_last_sequence, event.fence_base,
        duration_text(event.quiet_time_ms));
  }
  std::string operator()(const domain::QuietTimeEnded&) const {
    return "the quiet time after the restore is over: groups are planned again";
  }
};

}  // namespace

std::string event_explanation(Sequence sequence, const domain::Event& event,
                              const TopicNames& names) {
  return std::visit(Explanation{sequence, names}, event.body);
}

}  // namespace muster::tools
