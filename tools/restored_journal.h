// A journal made of another one's past, fit to be served: what restore and repair do.
//
// The workers of the former journal may have gone on beyond the sequence at which the copy ends,
// and may be at work at this moment, under leases and tokens that the copy knows nothing of. So the
// new journal has an id of its own (clients drop everything when they meet it), a fence base above
// every token that was given before (fence-rises), and a quiet time in which nothing is assigned
// (single-owner).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/reader.h"
#include "tools/journal_copy.h"
#include "tools/new_journal.h"
#include "tools/output.h"

namespace muster::tools {

struct RestoreOptions {
  CopyRange range;
  std::optional<std::uint32_t> quiet_time_ms;  // otherwise default_quiet_time_ms
};

struct Restored {
  journal::Header header;
  std::uint32_t quiet_time_ms = 0;
  std::uint64_t state_digest = 0;
};

/// Above every token that a journal with this header can have given until `wall_ms`, also one that
/// was made of it by a restore and is lost again.
FencingToken next_fence_base(const journal::Header& former, std::int64_t wall_ms);

/// The longest lease of any member, at least 30 s.
std::uint32_t default_quiet_time_ms(const domain::State& state);

/// Makes it in `made`, which is kept. `state` is that of the range's last sequence.
std::expected<Restored, Error> make_restored(journal::Reader& from, const journal::Header& former,
                                             const domain::State& state,
                                             const RestoreOptions& options, NewJournal& made);

/// The same fields and sentences for every command that makes one.
void put_restored(Json& json, const Restored& restored);
std::string restored_text(const Restored& restored);

void add_quiet_time_option(CLI::App& command, std::optional<std::uint32_t>& quiet_time_ms);

}  // namespace muster::tools
