// Reduces a failing run to the fewest actions that still break the same invariant.
#pragma once

#include <string>

#include "tests/sim/world.h"

namespace muster::sim {

/// Shrinks, writes the regression file (`path` empty: seed-N.actions) and says so. Returns 1: the
/// run did fail.
int shrink_and_write(const Result& failure, std::uint64_t seed, std::string path);

/// The same for a file of actions, which stays as it is. Returns 0 when nothing is wrong with them.
int shrink_file(const std::string& path, std::string write_to);

}  // namespace muster::sim
