// From journal to state: a snapshot, if there is one, and the same fold over the same events as
// live (one-fold).
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
/// before it (total-fold); or a snapshot is not what they fold to. Nothing is skipped.
struct RecoveryError {
  std::string message;              // what is wrong, and what to do
  Sequence first_bad_sequence = 0;  // 0: none in particular
  /// Not 0: nothing is wrong, but the history up to RecoveryOptions::up_to has been trimmed. The
  /// first sequence whose state can still be had.
  Sequence oldest_sequence = 0;
};

enum class RecoverFrom : std::uint8_t {
  kNewestSnapshot,  // not after `up_to`: the quickest
  /// The journal's beginning, or the oldest snapshot when that has been trimmed. Each later
  /// snapshot is held against what its events fold to. What can't be folded is read all the same:
  /// the records before the oldest snapshot, which a trimming that stopped halfway leaves, and the
  /// snapshots that it has not dropped yet.
  kOldest,
};

struct RecoveryOptions {
  /// Fold up to here and no further: the state as it was then.
  Sequence up_to = std::numeric_limits<Sequence>::max();
  RecoverFrom from = RecoverFrom::kNewestSnapshot;
  /// Called now and then with the sequence reached, when the journal is long. May be empty.
  std::function<void(Sequence reached, Sequence last)> progress;
  /// Called with each event after it was folded; not with those that a snapshot stands for. May be
  /// empty.
  std::function<void(const domain::State&, const domain::Event&)> folded;
  /// Called with the sequence of each event that was read and decoded, folded or not. Ascending
  /// from the first that is left, and from a later one again when history is trimmed meanwhile.
  /// May be empty.
  std::function<void(Sequence)> checked;
};

/// The state that the journal holds, or held at what the options name. Beside a live daemon it
/// begins again, further on, when the history that it was reading is trimmed meanwhile.
std::expected<domain::State, RecoveryError> recover(journal::Reader& reader,
                                                    const journal::Header& header,
                                                    const RecoveryOptions& options = {});

}  // namespace muster::coordinator
