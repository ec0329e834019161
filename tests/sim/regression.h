// Regression files: the shortest list of actions that once broke an invariant. They are replayed
// for ever.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/action.h"

namespace muster::sim {

/// In place of an invariant: an assertion of the product stopped the process.
inline constexpr std::string_view kDied = "an assertion";

/// Nothing when the file can't be read or is no list of actions, which is said.
std::optional<Plan> read_file(const std::string& path);

/// Runs it and says how it ends; of a directory each *.actions file. 0: every invariant held; 1:
/// one was broken; 2: there is nothing that could be run.
int replay(const std::string& path, bool tell);

bool write_file(const std::string& path, const Plan& plan, const std::string& invariant,
                const std::string& evidence);

}  // namespace muster::sim
