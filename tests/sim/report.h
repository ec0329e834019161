// What a failure says: the seed, the invariant, the last actions and one command that repeats it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/world.h"

namespace muster::sim {

inline constexpr std::uint64_t kDefaultSteps = 20'000;

/// One seed: worlds one after the other, each with a fresh journal, until the steps are done.
Result run_seed(std::uint64_t seed, std::uint64_t steps);

void report(const Result& result, std::uint64_t seed, std::uint64_t steps);

/// From now on an assertion of the product that fails says which seed was running, and writes the
/// actions of its world to the file, unless that is empty.
void report_aborts(std::string write_actions_to);
/// It is no seed that runs, but this file.
void dies_replaying(const std::string& path);

}  // namespace muster::sim
