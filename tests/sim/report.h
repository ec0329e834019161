// What a failure says: the seed, the invariant, the last actions and one command that repeats it.
#pragma once

#include <cstdint>

#include "tests/sim/world.h"

namespace muster::sim {

inline constexpr std::uint64_t kDefaultSteps = 20'000;

/// One seed: worlds one after the other, each with a fresh journal, until the steps are done.
Result run_seed(std::uint64_t seed, std::uint64_t steps);

void report(const Result& result, std::uint64_t seed, std::uint64_t steps);

/// From now on an assertion of the product that fails says which seed was running.
void report_aborts();

}  // namespace muster::sim
