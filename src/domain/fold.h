// fold: the one way in which events become state, live and at start (one-fold).
#pragma once

#include <expected>
#include <string>

#include "domain/events.h"
#include "domain/state.h"

namespace muster::domain {

/// The event contradicts the state before it: the journal is corrupt (total-fold).
struct FoldError {
  Sequence sequence = 0;
  std::string event;    // its name
  std::string message;  // what it contradicts
};

/// Folds one event in. `sequence` must be state.sequence + 1. After an error the state is
/// worthless: stop.
std::expected<void, FoldError> fold(State& state, Sequence sequence, const Event& event);

}  // namespace muster::domain
