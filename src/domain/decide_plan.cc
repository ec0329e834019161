// A plan: the strategy says who shall have what, and the event carries only what differs from
// before. What does not move is not disturbed.

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "domain/assert.h"
#include "domain/assign/strategy.h"
#include "domain/decide.h"
#include "domain/grants.h"

namespace muster::domain {
namespace {

/// The strategy's input and the way back from its member numbers to seats.
struct Planning {
  AssignmentInput input;
  std::vector<SeatId> seats;
};

Planning plan_for(const State& state, const Group& group) {
  Planning planning;
  absl::flat_hash_map<std::string_view, std::size_t> topic_numbers;  // looked up, never iterated
  for (const auto& [name, members] : group.subscriptions) {          // sorted by name
    const Topic* topic = state.topic(name);
    if (topic == nullptr) continue;
    const auto number = static_cast<std::uint32_t>(planning.input.topics.size());
    topic_numbers[name] = number;
    planning.input.topics.push_back({.id = topic->id,
                                     .partition_count = topic->partition_count,
                                     .audience = number,
                                     .current = {},
                                     .pins = {}});
    planning.input.audiences.emplace_back();
  }
  for (const auto& [member_id, seat] : group.seats) {  // sorted by member id
    const auto index = static_cast<MemberIndex>(planning.seats.size());
    planning.seats.push_back(seat);
    for (const std::string& name : group.member(seat)->settings.topics) {
      const auto number = topic_numbers.find(name);
      if (number == topic_numbers.end()) continue;
      planning.input.audiences[number->second].push_back(index);
    }
  }
  planning.input.member_count = planning.seats.size();
  return planning;
}

/// What a new plan changes, partition by partition in ascending order.
class Difference {
 public:
  explicit Difference(const Group& group) : group_(group), grants_(group) {}

  /// `partition` may be null: nothing known of it yet. `target` may be kNobody.
  void compare(TopicPartition at, const PartitionState* partition, SeatId target) {
    static const PartitionState untouched;
    const PartitionState& now = partition == nullptr ? untouched : *partition;
    const SeatId former = group_.member(now.target) == nullptr ? kNobody : now.target;
    if (target != former) (target == kNobody ? unassigned_ : targets_).add(target, at);
    if (now.phase == Phase::kOwned && now.owner != target) revoking_.add(now.owner, at);
    if (now.phase == Phase::kFree && target != kNobody) grants_.grant(target, at);
  }

  /// A topic that the plan no longer covers: nobody shall have its partitions.
  void abandon(TopicId topic, const PartitionTable& table) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      compare({.topic = topic, .partition = index}, &partition, kNobody);
    });
  }

  Decision decision(PlanMade plan, FencingToken fence_base) const {
    plan.targets = targets_.in(group_);
    for (MemberPartitions& nobody : unassigned_.in(group_)) {
      plan.unassigned = std::move(nobody.topics);
    }
    plan.revoking = revoking_.in(group_);
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

/// Compares every topic that the plan or the group knows, ascending by id.
Decision difference(const Group& group, const Planning& planning, const Assignment& assignment,
                    PlanMade plan, FencingToken fence_base) {
  std::map<TopicId, std::size_t> planned;  // topic → number in the input
  for (std::size_t i = 0; i < planning.input.topics.size(); ++i) {
    const AssignmentInput::Topic& topic = planning.input.topics[i];
    planned[topic.id] = i;
  }
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
    const std::vector<MemberIndex>& owners = assignment[number->second];
    plan.planned.push_back(
        {.topic = topic, .partition_count = static_cast<std::int32_t>(owners.size())});
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const TopicPartition at{.topic = topic, .partition = static_cast<PartitionIndex>(i)};
      const SeatId target = owners[i] == kUnassigned ? kNobody : planning.seats[owners[i]];
      difference.compare(at, table == nullptr ? nullptr : table->find(at.partition), target);
    }
  }
  return difference.decision(std::move(plan), fence_base);
}

}  // namespace

Decided decide(const State& state, const MakePlan& command, Now) {
  const Group* group = state.group(command.group);
  if (group == nullptr || !needs_plan(state, *group)) return Decision{};

  const Strategy* strategy = find_strategy(group->strategy);
  MUSTER_ASSERT(strategy != nullptr);
  const Planning planning = plan_for(state, *group);
  const Assignment assignment = strategy->assign(planning.input);
  MUSTER_ASSERT(assignment.size() == planning.input.topics.size());
  PlanMade plan{.group = group->name,
                .generation = group->generation + 1,
                .strategy = std::string(strategy->name())};
  return difference(*group, planning, assignment, std::move(plan), state.fence_base);
}

}  // namespace muster::domain
