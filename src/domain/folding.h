// One event being folded: what the fold_*.cc share. Private to the fold, and to the rebuilding of
// what it folded (rebuild.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "domain/digest.h"
#include "domain/events.h"
#include "domain/message.h"
#include "domain/partition_hash.h"
#include "domain/state.h"

namespace muster::domain {

/// Why an event can't be folded; nothing when it could.
using Contradiction = std::optional<std::string>;

/// Takes an entity's hash out of the digest while it changes, and puts the new one in. Takes only
/// what has a name, since it refers to it until the end of the scope.
template <typename... Entity>
class Changing {
 public:
  explicit Changing(State& state, Entity&... entity) : state_(state), entity_(entity...) {
    state_.digest -= hash();
  }
  ~Changing() { state_.digest += hash(); }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  std::uint64_t hash() const {
    return std::apply([](const auto&... entity) { return hash_of(entity...); }, entity_);
  }
  State& state_;
  std::tuple<Entity&...> entity_;
};

/// Finds one partition of a group after the other: those of one topic mostly follow each other, and
/// their table is looked up once.
class PartitionFinder {
 public:
  PartitionFinder(const State& state, Group& group) : state_(state), group_(group) {}
  /// Null: the topic has no such partition.
  PartitionState* find(TopicPartition at) {
    if (topic_ == nullptr || topic_->id != at.topic) {
      topic_ = state_.topic(at.topic);
      if (topic_ == nullptr) return nullptr;
      table_ = &group_.partitions[at.topic];
    }
    if (at.partition < 0 || at.partition >= topic_->partition_count) return nullptr;
    return &table_->at(at.partition);
  }

 private:
  const State& state_;
  Group& group_;
  const Topic* topic_ = nullptr;
  PartitionTable* table_ = nullptr;
};

/// One event being folded. Each overload is total: it changes the state or says what the event
/// contradicts, and never chooses (outcomes-not-intents).
class Folding {
 public:
  Folding(State& state, Sequence sequence, std::int64_t time_ms)
      : state_(state), sequence_(sequence), time_ms_(time_ms) {}

  Contradiction operator()(const TopicCreated& event);
  Contradiction operator()(const TopicExpanded& event);
  Contradiction operator()(const TopicDeleted& event);
  Contradiction operator()(const GroupTopicDropped& event);
  Contradiction operator()(const MemberJoined& event);
  Contradiction operator()(const MemberReplaced& event);
  Contradiction operator()(const MemberSubscribed& event);
  Contradiction operator()(const MemberLeft& event);
  Contradiction operator()(const MemberExpired& event);
  Contradiction operator()(const PlanMade& event);
  Contradiction operator()(const PartitionsGranted& event);
  Contradiction operator()(const PartitionsReleased& event);
  Contradiction operator()(const PartitionsFenced& event);
  Contradiction operator()(const OffsetsCommitted& event);
  Contradiction operator()(const GroupDeleted& event);
  Contradiction operator()(const TopicsMatched& event);
  Contradiction operator()(const PlanRequested& event);
  Contradiction operator()(const GroupConfigured& event);
  Contradiction operator()(const GroupFrozen& event);
  Contradiction operator()(const MemberDrained& event);
  Contradiction operator()(const PartitionPinned& event);
  Contradiction operator()(const JournalRestored& event);
  Contradiction operator()(const QuietTimeEnded& event);
  Contradiction operator()(const OffsetsReset& event);
  Contradiction operator()(const OffsetsResetBegun& event);
  Contradiction operator()(const OffsetsDeleted& event);
  Contradiction operator()(const OffsetsExpired& event);

 private:
  Group* find_group(const std::string& name);
  Group& find_or_create_group(const std::string& name);
  Member* find_member(Group& group, SeatId seat);
  Member* find_member(Group& group, SeatId seat, const std::string& member_id);
  Contradiction unknown(TopicPartition at) const;
  enum class Urgency : bool { kMayGather, kAtOnce };
  /// `what` brought it about, as a sentence without its stop.
  void outdate_plan(Group& group, Urgency urgency, std::string what);
  PlanReason reason_of(const Group& group, const PartitionsGranted& event) const;
  PlanReason changed_topics(const Group& group, const std::vector<PlannedTopic>& planned) const;
  void note_grants(Group& group, FencingToken fence, std::uint32_t partitions,
                   const PlanReason& reason);
  void forget_grant(Group& group, FencingToken fence);
  void forget_request(Group& group);
  Contradiction set_offset(Group& group, PartitionFinder& partitions, const OffsetValue& value);
  Contradiction forget_offsets(Group& group, const std::vector<OffsetValue>& former);
  void forget_reset(Group& group);
  void forget_resets_of(Group& group, TopicId topic);
  void unsubscribe(Group& group, const Subscription& subscription);
  void forget_matches(Group& group, TopicId topic);
  void remember_ended(Group& group, const std::string& member_id, Incarnation incarnation,
                      TokenEnd how);
  void end_token(Group& group, TopicPartition at, TokenEnd how);
  void end_all_tokens(Group& group, const Member& member, TokenEnd how);
  Contradiction end_seat(const std::string& group_name, SeatId seat, const std::string& member_id,
                         TokenEnd how);
  void drop_member(Group& group, Member& member, TokenEnd how);
  void set_quiet_time(std::uint32_t quiet_time_ms);
  template <typename Ended>
  Contradiction end_named_tokens(const Ended& event, TokenEnd how);
  Contradiction set_planned(Group& group, const std::vector<PlannedTopic>& planned);
  void note_reason(Group& group, const PlanMade& event);
  void count_member(const Group& group, Member& member);
  PartitionTable* table_of(Group& group, const PartitionList& list, Contradiction& wrong);
  Contradiction set_targets(Group& group, SeatId seat, const std::vector<PartitionList>& topics);
  Contradiction revoke(Group& group, const MemberPartitions& revoking);
  Contradiction grant(Group& group, const MemberPartitions& grant, FencingToken fence,
                      const PlanReason& reason);

  State& state_;
  Sequence sequence_;
  std::int64_t time_ms_;
};

/// One more member has the subscription. Members that subscribe to the same share one:
/// `subscription` becomes it.
void subscribe(State& state, Group& group, Subscription& subscription);
/// One more subscription names the topic, or one more pattern matches it.
void count_name(Group& group, const std::string& topic);

inline std::string no_group(const std::string& name) {
  return sentence("there is no group '", name, "'");
}
inline std::string no_seat(const std::string& group, SeatId seat, const std::string& member_id) {
  return sentence("group '", group, "' has no seat ", seat, " of member '", member_id, "'");
}
inline std::string no_incarnation(SeatId seat, Incarnation incarnation) {
  return sentence("seat ", seat, " is not held by incarnation ", incarnation);
}
inline std::string took_over(std::string_view member_id) {
  return sentence("a new process took over as member '", member_id, "'");
}
inline std::string at_text(TopicPartition at) {
  return sentence("partition ", at.partition, " of topic ", at.topic);
}
inline std::string no_partition(TopicPartition at) { return sentence("there is no ", at_text(at)); }

}  // namespace muster::domain
