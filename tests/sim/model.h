// The independent model: what the durable events say, kept by other code than the product's. It
// knows the tables of the design and checks every event against them; it calls neither decide nor
// fold. Facts keep their history, since a reply speaks of the state at its sequence.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/events.h"
#include "tests/sim/history.h"
#include "tests/sim/verdict.h"

namespace muster::sim {

struct TopicFacts {
  std::string name;
  TopicId id = 0;
  History<std::int32_t> partitions;  // 0: no such topic any more
};

struct Ownership {
  SeatId owner = kNobody;
  FencingToken token = 0;
  bool revoking = false;
};

struct Committed {
  std::int64_t offset = -1;
  FencingToken fence = 0;
  std::string metadata;
  std::int64_t time_ms = 0;  // of the event
};

struct PartitionFacts {
  SeatId target = kNobody;
  History<Ownership> ownership;
  History<Committed> commits;
};

struct Occupant {
  Incarnation incarnation = 0;  // 0: the seat has ended
  std::uint32_t session_timeout_ms = 0;
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t rebalance_timeout_ms = 0;

  std::uint32_t lease_ms() const { return std::min(session_timeout_ms, disconnect_grace_ms); }
};

/// What a member brought along: what it wants, and whether it can plan.
struct Wishes {
  std::vector<std::string> topics;
  std::vector<std::string> patterns;
  std::string metadata;
  bool computes_plans = false;

  bool includes(const std::string& topic) const;
};

/// The model's own means, for the few shapes that the world uses: `^` and `$` around a name, or the
/// beginning of names and `.*`.
bool pattern_matches(const std::string& pattern, const std::string& name);

struct SeatFacts {
  std::string member_id;
  History<Wishes> wishes;
  History<Occupant> occupant;
  History<std::uint32_t> held;   // how many partitions
  Sequence last_unsafe_end = 0;  // replaced or removed here: until its lease is over only tokens
                                 // protect from that occupant
};

/// What operators set on a group.
struct GroupSettings {
  std::string strategy{"round_robin"};
  std::uint32_t max_members = 0;
  bool frozen = false;
  std::uint64_t offset_retention_ms = 0;
};

/// A live reset that waits for its partitions.
struct Resetting {
  Sequence begun = 0;  // 0: none
  std::map<TopicPartition, Committed> wanted;
};

/// A plan that the leader was asked for.
struct Wanted {
  Sequence sequence = 0;  // 0: none
  SeatId seat = kNobody;
};

/// The last plan, of which there may be further slices.
struct PlanFacts {
  std::string strategy;
  Sequence membership = 0;
  bool more = false;
  std::map<TopicPartition, SeatId> formerly;  // its group's targets before it
  std::string last_sticky;                    // all that the plan before it depended on (below)
};

struct GroupFacts {
  std::string name;
  GroupId born = 0;
  Sequence died = 0;  // 0: it lives
  History<Generation> generation;
  History<SeatId> leader;
  History<std::uint32_t> member_count;
  std::map<SeatId, SeatFacts> seats;  // also those that ended
  std::set<SeatId> live;
  std::map<std::string, std::vector<SeatId>> seats_of;    // by member id, ascending
  std::map<std::string, std::vector<Incarnation>> ended;  // replaced or removed, newest last
  std::map<TopicPartition, PartitionFacts> partitions;
  std::map<TopicId, std::int32_t> planned;
  History<GroupSettings> settings;
  std::map<std::string, History<bool>> draining;  // by member id
  std::map<TopicPartition, History<std::string>> pins;
  std::set<std::pair<std::string, TopicId>> matched;  // as the events say
  History<Wanted> wanted;
  History<Resetting> reset;
  std::int64_t emptied_ms = 0;  // time of the event since which it has no members
  PlanFacts plan;
  std::string last_sticky;  // all that its last plan depended on, if `sticky` made the whole of it

  const PartitionFacts& partition(TopicPartition at) const;
  /// The seat that the member id had at that sequence; null: none.
  const SeatFacts* seat_at(const std::string& member_id, Sequence sequence, SeatId* id) const;
  bool drains(const std::string& member_id, Sequence sequence) const;
  bool subscribes(const std::string& topic, Sequence sequence) const;  // anyone in it
  std::string pin_of(TopicPartition at, Sequence sequence) const;      // empty: none
  /// Seats of the members at that sequence, by member id.
  std::vector<SeatId> members_at(Sequence sequence) const;
  /// The owner that an operator has fixed: kNobody while its member is absent; nothing when there
  /// is no pin, or it can't be followed.
  std::optional<SeatId> fixed(TopicPartition at, const std::string& topic, Sequence sequence) const;
};

/// A partition that a plan has to give to somebody.
struct Plot {
  TopicPartition at;
  std::optional<SeatId> fixed;
  std::size_t topic = 0;  // which of the Ground
};
/// What a plan is about, and who may have what: topics sorted by name, candidates by member id.
struct Ground {
  struct Topic {
    TopicId id = 0;
    std::string name;
    std::int32_t partitions = 0;
    std::vector<SeatId> candidates;
  };
  std::vector<Topic> topics;
  std::vector<Plot> plots;

  /// Who may have the plot.
  const std::vector<SeatId>& candidates(const Plot& plot) const {
    return topics[plot.topic].candidates;
  }
};

class Model {
 public:
  Model(Verdict& verdict, FencingToken fence_base)
      : verdict_(verdict), fence_bases_{{1, fence_base}} {}

  /// A unit has become durable: its events in order, the first of them with this sequence.
  void apply(Sequence first, std::span<const domain::Event> unit);

  /// The disk was lost, and has what a backup has: these units. `fence_base` is of the journal that
  /// is made of it.
  void restore(std::span<const std::vector<domain::Event>> units, FencingToken fence_base);

  Sequence sequence() const { return sequence_; }
  FencingToken fence_base() const { return fence_bases_.rbegin()->second; }
  std::uint32_t quiet_time_ms() const { return quiet_time_ms_; }  // 0: there is none
  /// The world in which a token was given: this one, or one of a future that was lost.
  const Model& lineage(FencingToken fence) const;
  /// Of this world's tokens.
  Sequence granted_at(FencingToken fence) const;
  const Model* former() const { return former_.get(); }  // null: never restored
  /// Of the oldest event that is still listed; those before it were trimmed.
  Sequence first_sequence() const { return first_sequence_; }
  void trim_before(Sequence first_sequence) { first_sequence_ = first_sequence; }
  const std::map<std::string, std::vector<TopicFacts>>& topics() const { return topics_; }
  const std::vector<std::unique_ptr<GroupFacts>>& all_groups() const { return order_; }
  const TopicFacts* topic_at(const std::string& name, Sequence sequence) const;
  const TopicFacts* topic_by_id(TopicId id) const;
  const GroupFacts* group_at(const std::string& name, Sequence sequence) const;
  std::size_t living_groups(Sequence sequence) const;
  std::size_t living_topics(Sequence sequence) const;
  /// Of the subscribed topics that exist at that sequence.
  Ground ground(const GroupFacts& group, Sequence sequence) const;
  GroupFacts* group_now(const std::string& name);

 private:
  void on(const domain::TopicCreated& event);
  void on(const domain::TopicExpanded& event);
  void on(const domain::TopicDeleted& event);
  void on(const domain::GroupTopicDropped& event);
  void on(const domain::MemberJoined& event);
  void on(const domain::MemberReplaced& event);
  void on(const domain::MemberSubscribed& event);
  void on(const domain::MemberLeft& event);
  void on(const domain::MemberExpired& event);
  void on(const domain::PlanMade& event);
  void on(const domain::PartitionsGranted& event);
  void on(const domain::PartitionsReleased& event);
  void on(const domain::PartitionsFenced& event);
  void on(const domain::OffsetsCommitted& event);
  void on(const domain::GroupDeleted& event);
  void on(const domain::TopicsMatched& event);
  void on(const domain::PlanRequested& event);
  void on(const domain::GroupConfigured& event);
  void on(const domain::GroupFrozen& event);
  void on(const domain::MemberDrained& event);
  void on(const domain::PartitionPinned& event);
  // model_offsets.cc
  void on(const domain::OffsetsReset& event);
  void on(const domain::OffsetsResetBegun& event);
  void on(const domain::OffsetsDeleted& event);
  void on(const domain::OffsetsExpired& event);
  void finish_reset(GroupFacts& group, const domain::OffsetsReset& event);
  bool exists(TopicPartition at) const;
  void set_offset(GroupFacts& group, const domain::OffsetValue& value);
  void require_former(const GroupFacts& group, const domain::OffsetValue& former);
  void mark_revoking(GroupFacts& group, const std::vector<domain::MemberPartitions>& revoking);
  // model_restore.cc
  void on(const domain::JournalRestored& event);
  void on(const domain::QuietTimeEnded& event);
  void require_no_quiet_time(const char* what);
  /// In force at the present sequence, which may be within what a backup has.
  FencingToken base_now() const { return std::prev(fence_bases_.upper_bound(sequence_))->second; }

  GroupFacts& group_or_new(const std::string& name);
  SeatFacts* live_seat(GroupFacts& group, SeatId seat, const std::string& member_id);
  void end_token(GroupFacts& group, TopicPartition at);
  void end_tokens_of(GroupFacts& group, SeatId seat);
  void end_seat(const std::string& group, SeatId seat, const std::string& member_id, bool removed);
  void end_named_tokens(const std::string& group, SeatId seat, Incarnation incarnation,
                        const std::vector<domain::TokenRef>& tokens, bool fenced);
  void grant(GroupFacts& group, const domain::MemberPartitions& to);
  void check_former(const GroupFacts& group, TopicId topic,
                    const std::vector<domain::OffsetValue>& former);
  void check_unit();
  void check_matches();
  // model_plans.cc
  void check_strategy(const GroupFacts& group, const domain::PlanMade& event);
  void begin_plan(GroupFacts& group, const domain::PlanMade& event);
  void check_slice(const GroupFacts& group, const domain::PlanMade& event);
  void check_targets(const GroupFacts& group, const Ground& ground,
                     const std::set<TopicPartition>& which);
  void check_hand_over(const GroupFacts& group);
  void check_plan(GroupFacts& group, const Ground& about);
  void check_deal(const GroupFacts& group, const Ground& ground);
  void check_ranges(const GroupFacts& group, const Ground& ground);
  void check_sticky(GroupFacts& group, const Ground& ground);
  void require_target(const GroupFacts& group, const Plot& plot, bool right, const char* why);
  void changed(GroupFacts& group);

  Verdict& verdict_;
  std::map<Sequence, FencingToken> fence_bases_;  // by the first sequence of each
  std::uint32_t quiet_time_ms_ = 0;
  std::unique_ptr<Model> former_;
  Sequence sequence_ = 0;
  std::int64_t time_ms_ = 0;  // of the event being applied
  Sequence first_sequence_ = 1;
  std::map<std::string, std::vector<TopicFacts>> topics_;  // oldest first
  std::map<TopicId, std::string> topic_names_;
  std::map<std::string, std::vector<GroupFacts*>> groups_;  // oldest first
  std::vector<std::unique_ptr<GroupFacts>> order_;
  // Outlives groups: tokens rise across the deletion of one (fence-rises).
  std::map<std::pair<std::string, TopicPartition>, FencingToken> highest_;
  // Of the unit being applied.
  std::vector<std::pair<GroupFacts*, TopicPartition>> freed_;
  GroupFacts* planned_ = nullptr;
  std::optional<domain::PlanMade> slice_;  // that planned it
  bool matches_changed_ = false;
};

}  // namespace muster::sim
