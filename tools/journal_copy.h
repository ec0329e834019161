// A journal copied, record by record and chunk by chunk, each with a new checksum: what backup,
// restore and repair have in common.
#pragma once

#include <limits>
#include <string>

#include "domain/state.h"
#include "journal/builder.h"
#include "journal/reader.h"
#include "tools/commands.h"

namespace muster::tools {

/// What of a journal is copied.
struct CopyRange {
  Sequence first_sequence = 1;
  Sequence last_sequence = 0;
  Sequence first_snapshot = 0;  // others are left out
  Sequence last_snapshot = std::numeric_limits<Sequence>::max();
};

/// Appends the range to a journal that is being built, without snapshots behind its last sequence.
/// kMissing when history was trimmed meanwhile.
std::expected<void, journal::Error> copy_journal(journal::Reader& from, const CopyRange& range,
                                                 journal::Builder& to);

/// Reads every byte of the journal in `directory` that counts, folds it, and gives its state.
std::expected<domain::State, Error> verify_copy(const std::string& directory);

}  // namespace muster::tools
