// A journal copied, record by record and chunk by chunk, each with a new checksum: what backup,
// restore and repair have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/state.h"
#include "journal/builder.h"
#include "journal/reader.h"
#include "tools/commands.h"
#include "tools/output.h"

namespace muster::tools {

/// What of a journal is copied.
struct CopyRange {
  Sequence first_sequence = 1;
  Sequence last_sequence = 0;
  /// Those to copy; nothing: all that the journal has.
  std::optional<std::vector<journal::Snapshot>> snapshots = std::nullopt;
};

/// Appends the range to a journal that is being built, without snapshots behind its last sequence.
/// kMissing when history was trimmed meanwhile.
std::expected<void, journal::Error> copy_journal(journal::Reader& from, const CopyRange& range,
                                                 journal::Builder& to);

/// Reads every byte of the journal in `directory` that counts, folds it, and gives its state.
std::expected<domain::State, Error> verify_copy(const std::string& directory);

/// What such a journal is, for the last words of the command that made it: {"journal_id",
/// "first_sequence","last_sequence","state_digest"}, and "sequences 1 to 7, …".
Json copy_json(const journal::Header& header, const domain::State& state);
std::string copy_text(const journal::Header& header, const domain::State& state,
                      const char* verified = "");

}  // namespace muster::tools
