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
  void operator()(const domain::OffsetsReset& event) {
    json_["offsets"] = offsets(event.offsets, false);
    json_["former"] = offsets(event.former, true);
    if (event.begun != 0) json_["begun"] = event.begun;
    if (event.undoes != 0) json_["undoes"] = event.undoes;
  }
  void operator()(const domain::OffsetsResetBegun& event) {
    json_["offsets"] = offsets(event.offsets, false);
    json_["revoking"] = members(event.revoking);
    if (event.undoes != 0) json_["undoes"] = event.undoes;
  }
  void operator()(const domain::OffsetsDeleted& event) {
    json_["former"] = offsets(event.former, true);
  }
  void operator()(const domain::OffsetsExpired& event) {
    json_["former"] = offsets(event.former, true);
  }
  void operator()(const domain::GroupDeleted& event) {
    json_["former"] = offsets(event.former, true);
    json_["former_strategy"] = event.former_strategy;
    json_["former_max_members"] = event.former_max_members;
    json_["former_frozen"] = event.former_frozen;
    json_["former_draining"] = event.former_draining;
    json_["former_pins"] = pins(event.former_pins);
    json_["former_offset_retention_ms"] = event.former_offset_retention_ms;
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
    json_["offset_retention_ms"] = event.offset_retention_ms;
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

}  // namespace

void TopicNames::take_in(Sequence sequence, const domain::Event& event) {
  if (const auto* created = std::get_if<domain::TopicCreated>(&event.body)) {
    names_[sequence] = created->name;
  }
}

const std::string& TopicNames::of(TopicId topic) const {
  const auto found = names_.find(topic);
  if (found != names_.end()) return found->second;
  const std::optional<std::string> name = look_up_ ? look_up_(topic) : std::nullopt;
  return names_[topic] = name.value_or(fmt::format("#{}", topic));
}

std::string_view cause_kind_text(domain::CauseKind kind) {
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
  json["cause"] = {{"kind", cause_kind_text(event.cause.kind)},
                   {"who", event.cause.who},
                   {"from", event.cause.from}};
  return json;
}

std::string cause_text(const domain::Cause& cause) {
  if (cause.from.empty()) return fmt::format("{} ({})", cause.who, cause_kind_text(cause.kind));
  return fmt::format("{} at {} ({})", cause.who, cause.from, cause_kind_text(cause.kind));
}

}  // namespace muster::tools
