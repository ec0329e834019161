// A leader's plan, checked: for the membership that it was asked for, from the one that was asked,
// each partition exactly once and to a subscriber. Otherwise refused with the reason, and nothing
// changes.
#pragma once

#include <expected>

#include "domain/assign/strategy.h"
#include "domain/commands.h"
#include "domain/errors.h"
#include "domain/plan_task.h"
#include "domain/state.h"

namespace muster::domain {

/// Who may submit a plan and when; what the plan is about, if this one may. The group exists then.
std::expected<PlanTask, Rejection> refuse_submitted(const State& state, const SubmitPlan& command,
                                                    Now now);

/// The plan as an assignment, complete or kInvalidPlan. Pinned partitions are their pins'.
std::expected<Assignment, Rejection> submitted_assignment(const State& state,
                                                          const SubmitPlan& command,
                                                          const PlanInput& plan);

}  // namespace muster::domain
