#include "tools/event_view.h"

#include <fmt/format.h>

#include "tools/offset_view.h"

namespace muster::tools {
namespace {

using domain::MemberPartitions;
using domain::PartitionList;

/// Many JSON readers would round a number of 64 random bits.
std::string incarnation_text(Incarnation incarnation) {
  return fmt::format("{:016x}", incarnation);
}

std::string cause_kind(domain::CauseKind kind) {
  switch (kind) {
    case domain::CauseKind::kClient:
      return "client";
    case domain::CauseKind::kOperator:
      return "operator";
    case domain::CauseKind::kDeadline:
      return "deadline";
    case domain::CauseKind::kCoordinator:
      return "coordinator";
  }
  return "unknown";
}

/// The fields of one event.
class Fields {
 public:
  explicit Fields(const TopicNames& names) : names_(names) {}

  void operator()(const domain::TopicCreated& event) {
    json_["name"] = event.name;
    json_["partitions"] = event.partition_count;
  }
  void operator()(const domain::TopicExpanded& event) {
    put_topic(json_, event.topic);
    json_["partitions"] = event.partition_count;
  }
  void operator()(const domain::TopicDeleted& event) {
    put_topic(json_, event.topic);
    json_["name"] = event.name;
    json_["former_partitions"] = event.former_partition_count;
  }
  void operator()(const domain::GroupTopicDropped& event) {
    put_topic(json_, event.topic);
    json_["held"] = members(event.held);
    json_["former"] = offsets(event.former, true);
    json_["former_pins"] = pins(event.former_pins);
  }
  void operator()(const domain::MemberJoined& event) {
    json_["member_id"] = event.member_id;
    json_["incarnation"] = incarnation_text(event.incarnation);
    put_settings(event.settings);
  }
  void operator()(const domain::MemberReplaced& event) {
    put_seat(event);
    json_["former_incarnation"] = incarnation_text(event.former_incarnation);
    json_["incarnation"] = incarnation_text(event.incarnation);
    put_settings(event.settings);
  }
  void operator()(const domain::MemberSubscribed& event) {
    put_seat(event);
    put_subscription(event.subscription);
    json_["computes_plans"] = event.computes_plans;
  }
  void operator()(const domain::MemberLeft& event) {
    put_seat(event);
    json_["removed"] = event.removed;
  }
  void operator()(const domain::MemberExpired& event) {
    put_seat(event);
    json_["reason"] = event.reason == domain::ExpiryReason::kSilence ? "silence" : "disconnect";
  }
  void operator()(const domain::PlanMade& event) {
    json_["generation"] = event.generation;
    json_["strategy"] = event.strategy;
    json_["planned"] = planned(event.planned);
    json_["targets"] = members(event.targets);
    json_["unassigned"] = lists(event.unassigned);
    json_["revoking"] = members(event.revoking);
    if (!event.instead_of_leader.empty()) json_["instead_of_leader"] = event.instead_of_leader;
    if (event.membership != 0) json_["membership"] = event.membership;
    if (event.more) json_["more"] = true;
    if (event.outdated) json_["outdated"] = true;
  }
  void operator()(const domain::PartitionsGranted& event) {
    json_["fence_base"] = event.fence_base;
    json_["grants"] = members(event.grants);
  }
  void operator()(const domain::PartitionsReleased& event) { put_ended(event); }
  void operator()(const domain::PartitionsFenced& event) { put_ended(event); }
  void operator()(const domain::OffsetsCommitted& event) {
    json_["offsets"] = offsets(event.offsets, false);
  }
  void operator()(const domain::GroupDeleted& event) {
    json_["former"] = offsets(event.former, true);
    json_["former_strategy"] = event.former_strategy;
    json_["former_max_members"] = event.former_max_members;
    json_["former_frozen"] = event.former_frozen;
    json_["former_draining"] = event.former_draining;
    json_["former_pins"] = pins(event.former_pins);
  }
  void operator()(const domain::TopicsMatched& event) {
    Json matches = Json::array();
    for (const domain::PatternTopics& match : event.matches) {
      Json topics = Json::array();
      for (const TopicId topic : match.topics) put_topic(topics.emplace_back(), topic);
      matches.push_back({{"pattern", match.pattern}, {"topics", std::move(topics)}});
    }
    json_["matches"] = std::move(matches);
  }
  void operator()(const domain::PlanRequested& event) {
    put_seat(event);
    json_["planned"] = planned(event.planned);
  }
  void operator()(const domain::GroupConfigured& event) {
    json_["strategy"] = event.strategy;
    json_["max_members"] = event.max_members;
  }
  void operator()(const domain::GroupFrozen& event) { json_["frozen"] = event.frozen; }
  void operator()(const domain::MemberDrained& event) {
    json_["member_id"] = event.member_id;
    json_["draining"] = event.draining;
  }
  void operator()(const domain::PartitionPinned& event) {
    put_topic(json_, event.at.topic);
    json_["partition"] = event.at.partition;
    json_["member_id"] = event.member_id;
  }

  void operator()(const domain::JournalRestored& event) {
    json_["former_journal_id"] = event.former_journal_id;
    json_["former_last_sequence"] = event.former_last_sequence;
    json_["fence_base"] = event.fence_base;
    json_["quiet_time_ms"] = event.quiet_time_ms;
  }
  void operator()(const domain::QuietTimeEnded&) {}

  Json take() { return std::move(json_); }

 private:
  Json pins(const std::vector<domain::FormerPin>& pins) const {
    Json all = Json::array();
    for (const domain::FormerPin& pin : pins) {
      Json& json = all.emplace_back();
      put_topic(json, pin.at.topic);
      json["partition"] = pin.at.partition;
      json["member_id"] = pin.member_id;
    }
    return all;
  }
  void put_topic(Json& json, TopicId topic) const {
    json["topic"] = names_.of(topic);
    json["topic_id"] = topic;
  }

  void put_seat(const auto& event) {
    json_["seat"] = event.seat;
    json_["member_id"] = event.member_id;
  }

  void put_subscription(const domain::Subscription& subscription) {
    json_["topics"] = subscription.topics();
    json_["patterns"] = subscription.patterns();
  }

  void put_settings(const domain::MemberSettings& settings) {
    json_["client_id"] = settings.client_id;
    json_["host"] = settings.host;
    put_subscription(settings.subscription);
    json_["computes_plans"] = settings.computes_plans;
    json_["session_timeout_ms"] = settings.session_timeout_ms;
    json_["disconnect_grace_ms"] = settings.disconnect_grace_ms;
    json_["rebalance_timeout_ms"] = settings.rebalance_timeout_ms;
  }

  void put_ended(const auto& event) {
    put_seat(event);
    json_["incarnation"] = incarnation_text(event.incarnation);
    Json tokens = Json::array();
    for (const domain::TokenRef& token : event.tokens) {
      Json one;
      put_topic(one, token.at.topic);
      one["partition"] = token.at.partition;
      one["fence"] = token.fence;
      tokens.push_back(std::move(one));
    }
    json_["tokens"] = std::move(tokens);
  }

  Json planned(const std::vector<domain::PlannedTopic>& topics) const {
    Json all = Json::array();
    for (const domain::PlannedTopic& topic : topics) {
      Json one;
      put_topic(one, topic.topic);
      one["partitions"] = topic.partition_count;
      all.push_back(std::move(one));
    }
    return all;
  }

  Json lists(const std::vector<PartitionList>& lists) const {
    Json all = Json::array();
    for (const PartitionList& list : lists) {
      Json one;
      put_topic(one, list.topic);
      one["partitions"] = list.partitions;
      all.push_back(std::move(one));
    }
    return all;
  }

  Json members(const std::vector<MemberPartitions>& members) const {
    Json all = Json::array();
    for (const MemberPartitions& member : members) {
      all.push_back({{"seat", member.seat},
                     {"member_id", member.member_id},
                     {"incarnation", incarnation_text(member.incarnation)},
                     {"topics", lists(member.topics)}});
    }
    return all;
  }

  Json offsets(const std::vector<domain::OffsetValue>& values, bool former) const {
    Json all = Json::array();
    for (const domain::OffsetValue& value : values) {
      Json one;
      put_topic(one, value.at.topic);
      one["partition"] = value.at.partition;
      one["offset"] = value.offset;
      one["fence"] = value.fence;
      one["metadata"] = value.metadata;
      if (former) one["commit_time"] = time_text(value.commit_time_ms);
      all.push_back(std::move(one));
    }
    return all;
  }

  const TopicNames& names_;
  Json json_ = Json::object();
};

// ---- sentences -----------------------------------------------------------------------------

constexpr std::size_t kShownPartitions = 12;

/// "outbox/0, outbox/3", cut where it gets long.
class PartitionWords {
 public:
  explicit PartitionWords(const TopicNames& names) : names_(names) {}

  void add(TopicId topic, PartitionIndex partition, const std::string& suffix = {}) {
    if (++count_ > kShownPartitions) return;
    if (!text_.empty()) text_ += ", ";
    text_ += fmt::format("{}/{}{}", names_.of(topic), partition, suffix);
  }
  void add(const std::vector<PartitionList>& lists) {
    for (const PartitionList& list : lists) {
      for (const PartitionIndex partition : list.partitions) add(list.topic, partition);
    }
  }
  std::string text() const {
    if (count_ <= kShownPartitions) return text_.empty() ? "nothing" : text_;
    return fmt::format("{} and {} more", text_, count_ - kShownPartitions);
  }

 private:
  const TopicNames& names_;
  std::string text_;
  std::size_t count_ = 0;
};

std::string by_member(const std::vector<MemberPartitions>& members, const TopicNames& names) {
  std::string text;
  for (const MemberPartitions& member : members) {
    PartitionWords words(names);
    words.add(member.topics);
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", member.member_id, words.text());
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string subscription_text(const domain::Subscription& subscription) {
  std::string text = joined(subscription.topics());
  for (const std::string& pattern : subscription.patterns()) {
    text += fmt::format("{}pattern {}", text.empty() ? "" : ", ", pattern);
  }
  return text;
}

std::string tokens_text(const std::vector<domain::TokenRef>& tokens, const TopicNames& names) {
  PartitionWords words(names);
  for (const domain::TokenRef& token : tokens) {
    words.add(token.at.topic, token.at.partition, fmt::format(" (token {})", token.fence));
  }
  return words.text();
}

std::string event_offsets_text(const std::vector<domain::OffsetValue>& offsets,
                               const TopicNames& names) {
  PartitionWords words(names);
  for (const domain::OffsetValue& value : offsets) {
    words.add(value.at.topic, value.at.partition, fmt::format(" at {}", value.offset));
  }
  return words.text();
}

struct Sentence {
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
  std::string operator()(const domain::GroupDeleted& event) const {
    return fmt::format("with {}", counted(event.former.size(), "committed offset"));
  }
  std::string operator()(const domain::TopicsMatched& event) const {
    std::string text;
    for (const domain::PatternTopics& match : event.matches) {
      std::vector<std::string> topics;
      for (const TopicId topic : match.topics) topics.push_back(names.of(topic));
      text += fmt::format("{}pattern {} matches {}", text.empty() ? "" : "; ", match.pattern,
                          joined(topics));
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
    return fmt::format("strategy {}, {}", event.strategy, most);
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

void TopicNames::take_in(Sequence sequence, const domain::Event& event) {
  if (const auto* created = std::get_if<domain::TopicCreated>(&event.body)) {
    names_[sequence] = created->name;
  }
}

std::string TopicNames::of(TopicId topic) const {
  const auto found = names_.find(topic);
  return found == names_.end() ? fmt::format("#{}", topic) : found->second;
}

Json event_json(Sequence sequence, const domain::Event& event, const TopicNames& names) {
  Json json;
  json["sequence"] = sequence;
  json["time"] = time_text(event.time_ms);
  json["type"] = std::string(domain::event_name(event.body));
  if (const std::string group(domain::event_group(event.body)); !group.empty()) {
    json["group"] = group;
  }
  Fields fields(names);
  std::visit(fields, event.body);
  json.update(fields.take());
  json["cause"] = {
      {"kind", cause_kind(event.cause.kind)}, {"who", event.cause.who}, {"from", event.cause.from}};
  return json;
}

std::string event_sentence(const domain::Event& event, const TopicNames& names) {
  return std::visit(Sentence{names}, event.body);
}

std::string cause_text(const domain::Cause& cause) {
  if (cause.from.empty()) return fmt::format("{} ({})", cause.who, cause_kind(cause.kind));
  return fmt::format("{} at {} ({})", cause.who, cause.from, cause_kind(cause.kind));
}

}  // namespace muster::tools
