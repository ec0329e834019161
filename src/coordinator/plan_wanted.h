// PlanWanted: what the leader of a group is told when it is to plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire.h"
#include "domain/state.h"

namespace muster::coordinator {

/// The pushes, in order, each of at most `bytes_a_page`, however large a topic or a subscription
/// is; there must be a request.
std::vector<wire::PlanWantedT> plan_wanted(const domain::State& state, const domain::Group& group,
                                           std::uint32_t timeout_ms, std::size_t bytes_a_page);

}  // namespace muster::coordinator
