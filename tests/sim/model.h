// The independent model: what the durable events say, kept by other code than the product's. It
// knows the tables of the design and checks every event against them; it calls neither decide nor
// fold. Facts keep their history, since a reply speaks of the state at its sequence.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
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

struct SeatFacts {
  std::string member_id;
  std::vector<std::string> topics;
  History<Occupant> occupant;
  History<std::uint32_t> held;   // how many partitions
  Sequence last_unsafe_end = 0;  // replaced or removed here: until its lease is over only tokens
                                 // protect from that occupant
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
  Sequence last_change = 0;  // of membership or subscription

  const PartitionFacts& partition(TopicPartition at) const;
  /// The seat that the member id had at that sequence; null: none.
  const SeatFacts* seat_at(const std::string& member_id, Sequence sequence, SeatId* id) const;
};

class Model {
 public:
  Model(Verdict& verdict, FencingToken fence_base) : verdict_(verdict), fence_base_(fence_base) {}

  /// A unit has become durable: its events in order, the first of them with this sequence.
  void apply(Sequence first, std::span<const domain::Event> unit);

  Sequence sequence() const { return sequence_; }
  FencingToken fence_base() const { return fence_base_; }
  const std::map<std::string, std::vector<TopicFacts>>& topics() const { return topics_; }
  const std::vector<std::unique_ptr<GroupFacts>>& all_groups() const { return order_; }
  const TopicFacts* topic_at(const std::string& name, Sequence sequence) const;
  const TopicFacts* topic_by_id(TopicId id) const;
  const GroupFacts* group_at(const std::string& name, Sequence sequence) const;
  std::size_t living_groups() const;
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
  void check_plan(const GroupFacts& group);
  void changed(GroupFacts& group);

  Verdict& verdict_;
  FencingToken fence_base_;
  Sequence sequence_ = 0;
  std::map<std::string, std::vector<TopicFacts>> topics_;  // oldest first
  std::map<TopicId, std::string> topic_names_;
  std::map<std::string, std::vector<GroupFacts*>> groups_;  // oldest first
  std::vector<std::unique_ptr<GroupFacts>> order_;
  // Outlives groups: tokens rise across the deletion of one (fence-rises).
  std::map<std::pair<std::string, TopicPartition>, FencingToken> highest_;
  // Of the unit being applied.
  std::vector<std::pair<GroupFacts*, TopicPartition>> freed_;
  GroupFacts* planned_ = nullptr;
};

}  // namespace muster::sim
