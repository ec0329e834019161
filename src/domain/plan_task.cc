#include "domain/plan_task.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "domain/assert.h"
#include "domain/assign/strategy.h"

namespace muster::domain {
namespace {

/// What still has a target although nobody subscribes to it any more.
std::vector<PlannedChange> abandoned(const Group& group, const PlanHead& head) {
  std::vector<PlannedChange> changes;
  for (const auto& [topic, table] : group.partitions) {
    if (head.topics.contains(topic)) continue;
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      if (group.member(partition.target) == nullptr) return;
      changes.push_back({.at = {.topic = topic, .partition = index}, .former = partition.target});
    });
  }
  return changes;
}

SeatId seat_of(const PlanInput& plan, MemberIndex member) {
  return member == kUnassigned ? kNobody : plan.seats[member];
}

}  // namespace

std::size_t PlanTask::size() const {
  std::size_t size = plan.seats.size() + abandoned.size();
  for (const auto& topic : plan.input.topics) {
    size += static_cast<std::size_t>(topic.partition_count);
  }
  for (const auto& audience : plan.input.audiences) size += audience.size();
  return size;
}

PlanTask plan_task(const State& state, const Group& group, std::string_view strategy,
                   std::string instead_of_leader) {
  PlanTask task{.head = {.group = group.name,
                         .group_id = group.id,
                         .membership = state.sequence,
                         .configured = group.strategy,
                         .strategy = std::string(strategy),
                         .instead_of_leader = std::move(instead_of_leader),
                         .topics = {}},
                .plan = plan_input(state, group),
                .abandoned = {}};
  for (const AssignmentInput::Topic& topic : task.plan.input.topics) {
    task.head.topics[topic.id] = topic.partition_count;
  }
  task.abandoned = abandoned(group, task.head);
  return task;
}

ComputedPlan compute(PlanTask task) {
  const Strategy* strategy = find_strategy(task.head.strategy);
  MUSTER_ASSERT(strategy != nullptr);
  const Assignment assignment = strategy->assign(task.plan.input);
  return changes_of(std::move(task), assignment);
}

ComputedPlan changes_of(PlanTask task, const Assignment& assignment) {
  PlanInput& plan = task.plan;
  std::ranges::sort(plan.ungranted);
  MUSTER_ASSERT(assignment.size() == plan.input.topics.size());
  std::vector<PlannedChange> changes = std::move(task.abandoned);
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    const AssignmentInput::Topic& topic = plan.input.topics[i];
    for (std::size_t index = 0; index < assignment[i].size(); ++index) {
      const SeatId former = topic.current.empty() ? kNobody : seat_of(plan, topic.current[index]);
      const SeatId target = seat_of(plan, assignment[i][index]);
      const TopicPartition at{.topic = topic.id, .partition = static_cast<PartitionIndex>(index)};
      if (former == target && !std::ranges::binary_search(plan.ungranted, at)) continue;
      changes.push_back({.at = at, .former = former, .target = target});
    }
  }
  std::ranges::sort(changes, {}, [](const PlannedChange& change) {
    return std::tuple(change.told(), change.at);
  });
  return {.head = std::move(task.head), .changes = std::move(changes)};
}

}  // namespace muster::domain
