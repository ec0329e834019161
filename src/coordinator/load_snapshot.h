// A state out of the journal's snapshot of it.
#pragma once

#include <expected>

#include "coordinator/recover.h"
#include "domain/state.h"
#include "journal/reader.h"

namespace muster::coordinator {

/// The journal is corrupt at this sequence, as people read it.
RecoveryError corrupt(Sequence sequence, std::string_view what, std::string_view why);

/// The journal can't be read.
RecoveryError unreadable(const journal::Error& error);

/// The state in the snapshot; its digest is the one that was recorded with it.
std::expected<domain::State, RecoveryError> load_snapshot(journal::Reader& reader,
                                                          const journal::Header& header,
                                                          const journal::Snapshot& snapshot);

}  // namespace muster::coordinator
