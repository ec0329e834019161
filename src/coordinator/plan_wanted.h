// PlanWanted: what the leader of a group is told when it is to plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire.h"
#include "domain/state.h"

namespace muster::coordinator {

/// The pushes, in order, each of at most half a frame; there must be a request. What is larger than
/// a connection may have unsent closes it, and the coordinator makes the plan itself then.
std::vector<wire::PlanWantedT> plan_wanted(const domain::State& state, const domain::Group& group,
                                           std::uint32_t timeout_ms, std::size_t max_frame_bytes);

}  // namespace muster::coordinator
