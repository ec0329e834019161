// How plans are made, from the moment they are due. A turn does a bounded amount of this work, so
// that heartbeats and everything else are answered in between, however large a group is: what takes
// a strategy long is computed by the planner, and what a plan changes is applied in slices.

#include <optional>
#include <utility>

#include "coordinator/pipeline_implementation.h"

namespace muster::coordinator {
namespace {

domain::Cause of_plan() {
  return {.kind = domain::CauseKind::kCoordinator, .who = "plan", .from = {}};
}

}  // namespace

/// Plans under way before new ones: whatever comes meanwhile, each reaches its end.
void Pipeline::Implementation::go_on_planning() {
  while (auto plan = planner_.take()) under_way_.computed(std::move(*plan));
  const std::size_t most = settings_.limits.plan_slice_max;
  std::size_t work = apply_ready_slices(most);
  for (const auto& [group, why] : std::exchange(overruled_, {})) work += make_plan(group, why);
  while (work < most) {
    const auto group = plans_.take_due(now_ms());
    if (!group) return;
    work += make_plan(*group, {});
  }
}

/// One slice a group in turn, until the turn's share of work is done. Returns what was done.
std::size_t Pipeline::Implementation::apply_ready_slices(std::size_t most) {
  std::size_t work = 0;
  while (work < most) {
    const auto group = under_way_.ready_after(last_sliced_, journal_.durable_sequence());
    if (!group) break;
    last_sliced_ = *group;
    const domain::PlanUnderWay& slices = under_way_.slices(*group);
    work += slices.plan->changes.size() - slices.next + 1;
    if (!apply_slice(*group)) break;
  }
  return work;
}

/// Returns how much work it was.
std::size_t Pipeline::Implementation::make_plan(const std::string& name,
                                                const std::string& instead_of_leader) {
  // A second one is due when the present one has been applied, if the group has changed since.
  const domain::Group* group = state_.group(name);
  if (group != nullptr && under_way_.covers(*group)) return 1;
  under_way_.end(name);
  auto made =
      execute(domain::MakePlan{.group = name, .instead_of_leader = instead_of_leader}, of_plan());
  if (!made) {
    // The disk has become full within this turn: the plan stays due.
    schedule_plan(*state_.group(name));
    return 1;
  }
  std::optional<domain::PlanTask> task = std::move(made->to_compute);
  if (!task) return 1;
  const std::size_t size = task->size();
  under_way_.begin(task->head);
  if (size > settings_.plan_in_turn_max) {
    constexpr std::size_t kToldAtOnce = 64;  // what the planner is told in the time of one change
    planner_.start(std::move(*task));
    return size / kToldAtOnce + 1;
  }
  under_way_.computed(domain::compute(std::move(*task)));
  apply_slice(name);
  return size + 1;
}

/// False: there is no room for it on the disk, and it is tried again when there is.
bool Pipeline::Implementation::apply_slice(const std::string& name) {
  const auto applied = execute(domain::ApplyPlan{.under_way = under_way_.slices(name)}, of_plan());
  if (!applied) return false;
  const domain::Decision& decision = *applied;
  if (decision.rest) {
    under_way_.go_on(*decision.rest, state_.sequence);
    return true;
  }
  under_way_.end(name);
  if (const domain::Group* group = state_.group(name)) schedule_plan(*group);
  return true;
}

/// A plan that follows from folded state is never forgotten: start and every change come here.
void Pipeline::Implementation::schedule_plan(const domain::Group& group) {
  if (!domain::needs_plan(state_, group)) return;
  if (group.plan_urgent || group.plan_unfinished) {
    plans_.at_once(group.name, now_ms());
  } else {  // joins and topics: there are often more of them
    plans_.gather(group.name, now_ms());
  }
}

}  // namespace muster::coordinator
