// A plan: the strategy says who shall have what, and the event carries only what differs from
// before. What does not move is not disturbed.

#include <map>

#include "domain/assert.h"
#include "domain/assign/strategy.h"
#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/message.h"
#include "domain/plan_input.h"
#include "domain/submitted_plan.h"

namespace muster::domain {
namespace {

/// What a new plan changes, partition by partition in ascending order.
class Difference {
 public:
  explicit Difference(const Group& group) : group_(group), grants_(group) {}

  /// `partition` may be null: nothing known of it yet. `former` is its target if it is still here.
  /// Both targets may be kNobody.
  void compare(TopicPartition at, const PartitionState* partition, SeatId former, SeatId target) {
    static const PartitionState untouched;
    const PartitionState& now = partition == nullptr ? untouched : *partition;
    if (target != former) (target == kNobody ? unassigned_ : targets_).add(target, at);
    if (now.phase == Phase::kOwned && now.owner != target) revoking_.add(now.owner, at);
    if (now.phase == Phase::kFree && target != kNobody) grants_.grant(target, at);
  }

  /// A topic that the plan no longer covers: nobody shall have its partitions.
  void abandon(TopicId topic, const PartitionTable& table) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      const bool alive = group_.member(partition.target) != nullptr;
      compare({.topic = topic, .partition = index}, &partition, alive ? partition.target : kNobody,
              kNobody);
    });
  }

  Decision decision(PlanMade plan, FencingToken fence_base) {
    plan.targets = targets_.take(group_);
    for (MemberPartitions& nobody : unassigned_.take(group_)) {
      plan.unassigned = std::move(nobody.topics);
    }
    plan.revoking = revoking_.take(group_);
    Decision decision;
    decision.events.emplace_back(std::move(plan));
    grants_.append_to(decision.events, fence_base);
    return decision;
  }

 private:
  const Group& group_;
  PartitionsBySeat targets_;
  PartitionsBySeat unassigned_;  // under kNobody
  PartitionsBySeat revoking_;
  Grants grants_;
};

SeatId seat_of(const PlanInput& plan, MemberIndex member) {
  return member == kUnassigned ? kNobody : plan.seats[member];
}

void compare_topic(const PlanInput& plan, const AssignmentInput::Topic& topic,
                   const std::vector<MemberIndex>& owners, const PartitionTable* table,
                   Difference& difference) {
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto index = static_cast<PartitionIndex>(i);
    const SeatId former = topic.current.empty() ? kNobody : seat_of(plan, topic.current[i]);
    difference.compare({.topic = topic.id, .partition = index},
                       table == nullptr ? nullptr : table->find(index), former,
                       seat_of(plan, owners[i]));
  }
}

/// Compares every topic that the plan or the group knows, ascending by id.
Decision difference(const Group& group, const PlanInput& input, const Assignment& assignment,
                    PlanMade plan, FencingToken fence_base) {
  MUSTER_ASSERT(assignment.size() == input.input.topics.size());
  std::map<TopicId, std::size_t> planned;  // topic → number in the input
  for (std::size_t i = 0; i < assignment.size(); ++i) planned[input.input.topics[i].id] = i;
  std::map<TopicId, const PartitionTable*> tables;
  for (const auto& [topic, number] : planned) tables[topic] = nullptr;
  for (const auto& [topic, table] : group.partitions) tables[topic] = &table;

  Difference difference(group);
  for (const auto& [topic, table] : tables) {
    const auto number = planned.find(topic);
    if (number == planned.end()) {
      difference.abandon(topic, *table);
      continue;
    }
    const AssignmentInput::Topic& asked = input.input.topics[number->second];
    plan.planned.push_back({.topic = topic, .partition_count = asked.partition_count});
    compare_topic(input, asked, assignment[number->second], table, difference);
  }
  return difference.decision(std::move(plan), fence_base);
}

PlanMade next_plan(const Group& group, std::string_view strategy, std::string instead_of_leader) {
  return {.group = group.name,
          .generation = group.generation + 1,
          .strategy = std::string(strategy),
          .planned = {},
          .targets = {},
          .unassigned = {},
          .revoking = {},
          .instead_of_leader = std::move(instead_of_leader)};
}

/// The coordinator's own plan.
Decision plan_by(const State& state, const Group& group, std::string_view name,
                 std::string instead_of_leader) {
  const Strategy* strategy = find_strategy(name);
  MUSTER_ASSERT(strategy != nullptr);
  const PlanInput input = plan_input(state, group);
  return difference(group, input, strategy->assign(input.input),
                    next_plan(group, name, std::move(instead_of_leader)), state.fence_base);
}

Decision request_plan(const State& state, const Group& group, const Member& leader) {
  PlanRequested event{.group = group.name,
                      .seat = leader.seat,
                      .member_id = leader.member_id,
                      .planned = planned_topics(state, group)};
  Decision decision;
  decision.events.emplace_back(std::move(event));
  return decision;
}

/// Strategy `leader`: its plan is waited for, unless it can't come.
Decision plan_by_leader(const State& state, const Group& group) {
  const auto instead = [&](std::string_view member_id, std::string_view why) {
    return plan_by(state, group, kStickyStrategy, sentence("leader '", member_id, "' ", why));
  };
  const bool asked = group.request.has_value();
  const Member* leader = asked ? group.member(group.request->leader) : group.leader();
  if (leader == nullptr && asked)
    return instead(group.request->member_id, "left, expired or was removed");
  if (leader == nullptr) return plan_by(state, group, kStickyStrategy, {});  // nobody is there
  if (!leader->settings.computes_plans) return instead(leader->member_id, "computes no plans");
  if (asked && !request_outdated(state, group)) return {};
  return request_plan(state, group, *leader);
}

}  // namespace

Decided decide(const State& state, const MakePlan& command, Now) {
  const Group* group = state.group(command.group);
  if (group == nullptr || !needs_plan(state, *group)) return Decision{};

  if (group->strategy != kLeaderStrategy) return plan_by(state, *group, group->strategy, {});
  if (command.instead_of_leader.empty()) return plan_by_leader(state, *group);
  return plan_by(state, *group, kStickyStrategy, command.instead_of_leader);
}

Decided decide(const State& state, const SubmitPlan& command, Now now) {
  auto input = refuse_submitted(state, command, now);
  if (!input) return std::unexpected(input.error());
  const Group& group = *state.group(command.group);
  const auto assignment = submitted_assignment(state, command, *input);
  if (!assignment) return std::unexpected(assignment.error());

  return difference(group, *input, *assignment, next_plan(group, kLeaderStrategy, {}),
                    state.fence_base);
}

}  // namespace muster::domain
