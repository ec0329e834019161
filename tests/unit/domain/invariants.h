// What must hold after every unit of events, computed from scratch.
#pragma once

#include <cstdint>
#include <string>

#include "domain/state.h"

namespace muster::domain {

/// Every field of the state, one entity a line; room in a table is no part of it. Two states are
/// equal when their descriptions are.
std::string describe(const State& state);

/// The digest without the help of the fold.
std::uint64_t digest_from_scratch(const State& state);

/// Fails the test when the state breaks an invariant or a derived field is wrong.
void require_sound(const State& state);

}  // namespace muster::domain
