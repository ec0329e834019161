// Regression files: the shortest list of actions that once broke an invariant. They are replayed
// for ever.
#pragma once

#include <string>

#include "tests/sim/action.h"

namespace muster::sim {

/// Runs it and says how it ends. 0: every invariant held.
int replay_file(const std::string& path, bool tell);

bool write_file(const std::string& path, const Plan& plan, const std::string& invariant,
                const std::string& evidence);

}  // namespace muster::sim
