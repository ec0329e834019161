// The state: what you get by folding the journal. Plain data, read by decide_*.cc and by queries,
// changed by fold.cc alone (one-fold). Ordered containers wherever an order could decide anything.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/assign/strategy.h"
#include "domain/events.h"
#include "domain/ids.h"
#include "domain/named_map.h"
#include "domain/partition_table.h"

namespace muster::domain {

struct Topic {
  std::string name;
  TopicId id = 0;
  std::int32_t partition_count = 0;
};

/// An incarnation that may never come back under its member id.
struct EndedIncarnation {
  Incarnation incarnation = 0;
  TokenEnd how = TokenEnd::kReplaced;  // kReplaced or kRemoved
  Sequence sequence = 0;               // event that ended it
};

struct Member {
  SeatId seat = kNobody;
  std::string member_id;
  Incarnation incarnation = 0;
  Sequence incarnation_sequence = 0;  // event that seated this incarnation
  bool planned = false;               // a plan was made since it was seated
  MemberSettings settings;
  absl::btree_set<TopicPartition> held;  // derived: owned or being revoked
  std::size_t owned = 0;                 // derived: of those, how many are not being revoked
  std::size_t targeted = 0;              // derived: partitions that the plan gives to this seat

  /// Partitions planned for this member that others must release first.
  std::size_t pending() const { return targeted - owned; }
};

/// Topics that a pattern matches, as the events say: the fold evaluates nothing.
struct PatternMatches {
  std::uint32_t subscriptions = 0;  // distinct ones that have the pattern
  absl::btree_set<TopicId> topics;
};

/// A plan that the leader was asked for and that was not made yet.
struct PlanRequest {
  Sequence sequence = 0;  // of the PlanRequested: what the plan has to quote
  SeatId leader = kNobody;
  std::string member_id;  // the leader's
  bool outdated = false;  // the group changed since
  std::map<TopicId, std::int32_t> topics;
};

/// What a plan is made for: the first of the changes since the one before, and how many followed.
struct PlanReason {
  Sequence sequence = 0;     // of the event; 0: a topic that was planned before grew or went
  std::string what;          // "member 'a' joined"; empty: nothing yet
  std::uint32_t others = 0;  // further changes
};

/// What is kept of an event that granted partitions until all of them are granted again or gone, so
/// that "who gave it to whom, when and why" has an answer when the event itself has been trimmed.
struct GrantNote {
  std::int64_t time_ms = 0;  // of the event
  Generation generation = 0;
  PlanReason reason;             // of that generation's plan
  std::uint32_t partitions = 0;  // derived: whose last grant this is
};

/// What a live reset will make of a partition. -1: nothing is committed.
struct PendingOffset {
  std::int64_t offset = -1;
  std::string metadata;
};
/// A live reset that waits until nobody owns any of its partitions. They are granted to nobody
/// meanwhile.
struct PendingReset {
  Sequence sequence = 0;  // of the OffsetsResetBegun
  Sequence undoes = 0;
  std::map<TopicPartition, PendingOffset> offsets;
};

struct Group {
  std::string name;
  GroupId id = 0;
  Generation generation = 0;
  std::string strategy{kDefaultStrategy};  // of the next plan
  std::uint32_t max_members = 0;           // 0: no limit of its own
  std::uint64_t offset_retention_ms = 0;   // 0: offsets are kept for ever
  std::int64_t emptied_ms = 0;  // time of the event since which it has no members; 0: it has
  bool frozen = false;          // the plan does not change
  std::set<std::string, std::less<>> draining;              // member ids, present or not
  std::map<TopicPartition, std::string> pins;               // to member ids, present or not
  std::map<SeatId, Member> members;                         // longest-standing first
  absl::btree_map<std::string, SeatId, std::less<>> seats;  // member id → seat, sorted by id
  std::map<std::string, std::deque<EndedIncarnation>, std::less<>> ended;  // newest last
  std::map<TopicId, PartitionTable> partitions;  // as far as anything is known
  std::map<TopicId, std::int32_t> planned;       // topics and sizes that the last plan covers
  bool plan_outdated = false;                    // members or settings changed since the last one
  bool plan_urgent = false;                      // and the next must not wait for further joins
  bool plan_unfinished = false;                  // further slices of the last one were to follow
  Sequence changed = 0;                          // event that outdated a plan last
  std::optional<PlanRequest> request;
  std::map<std::string, PatternMatches, std::less<>> patterns;
  PlanReason reason;                         // of the last plan
  PlanReason next_reason;                    // of the next one, so far
  std::map<FencingToken, GrantNote> grants;  // by the token that they gave
  std::optional<PendingReset> reset;
  Sequence last_live_reset = 0;  // the OffsetsReset that completed the last live one; 0: none

  std::map<Subscription, std::uint32_t> subscribers;  // derived: distinct subscriptions → members
  /// Derived: names of topics that anybody subscribes to (they need not exist) → how many distinct
  /// subscriptions name it and patterns match it.
  std::map<std::string, std::uint32_t, std::less<>> subscriptions;
  std::size_t revoking_count = 0;  // derived: partitions in Phase::kRevoking
  std::size_t owned_count = 0;     // derived: partitions with an owner, revoking or not

  const Member* member(SeatId seat) const;
  const Member* member(std::string_view member_id) const;
  const Member* leader() const;                              // longest-standing; null when empty
  const PartitionState* partition(TopicPartition at) const;  // null: nothing known of it
  /// How this incarnation of the member id ended for good; kNone if it did not.
  TokenEnd ended_incarnation(std::string_view member_id, Incarnation incarnation) const;
};

struct State {
  Sequence sequence = 0;        // of the last event folded in
  FencingToken fence_base = 0;  // from the journal's header, not from events
  /// After a restore, until the workers of the lost future can have none of their leases left: no
  /// plan is made (no-orphan names the quiet time). 0: none. A start gives the whole time anew.
  std::uint32_t quiet_time_ms = 0;
  std::map<std::string, Topic, std::less<>> topics;
  absl::flat_hash_map<TopicId, const Topic*> topics_by_id;  // looked up, never iterated
  NamedMap<Group> groups;
  std::size_t member_count = 0;  // derived: members of all groups
  /// Derived: groups in which somebody subscribes to a pattern.
  std::set<std::string, std::less<>> groups_with_patterns;
  /// Sum of the hashes of all entities, kept up to date by the fold (see digest.h).
  std::uint64_t digest = 0;

  State() = default;
  State(const State&) = delete;  // topics_by_id points into topics
  State& operator=(const State&) = delete;
  State(State&&) = default;  // map nodes stay where they are
  State& operator=(State&&) = default;

  const Topic* topic(std::string_view name) const;
  const Topic* topic(TopicId id) const;
  const Group* group(std::string_view name) const;
};

/// Whether the member subscribes to the topic, by name or by pattern.
bool subscribes(const Group& group, const Member& member, const Topic& topic);

/// Whether the partition waits for a live reset, and so is granted to nobody.
bool waits_for_reset(const Group& group, TopicPartition at);

/// Whether a live reset of the group is due: nobody owns any of its partitions.
bool reset_is_due(const Group& group);

/// When the offset of the group, which has a retention and no members, may be forgotten, by the
/// wall clock of the events: neither the emptied group nor the commit may be younger than the
/// retention.
std::int64_t expires_ms(const Group& group, const PartitionState& partition);

/// min(session_timeout, disconnect_grace): the client can't know which of the two runs (§4 rule 3).
std::uint32_t lease_ms(const MemberSettings& settings);

/// Whether the group's last plan no longer fits its members, settings and topics, and may change,
/// or a plan of its leader's is waited for. A function of the folded state alone, so that a restart
/// forgets no plan that was due (§4 rule 4).
bool needs_plan(const State& state, const Group& group);

/// The same, but for the quiet time: then such a plan is made when that is over.
bool plan_is_outdated(const State& state, const Group& group);

/// Whether the group changed since the plan was requested; there must be a request.
bool request_outdated(const State& state, const Group& group);

enum class GroupPhase : std::uint8_t { kEmpty, kBalancing, kStable };

/// Empty: no members. Balancing: anything gathering, revoking or being reset. Stable: neither (§4
/// rule 10).
GroupPhase phase_of(const State& state, const Group& group);

/// Partitions of topics that somebody in the group subscribes to.
std::size_t subscribed_partitions(const State& state, const Group& group);

/// 16 hexadecimal digits.
std::string digest_text(std::uint64_t digest);

}  // namespace muster::domain
