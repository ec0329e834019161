// A plan on its way, from what its strategy is told to the part of it that is applied next. All of
// it is plain data that shares nothing with the state: a strategy may take seconds over a group of
// thousands of overlapping subscriptions, and so is computed on another thread (compute), while the
// state goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "domain/plan_input.h"
#include "domain/state.h"

namespace muster::domain {

/// Whose plan it is, and what it was made for.
struct PlanHead {
  std::string group;
  GroupId group_id = 0;
  Sequence membership = 0;        // it is made for the group as it was at this sequence
  std::string configured;         // the group's strategy then
  std::string strategy;           // that makes the plan; another one only instead of the leader
  std::string instead_of_leader;  // why; empty: it was not the leader's to make
  std::map<TopicId, std::int32_t> topics;  // subscribed topics and their sizes
};

/// A partition that gets another target, or one that is granted late. Both may be kNobody, but not
/// at once.
struct PlannedChange {
  TopicPartition at;
  SeatId former = kNobody;  // its target so far, if that one was still here
  SeatId target = kNobody;

  /// The member that has to hear of it first. A plan is applied in this order, so that a member is
  /// asked back, or given from nothing, all that it is in one slice.
  SeatId told() const { return former != kNobody ? former : target; }
};

struct PlanTask {
  PlanHead head;
  PlanInput plan;
  std::vector<PlannedChange> abandoned;  // partitions of topics that nobody subscribes to any more

  /// What the strategy and the comparison work through: members, partitions and subscriptions.
  std::size_t size() const;
};

struct ComputedPlan {
  PlanHead head;
  std::vector<PlannedChange> changes;  // by member told, then by partition
};

/// How far a plan was applied.
struct PlanUnderWay {
  std::shared_ptr<const ComputedPlan> plan;
  std::size_t next = 0;       // of its changes
  Generation generation = 0;  // that it is; 0: nothing of it was applied yet
};

/// `strategy` is one that the coordinator can compute (find_strategy).
PlanTask plan_task(const State& state, const Group& group, std::string_view strategy,
                   std::string instead_of_leader);

/// Pure, and for any thread.
ComputedPlan compute(PlanTask task);

/// The same for a plan that somebody else made.
ComputedPlan changes_of(PlanTask task, const Assignment& assignment);

}  // namespace muster::domain
