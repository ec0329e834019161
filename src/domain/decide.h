// decide: may this command happen, and what exactly happens then? Pure: reads the state, changes
// nothing. Each decide_*.cc reads like a contract: the refusals first, then the events. The events
// of one decision are one unit in the journal (one-command-one-unit).
#pragma once

#include <absl/container/inlined_vector.h>

#include <expected>
#include <optional>
#include <vector>

#include "domain/commands.h"
#include "domain/errors.h"
#include "domain/events.h"
#include "domain/plan_task.h"
#include "domain/state.h"

namespace muster::domain {

enum class CommitOutcome : std::uint8_t { kNone, kApplied, kSuperseded, kRefused };

struct ReleaseOutcome {
  bool released = false;             // false: it was not the current token
  TokenEnd ended = TokenEnd::kNone;  // how the presented token ended (kReleased: by this command)
  CommitOutcome commit = CommitOutcome::kNone;
  std::optional<Rejection> commit_error;
};

struct Decision {
  std::vector<EventBody> events;                   // empty: success without effect
  absl::InlinedVector<CommitOutcome, 16> commits;  // CommitOffsets: one an item
  std::vector<ReleaseOutcome> releases;            // ReleasePartitions: one an item
  std::uint32_t changed = 0;                       // DeleteOffsets, ResetOffsets: partitions
  Sequence begun = 0;                  // ResetOffsets: the live reset that this one is already
  std::optional<PlanTask> to_compute;  // MakePlan: what has to be computed before it is applied
  std::optional<PlanUnderWay> rest;    // SubmitPlan, ApplyPlan: what is still to be applied
};

using Decided = std::expected<Decision, Rejection>;

Decided decide(const State& state, const CreateTopic& command, Now now);
Decided decide(const State& state, const ExpandTopic& command, Now now);
Decided decide(const State& state, const DeleteTopic& command, Now now);
Decided decide(const State& state, const JoinGroup& command, Now now);
Decided decide(const State& state, const LeaveGroup& command, Now now);
Decided decide(const State& state, const ReleasePartitions& command, Now now);
Decided decide(const State& state, const CommitOffsets& command, Now now);
Decided decide(const State& state, const DeleteGroup& command, Now now);
Decided decide(const State& state, const RemoveMember& command, Now now);
Decided decide(const State& state, const ConfigureGroup& command, Now now);
Decided decide(const State& state, const FreezeGroup& command, Now now);
Decided decide(const State& state, const DrainMember& command, Now now);
Decided decide(const State& state, const PinPartition& command, Now now);
Decided decide(const State& state, const SubmitPlan& command, Now now);
Decided decide(const State& state, const ExpireMember& command, Now now);
Decided decide(const State& state, const FencePartitions& command, Now now);
Decided decide(const State& state, const MakePlan& command, Now now);
/// No events and no rest: the plan is not wanted any more.
Decided decide(const State& state, const ApplyPlan& command, Now now);
Decided decide(const State& state, const EndQuietTime& command, Now now);
Decided decide(const State& state, const DeleteOffsets& command, Now now);
Decided decide(const State& state, const ResetOffsets& command, Now now);
/// What is not due at Now::wall_ms stays.
Decided decide(const State& state, const ExpireOffsets& command, Now now);
/// No events while somebody still owns one of the partitions.
Decided decide(const State& state, const FinishReset& command, Now now);

/// How a token of this partition stands: kNone if it is the current one or never was one, otherwise
/// how it ended.
/// `partition` may be null (nothing known of it).
TokenEnd end_of_token(const PartitionState* partition, FencingToken fence);

}  // namespace muster::domain
