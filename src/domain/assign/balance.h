// The best balance when subscriptions differ and overlap.
#pragma once

#include <vector>

#include "domain/assign/audience.h"

namespace muster::domain {

/// Quotas of audiences that share members: the loads, sorted from the highest, are the smallest
/// possible in lexicographic order, and no other quotas of such loads need fewer moves. `pinned`:
/// by member of the input.
void balance_quotas(const std::vector<Audience>& audiences, const std::vector<Count>& pinned);

}  // namespace muster::domain
