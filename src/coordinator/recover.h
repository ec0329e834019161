// From journal to state: the same fold over the same events as live (one-fold).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <string>

#include "domain/state.h"
#include "journal/reader.h"

namespace muster::coordinator {

/// The journal can't be folded: a record is missing, damaged, undecodable, or contradicts those
/// before it (total-fold). Nothing is skipped.
struct RecoveryError {
  std::string message;              // what is wrong, and what to do
  Sequence first_bad_sequence = 0;  // 0: none in particular
};

struct RecoveryOptions {
  /// Fold up to here and no further: the state as it was then.
  Sequence up_to = std::numeric_limits<Sequence>::max();
  /// Called now and then with the sequence reached, when the journal is long. May be empty.
  std::function<void(Sequence reached, Sequence last)> progress;
  /// Called with each event after it was folded. May be empty.
  std::function<void(const domain::State&, const domain::Event&)> folded;
};

/// Folds the whole journal, or what the options name of it.
std::expected<domain::State, RecoveryError> recover(journal::Reader& reader,
                                                    const journal::Header& header,
                                                    const RecoveryOptions& options = {});

}  // namespace muster::coordinator
