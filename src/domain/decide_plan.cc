// A plan, in three steps: it is due (MakePlan), its strategy says who shall have what (plan_task.h,
// perhaps on another thread), and it is applied (ApplyPlan), a slice at a time: each is one unit,
// and carries only what differs from before. What does not move is not disturbed.

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <span>

#include "domain/assign/strategy.h"
#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/message.h"
#include "domain/plan_task.h"
#include "domain/submitted_plan.h"

namespace muster::domain {
namespace {

// ---- applying ----------------------------------------------------------------------------------

/// One slice of a plan, held against the present state. A group that has changed since the plan
/// was made gets of it what still holds; the rest is for the plan that follows.
class Slice {
 public:
  Slice(const State& state, const Group& group, const PlanHead& head)
      : state_(state), group_(group), outdated_(group.changed > head.membership), grants_(group) {}

  bool outdated() const { return outdated_; }

  /// In ascending order of partitions.
  void take(const PlannedChange& change) {
    const Topic* topic = state_.topic(change.at.topic);
    if (topic == nullptr) return;
    if (outdated_ && !still_holds(change, *topic)) return;
    const PartitionState& now = partition(change.at);
    const SeatId former = group_.member(now.target) == nullptr ? kNobody : now.target;
    if (former != change.target) {
      (change.target == kNobody ? unassigned_ : targets_).add(change.target, change.at);
    }
    if (now.phase == Phase::kOwned && now.owner != change.target) {
      revoking_.add(now.owner, change.at);
    }
    const bool waits = waits_for_reset(group_, change.at);
    if (now.phase == Phase::kFree && change.target != kNobody && !waits) {
      grants_.grant(change.target, change.at);
    }
  }

  std::vector<EventBody> events(PlanMade plan) {
    plan.targets = targets_.take(group_);
    for (MemberPartitions& nobody : unassigned_.take(group_)) {
      plan.unassigned = std::move(nobody.topics);
    }
    plan.revoking = revoking_.take(group_);
    std::vector<EventBody> events;
    events.emplace_back(std::move(plan));
    grants_.append_to(events, state_.fence_base);
    return events;
  }

 private:
  const PartitionState& partition(TopicPartition at) {
    static const PartitionState untouched;
    const auto [known, fresh] = tables_.try_emplace(at.topic, nullptr);
    if (fresh) {
      const auto table = group_.partitions.find(at.topic);
      if (table != group_.partitions.end()) known->second = &table->second;
    }
    const PartitionState* found =
        known->second == nullptr ? nullptr : known->second->find(at.partition);
    return found == nullptr ? untouched : *found;
  }

  /// Whether the target may be given the partition as things are now.
  bool still_holds(const PlannedChange& change, const Topic& topic) const {
    const Member* target = group_.member(change.target);
    if (target == nullptr || !subscribes(group_, *target, topic)) return false;
    if (group_.draining.contains(target->member_id)) return false;  // a pin to it does nothing
    const auto pin = group_.pins.find(change.at);
    return pin == group_.pins.end() || pin->second == target->member_id;
  }

  const State& state_;
  const Group& group_;
  bool outdated_;
  absl::flat_hash_map<TopicId, const PartitionTable*> tables_;  // looked up, never iterated
  PartitionsBySeat targets_;
  PartitionsBySeat unassigned_;  // under kNobody
  PartitionsBySeat revoking_;
  Grants grants_;
};

/// How many of the changes fit into one turn: whole members, unless one alone is too many. What is
/// asked back is two members' to hear of, and each member costs a message.
std::size_t fitting(std::span<const PlannedChange> changes, std::size_t most) {
  constexpr std::size_t kMember = 4;
  constexpr std::size_t kMoved = 4;
  std::size_t work = 0;
  std::size_t whole = 0;  // as far as the last member that fits
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i == 0 || changes[i].told() != changes[i - 1].told()) {
      whole = i;
      work += kMember;
    }
    work += changes[i].former == kNobody ? 1 : kMoved;
    if (work > most && i > 0) return whole > 0 ? whole : i;
  }
  return changes.size();
}

std::vector<PlannedTopic> still_there(const State& state, const PlanHead& head) {
  std::vector<PlannedTopic> planned;
  for (const auto& [topic, partition_count] : head.topics) {
    if (state.topic(topic) == nullptr) continue;
    planned.push_back({.topic = topic, .partition_count = partition_count});
  }
  return planned;
}

Decision next_slice(const State& state, const Group& group, PlanUnderWay under_way, Now now) {
  const PlanHead& head = under_way.plan->head;
  const std::span<const PlannedChange> left =
      std::span(under_way.plan->changes).subspan(under_way.next);
  const std::size_t count = fitting(left, now.limits.plan_slice_max);
  std::vector<PlannedChange> changes(left.begin(),
                                     left.begin() + static_cast<std::ptrdiff_t>(count));
  std::ranges::sort(changes, {}, &PlannedChange::at);
  Slice slice(state, group, head);
  for (const PlannedChange& change : changes) slice.take(change);

  const bool more = count < left.size();
  if (under_way.generation == 0) under_way.generation = group.generation + 1;
  under_way.next += count;
  Decision decision{.events = slice.events({.group = group.name,
                                            .generation = under_way.generation,
                                            .strategy = head.strategy,
                                            .planned = still_there(state, head),
                                            .targets = {},
                                            .unassigned = {},
                                            .revoking = {},
                                            .instead_of_leader = head.instead_of_leader,
                                            .membership = head.membership,
                                            .more = more,
                                            .outdated = !more && slice.outdated()})};
  if (more) decision.rest = std::move(under_way);
  return decision;
}

// ---- making ------------------------------------------------------------------------------------

Decision plan_by(const State& state, const Group& group, std::string_view strategy,
                 std::string instead_of_leader) {
  Decision decision;
  decision.to_compute = plan_task(state, group, strategy, std::move(instead_of_leader));
  return decision;
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

/// Whether the group no longer wants this plan: an operator chose otherwise, or another was made.
bool superseded(const State& state, const Group& group, const PlanUnderWay& under_way) {
  const PlanHead& head = under_way.plan->head;
  return group.id != head.group_id || group.strategy != head.configured ||
         !needs_plan(state, group) ||
         (under_way.generation != 0 && under_way.generation != group.generation);
}

}  // namespace

Decided decide(const State& state, const MakePlan& command, Now) {
  const Group* group = state.group(command.group);
  if (group == nullptr || !needs_plan(state, *group)) return Decision{};

  if (group->strategy != kLeaderStrategy) return plan_by(state, *group, group->strategy, {});
  if (command.instead_of_leader.empty()) return plan_by_leader(state, *group);
  return plan_by(state, *group, kStickyStrategy, command.instead_of_leader);
}

Decided decide(const State& state, const ApplyPlan& command, Now now) {
  const Group* group = state.group(command.under_way.plan->head.group);
  if (group == nullptr || superseded(state, *group, command.under_way)) return Decision{};
  return next_slice(state, *group, command.under_way, now);
}

Decided decide(const State& state, const SubmitPlan& command, Now now) {
  auto task = refuse_submitted(state, command, now);
  if (!task) return std::unexpected(task.error());
  const Group& group = *state.group(command.group);
  const auto assignment = submitted_assignment(state, command, task->plan);
  if (!assignment) return std::unexpected(assignment.error());

  auto plan = std::make_shared<const ComputedPlan>(changes_of(std::move(*task), *assignment));
  return next_slice(state, group, {.plan = std::move(plan), .next = 0, .generation = 0}, now);
}

}  // namespace muster::domain
