// The commands: what was asked, with the facts that a decision needs besides the state. Time,
// identity and entropy enter here and nowhere else (outcomes-not-intents).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/events.h"
#include "domain/ids.h"
#include "domain/limits.h"
#include "domain/plan_task.h"

namespace muster::domain {

/// What a decision may know besides the state and the command.
struct Now {
  std::int64_t wall_ms = 0;
  const Limits& limits;
};

/// What the coordinator's session table knows of the seat that a command speaks for. Sessions are
/// not folded (heartbeats are not journaled), so these facts come with the command.
struct Presence {
  bool bound_here = false;               // the seat is bound to the connection that asks
  bool connection_ended = false;         // its bound connection was seen to end in this run
  std::uint32_t lease_remaining_ms = 0;  // until the old incarnation's lease can have ended
};

struct CreateTopic {
  std::string name;
  std::int32_t partition_count = 0;
};
struct ExpandTopic {
  std::string name;
  std::int32_t partition_count = 0;
};
struct DeleteTopic {
  std::string name;
};

struct JoinGroup {
  std::string group;
  std::string member_id;
  Incarnation incarnation = 0;
  bool resume = false;
  bool takeover = false;
  bool named = false;
  std::string client_id;
  std::string host;
  std::vector<std::string> topics;
  std::uint32_t session_timeout_ms = 0;    // 0: default
  std::uint32_t disconnect_grace_ms = 0;   // 0: default
  std::uint32_t rebalance_timeout_ms = 0;  // 0: default
  std::vector<std::string> patterns;
  std::string metadata;
  bool computes_plans = false;
  Presence presence;
};

struct LeaveGroup {
  std::string group;
  std::string member_id;
  Incarnation incarnation = 0;
  Presence presence;
};

struct ReleaseItem {
  std::string topic;
  PartitionIndex partition = 0;
  FencingToken fence = 0;
  bool commits = false;
  std::int64_t offset = 0;
  std::string metadata;
};
struct ReleasePartitions {
  std::string group;
  std::string member_id;
  Incarnation incarnation = 0;
  std::vector<ReleaseItem> items;
  Presence presence;
};

struct CommitItem {
  std::string_view topic;  // of the request, which outlives the command
  PartitionIndex partition = 0;
  std::int64_t offset = 0;
  FencingToken fence = 0;  // 0: an administrator's
  std::string metadata;
  std::int64_t end = -1;    // end offset of the partition as the client sees it; -1: not reported
  std::int64_t start = -1;  // and where it begins
  /// Applied only if this is committed (-1: nothing), and then in either direction.
  std::optional<std::int64_t> expected;
};
struct CommitOffsets {
  std::string group;
  std::vector<CommitItem> items;
};

struct DeleteOffsets {
  std::string group;
  std::string topic;
  std::optional<PartitionIndex> partition;  // nothing: all of the topic
};

struct ResetItem {
  std::string topic;
  PartitionIndex partition = 0;
  std::int64_t offset = 0;  // -1: nothing is committed
  std::string metadata;
};
struct ResetOffsets {
  std::string group;
  std::vector<ResetItem> items;
  bool live = false;    // the group may have members
  Sequence undoes = 0;  // the event whose former values these are; 0: none
};

struct DeleteGroup {
  std::string group;
};
struct RemoveMember {
  std::string group;
  std::string member_id;
};

/// Nothing is set: nothing changes.
struct ConfigureGroup {
  std::string group;
  std::optional<std::string> strategy;
  std::optional<std::uint32_t> max_members;
  std::optional<std::uint64_t> offset_retention_ms;
};
struct FreezeGroup {
  std::string group;
  bool frozen = false;
};
struct DrainMember {
  std::string group;
  std::string member_id;
  bool draining = false;
};
struct PinPartition {
  std::string group;
  std::string topic;
  PartitionIndex partition = 0;
  std::string member_id;  // empty: takes the pin off
};

struct PlannedOwner {
  PartitionIndex partition = 0;
  std::uint32_t member = 0;  // index in SubmitPlan::members
};
struct PlannedOwners {
  std::string topic;
  std::vector<PlannedOwner> owners;
};
/// The leader's plan.
struct SubmitPlan {
  std::string group;
  std::string member_id;
  Incarnation incarnation = 0;
  Sequence membership = 0;  // that it was made for: the sequence of the PlanRequested
  std::vector<std::string> members;
  std::vector<PlannedOwners> topics;
  Presence presence;
};

// Decided by the coordinator itself, when a deadline is due.
struct ExpireMember {
  std::string group;
  SeatId seat = kNobody;
  ExpiryReason reason = ExpiryReason::kSilence;
};
struct FencePartitions {  // revocations whose deadline passed
  std::string group;
  std::vector<TokenRef> tokens;
};
struct MakePlan {
  std::string group;
  std::string instead_of_leader;  // why the coordinator no longer waits for the leader's plan
};

/// The next slice of a plan that has been computed.
struct ApplyPlan {
  PlanUnderWay under_way;
};
/// The quiet time after a restore has passed.
struct EndQuietTime {};
/// The retention of an empty group may have passed: Now::wall_ms says for which of its offsets.
struct ExpireOffsets {
  std::string group;
};
/// Nobody owns a partition of the group's live reset any more.
struct FinishReset {
  std::string group;
};

using Command =
    std::variant<CreateTopic, ExpandTopic, DeleteTopic, JoinGroup, LeaveGroup, ReleasePartitions,
                 CommitOffsets, DeleteGroup, RemoveMember, ConfigureGroup, FreezeGroup, DrainMember,
                 PinPartition, SubmitPlan, ExpireMember, FencePartitions, MakePlan, ApplyPlan,
                 EndQuietTime, DeleteOffsets, ResetOffsets, ExpireOffsets, FinishReset>;

}  // namespace muster::domain
