// The least unevenness: the sum over all topics and their subscribers of the square of what the
// subscriber has of the topic, pinned partitions included.
#pragma once

#include <span>
#include <vector>

#include "domain/assign/audience.h"
#include "domain/assign/deal.h"

namespace muster::domain {

/// Changes a plan of the best balance with the fewest moves to one of these with the least
/// unevenness, where it is not one already. `audiences` are a component (audience.h); `pinned`: by
/// member of the input. Above kMostShares it does nothing. When it has done too many steps it
/// leaves what it has reached, and there may be a plan that is more even yet.
void level_out(const AssignmentInput& input, std::span<const Audience> audiences,
               const std::vector<Count>& pinned, Positions& positions, Assignment& assignment);

/// The shares there are: pairs of a topic and one of its subscribers.
inline constexpr std::size_t kMostShares = std::size_t{1} << 18;
/// A step looks at one share. Groups with random subscriptions have needed all but these when they
/// were as large as may be and planned from nothing, and otherwise a quarter of either at most.
inline constexpr std::int64_t kMostSteps = 10'000'000;
inline constexpr std::int64_t kMostStepsEach = 1'000;  // for each partition and subscription

}  // namespace muster::domain
