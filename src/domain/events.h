// The events: what was decided, in full (outcomes-not-intents). The fold in fold.h turns them
// into state; the codec keeps them in the journal; docs/events.md explains each to an operator.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "domain/ids.h"
#include "domain/subscription.h"

namespace muster::domain {

/// Who or what brought an event about. Information for people; the fold does not read it.
enum class CauseKind : std::uint8_t { kClient, kOperator, kDeadline, kCoordinator };

struct Cause {
  CauseKind kind = CauseKind::kCoordinator;
  std::string who;   // client id, or the name of the deadline
  std::string from;  // address of the peer; empty when no peer was involved
  bool operator==(const Cause&) const = default;
};

/// Partitions of one topic, ascending.
struct PartitionList {
  TopicId topic = 0;
  std::vector<PartitionIndex> partitions;
  bool operator==(const PartitionList&) const = default;
};

/// Partitions of one member, topics ascending by id.
struct MemberPartitions {
  SeatId seat = kNobody;
  std::string member_id;
  Incarnation incarnation = 0;
  std::vector<PartitionList> topics;
  bool operator==(const MemberPartitions&) const = default;
};

/// What a member brings along when it joins.
struct MemberSettings {
  std::string client_id;
  std::string host;
  Subscription subscription;
  std::uint32_t session_timeout_ms = 0;
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t rebalance_timeout_ms = 0;
  std::string metadata;         // opaque; for the leader that plans
  bool computes_plans = false;  // it answers when it is asked for a plan
  bool operator==(const MemberSettings&) const = default;
};

struct TokenRef {
  TopicPartition at;
  FencingToken fence = 0;
  bool operator==(const TokenRef&) const = default;
};

struct PlannedTopic {
  TopicId topic = 0;
  std::int32_t partition_count = 0;
  bool operator==(const PlannedTopic&) const = default;
};

/// A committed offset, or (commit_time_ms set) the former value that a destructive event keeps.
struct OffsetValue {
  TopicPartition at;
  std::int64_t offset = 0;  // the next one to read; -1 (resets alone): nothing is committed
  FencingToken fence = 0;   // token that it was committed under; 0: an administrator
  std::string metadata;
  std::int64_t commit_time_ms = 0;
  bool operator==(const OffsetValue&) const = default;
};

/// A pin that a destructive event keeps.
struct FormerPin {
  TopicPartition at;
  std::string member_id;
  bool operator==(const FormerPin&) const = default;
};

struct TopicCreated {  // its id is the sequence of this event
  std::string name;
  std::int32_t partition_count = 0;
  bool operator==(const TopicCreated&) const = default;
};
struct TopicExpanded {
  TopicId topic = 0;
  std::int32_t partition_count = 0;
  bool operator==(const TopicExpanded&) const = default;
};
struct TopicDeleted {
  TopicId topic = 0;
  std::string name;
  std::int32_t former_partition_count = 0;
  bool operator==(const TopicDeleted&) const = default;
};

/// What one group loses with a deleted topic; in the unit of the TopicDeleted, before it.
struct GroupTopicDropped {
  std::string group;
  TopicId topic = 0;
  std::vector<MemberPartitions> held;
  std::vector<OffsetValue> former;
  std::vector<FormerPin> former_pins;
  bool operator==(const GroupTopicDropped&) const = default;
};

/// Takes a seat (its id is the sequence of this event); creates the group if there is none.
struct MemberJoined {
  std::string group;
  std::string member_id;
  Incarnation incarnation = 0;
  MemberSettings settings;
  bool operator==(const MemberJoined&) const = default;
};
/// A new incarnation takes over the seat. Every partition of the seat becomes free; the
/// PartitionsGranted of the same unit gives those that were not being revoked to the new one.
struct MemberReplaced {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  Incarnation former_incarnation = 0;
  Incarnation incarnation = 0;
  MemberSettings settings;
  bool operator==(const MemberReplaced&) const = default;
};
struct MemberSubscribed {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  Subscription subscription;
  std::string metadata;
  bool computes_plans = false;
  bool operator==(const MemberSubscribed&) const = default;
};
/// Ends the seat; its partitions become free. `removed`: by an operator, for this incarnation for
/// good.
struct MemberLeft {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  bool removed = false;
  bool operator==(const MemberLeft&) const = default;
};
enum class ExpiryReason : std::uint8_t { kSilence, kDisconnect };
struct MemberExpired {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  ExpiryReason reason = ExpiryReason::kSilence;
  bool operator==(const MemberExpired&) const = default;
};

/// A new plan, or a slice of it: only what changes. Owned partitions listed in `revoking` are asked
/// back. Slices of one plan have one generation; what a slice does not name stays as it was.
struct PlanMade {
  std::string group;
  Generation generation = 0;
  std::string strategy;
  std::vector<PlannedTopic> planned;      // all subscribed topics that exist, ascending by id
  std::vector<MemberPartitions> targets;  // partitions with a new target, by seat
  std::vector<PartitionList> unassigned;  // partitions that had a target and have none now
  std::vector<MemberPartitions> revoking;
  std::string instead_of_leader;  // why the leader did not make it; empty: it was not its to make
  Sequence membership = 0;        // the plan is for the group as it was at this sequence
  bool more = false;              // further slices of this plan follow
  bool outdated = false;          // members or settings changed since: another plan is due
  bool operator==(const PlanMade&) const = default;
};

/// Free partitions find an owner. Token of each: fence_base + the sequence of this event.
struct PartitionsGranted {
  std::string group;
  FencingToken fence_base = 0;
  std::vector<MemberPartitions> grants;
  bool operator==(const PartitionsGranted&) const = default;
};
struct PartitionsReleased {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  Incarnation incarnation = 0;
  std::vector<TokenRef> tokens;
  bool operator==(const PartitionsReleased&) const = default;
};
/// The owner let the rebalance timeout pass: the partitions are taken from it, it stays a member.
struct PartitionsFenced {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  Incarnation incarnation = 0;
  std::vector<TokenRef> tokens;
  bool operator==(const PartitionsFenced&) const = default;
};

/// Commit time is the time of the event. Creates the group if there is none.
struct OffsetsCommitted {
  std::string group;
  std::vector<OffsetValue> offsets;
  bool operator==(const OffsetsCommitted&) const = default;
};
/// Offsets set against their direction, or by an administrator for a whole group. `former` has what
/// was there before, of the same partitions in the same order; the fold needs none of it. The time
/// of the event becomes the commit time. Creates the group if there is none.
struct OffsetsReset {
  std::string group;
  std::vector<OffsetValue> offsets;  // offset -1: nothing is committed from now on
  std::vector<OffsetValue> former;   // offset -1: nothing was committed
  Sequence begun = 0;                // the OffsetsResetBegun that it completes; 0: none
  Sequence undoes = 0;               // the event whose former values these are; 0: none
  bool operator==(const OffsetsReset&) const = default;
};
/// A live reset: its partitions are free and stay so until the OffsetsReset that completes it.
struct OffsetsResetBegun {
  std::string group;
  std::vector<OffsetValue> offsets;
  std::vector<MemberPartitions> revoking;  // owned ones that are asked back for it
  Sequence undoes = 0;
  bool operator==(const OffsetsResetBegun&) const = default;
};
struct OffsetsDeleted {
  std::string group;
  std::vector<OffsetValue> former;
  bool operator==(const OffsetsDeleted&) const = default;
};
/// The group had no members, and these no commit, for as long as its retention says.
struct OffsetsExpired {
  std::string group;
  std::vector<OffsetValue> former;
  bool operator==(const OffsetsExpired&) const = default;
};

/// All that is named former was the group's; the fold needs none of it.
struct GroupDeleted {
  std::string group;
  std::vector<OffsetValue> former;
  std::string former_strategy;
  std::uint32_t former_max_members = 0;
  bool former_frozen = false;
  std::vector<std::string> former_draining;
  std::vector<FormerPin> former_pins;
  std::uint64_t former_offset_retention_ms = 0;
  bool operator==(const GroupDeleted&) const = default;
};

/// Topics that patterns of the group's members match from now on.
struct PatternTopics {
  std::string pattern;
  std::vector<TopicId> topics;  // ascending
  bool operator==(const PatternTopics&) const = default;
};
struct TopicsMatched {
  std::string group;
  std::vector<PatternTopics> matches;
  bool operator==(const TopicsMatched&) const = default;
};

/// The strategy is `leader`: the plan is asked of it. A plan quotes the sequence of this event.
struct PlanRequested {
  std::string group;
  SeatId seat = kNobody;
  std::string member_id;
  std::vector<PlannedTopic> planned;  // the topics to plan, ascending by id
  bool operator==(const PlanRequested&) const = default;
};

/// All settings of the group, changed or not. Creates the group if there is none.
struct GroupConfigured {
  std::string group;
  std::string strategy;
  std::uint32_t max_members = 0;          // 0: no limit of its own
  std::uint64_t offset_retention_ms = 0;  // 0: offsets are kept for ever
  bool operator==(const GroupConfigured&) const = default;
};
struct GroupFrozen {
  std::string group;
  bool frozen = false;
  bool operator==(const GroupFrozen&) const = default;
};
/// Holds for the name, whoever bears it, until it is taken back.
struct MemberDrained {
  std::string group;
  std::string member_id;
  bool draining = false;
  bool operator==(const MemberDrained&) const = default;
};
struct PartitionPinned {
  std::string group;
  TopicPartition at;
  std::string member_id;  // empty: the pin is taken off
  bool operator==(const PartitionPinned&) const = default;
};

/// This journal was made of a backup, and begins where that ended: every seat and token of every
/// group ends, since workers may have gone on with a future that is lost. Nothing is planned for
/// the quiet time (single-owner, no-orphan names it).
struct JournalRestored {
  std::string former_journal_id;  // of the backup
  Sequence former_last_sequence = 0;
  FencingToken fence_base = 0;  // of this journal, as in its header (fence-rises)
  std::uint32_t quiet_time_ms = 0;
  bool operator==(const JournalRestored&) const = default;
};
/// Every lease that the lost future can have given has lapsed: groups are planned again.
struct QuietTimeEnded {
  bool operator==(const QuietTimeEnded&) const = default;
};

using EventBody =
    std::variant<TopicCreated, TopicExpanded, TopicDeleted, GroupTopicDropped, MemberJoined,
                 MemberReplaced, MemberSubscribed, MemberLeft, MemberExpired, PlanMade,
                 PartitionsGranted, PartitionsReleased, PartitionsFenced, OffsetsCommitted,
                 GroupDeleted, TopicsMatched, PlanRequested, GroupConfigured, GroupFrozen,
                 MemberDrained, PartitionPinned, JournalRestored, QuietTimeEnded, OffsetsReset,
                 OffsetsResetBegun, OffsetsDeleted, OffsetsExpired>;

struct Event {
  std::int64_t time_ms = 0;  // wall clock; information only, order is by sequence
  Cause cause;
  EventBody body;
  bool operator==(const Event&) const = default;
};

/// "MemberJoined", as in docs/events.md.
std::string_view event_name(const EventBody& body) noexcept;

/// The names of all events, in the order of EventBody.
std::span<const std::string_view> event_names() noexcept;

/// The group that an event belongs to; empty for events of topics.
std::string_view event_group(const EventBody& body) noexcept;

}  // namespace muster::domain
