#include "tools/log_filter.h"

#include <algorithm>

namespace muster::tools {
namespace {

using domain::MemberPartitions;
using domain::PartitionList;

bool is_in(const std::vector<MemberPartitions>& members, const std::string& member_id) {
  return std::ranges::find(members, member_id, &MemberPartitions::member_id) != members.end();
}

/// Whether an event names a member. An event that names none has no overload of its own.
struct NamesMember {
  const std::string& member_id;

  bool operator()(const domain::GroupTopicDropped& event) const {
    return is_in(event.held, member_id);
  }
  bool operator()(const domain::PlanMade& event) const {
    return is_in(event.targets, member_id) || is_in(event.revoking, member_id);
  }
  bool operator()(const domain::OffsetsResetBegun& event) const {
    return is_in(event.revoking, member_id);
  }
  bool operator()(const domain::PartitionsGranted& event) const {
    return is_in(event.grants, member_id);
  }
  bool operator()(const auto& event) const {
    if constexpr (requires { event.member_id; }) {
      return event.member_id == member_id;
    } else {
      return false;
    }
  }
};

/// Whether an event names a topic or one partition of it.
class NamesPlace {
 public:
  NamesPlace(const std::string& topic, std::optional<PartitionIndex> partition,
             const TopicNames& names)
      : topic_(topic), partition_(partition), names_(names) {}

  bool operator()(const domain::TopicCreated& event) const { return event.name == topic_; }
  bool operator()(const domain::TopicExpanded& event) const { return is(event.topic); }
  bool operator()(const domain::TopicDeleted& event) const { return event.name == topic_; }
  bool operator()(const domain::GroupTopicDropped& event) const { return is(event.topic); }
  bool operator()(const domain::MemberJoined& event) const {
    return is(event.settings.subscription);
  }
  bool operator()(const domain::MemberReplaced& event) const {
    return is(event.settings.subscription);
  }
  bool operator()(const domain::MemberSubscribed& event) const { return is(event.subscription); }
  bool operator()(const domain::PlanMade& event) const {
    return is(event.targets) || is(event.unassigned) || is(event.revoking);
  }
  bool operator()(const domain::PartitionsGranted& event) const { return is(event.grants); }
  bool operator()(const domain::PartitionsReleased& event) const { return is_one_of(event.tokens); }
  bool operator()(const domain::PartitionsFenced& event) const { return is_one_of(event.tokens); }
  bool operator()(const domain::OffsetsCommitted& event) const { return is_one_of(event.offsets); }
  bool operator()(const domain::OffsetsReset& event) const { return is_one_of(event.offsets); }
  bool operator()(const domain::OffsetsResetBegun& event) const { return is_one_of(event.offsets); }
  bool operator()(const domain::OffsetsDeleted& event) const { return is_one_of(event.former); }
  bool operator()(const domain::OffsetsExpired& event) const { return is_one_of(event.former); }
  bool operator()(const domain::GroupDeleted& event) const { return is_one_of(event.former); }
  bool operator()(const domain::TopicsMatched& event) const {
    return !partition_ &&
           std::ranges::any_of(event.matches, [this](const domain::PatternTopics& match) {
             return std::ranges::any_of(match.topics, [this](TopicId topic) { return is(topic); });
           });
  }
  bool operator()(const domain::PlanRequested& event) const {
    return !partition_ &&
           std::ranges::any_of(event.planned, [this](const domain::PlannedTopic& planned) {
             return is(planned.topic);
           });
  }
  bool operator()(const domain::PartitionPinned& event) const { return is(event.at); }
  bool operator()(const auto&) const { return false; }

 private:
  bool is(TopicId topic) const { return names_.of(topic) == topic_; }
  bool is(TopicPartition at) const {
    return (!partition_ || at.partition == *partition_) && is(at.topic);
  }
  bool is(const domain::Subscription& subscription) const {
    return !partition_ && std::ranges::binary_search(subscription.topics(), topic_);
  }
  bool is(const std::vector<PartitionList>& lists) const {
    return std::ranges::any_of(lists, [this](const PartitionList& list) {
      return (!partition_ || std::ranges::binary_search(list.partitions, *partition_)) &&
             is(list.topic);
    });
  }
  bool is(const std::vector<MemberPartitions>& members) const {
    return std::ranges::any_of(
        members, [this](const MemberPartitions& member) { return is(member.topics); });
  }
  bool is_one_of(const auto& values) const {
    return std::ranges::any_of(values, [this](const auto& value) { return this->is(value.at); });
  }

  const std::string& topic_;
  std::optional<PartitionIndex> partition_;
  const TopicNames& names_;
};

bool is_among(const std::vector<std::string>& wanted, std::string_view name) {
  return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

}  // namespace

bool concerns_member(const domain::EventBody& body, const std::string& member_id) {
  return std::visit(NamesMember{member_id}, body);
}

bool concerns_topic(const domain::EventBody& body, const std::string& topic,
                    const TopicNames& names) {
  return std::visit(NamesPlace(topic, std::nullopt, names), body);
}

bool concerns_partition(const domain::EventBody& body, const PartitionArgument& at,
                        const TopicNames& names) {
  return std::visit(NamesPlace(at.topic, at.partition, names), body);
}

bool LogFilter::may_want(const domain::Event& event) const {
  if (since_ms && event.time_ms < *since_ms) return false;
  if (until_ms && event.time_ms > *until_ms) return false;
  if (group && domain::event_group(event.body) != *group) return false;
  if (!is_among(types, domain::event_name(event.body))) return false;
  if (!causes.empty() && !is_among(causes, cause_kind_text(event.cause.kind))) return false;
  return !member || concerns_member(event.body, *member);
}

bool LogFilter::wants(const domain::Event& event, const TopicNames& names) const {
  if (topic && !concerns_topic(event.body, *topic, names)) return false;
  return !at || concerns_partition(event.body, *at, names);
}

}  // namespace muster::tools
