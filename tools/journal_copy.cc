#include "tools/journal_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tools/journal.h"
#include "tools/progress.h"

namespace muster::tools {
namespace {

/// Lets a sink end its reading with an error of its own.
class Sinking {
 public:
  bool take(std::expected<void, journal::Error> put) {
    if (!put) failed_ = std::move(put);
    return failed_.has_value();
  }
  std::expected<void, journal::Error> end(std::expected<void, journal::Error> read) const {
    return failed_ ? read : failed_;
  }

 private:
  std::expected<void, journal::Error> failed_;
};

std::expected<void, journal::Error> copy_snapshot(journal::Reader& from,
                                                  const journal::Snapshot& snapshot,
                                                  journal::Builder& to) {
  Sinking sinking;
  const auto read = sinking.end(
      from.read_snapshot(snapshot.sequence, [&](std::uint64_t number, std::string_view bytes) {
        return sinking.take(
            to.put_snapshot_chunk(snapshot.sequence, static_cast<std::uint32_t>(number), bytes));
      }));
  return read ? to.put_snapshot(snapshot) : read;
}

}  // namespace

std::expected<void, journal::Error> copy_journal(journal::Reader& from, const CopyRange& range,
                                                 journal::Builder& to) {
  std::expected<std::vector<journal::Snapshot>, journal::Error> snapshots;
  if (range.snapshots) {
    snapshots = *range.snapshots;
  } else {
    snapshots = from.snapshots();
  }
  if (!snapshots) return std::unexpected(snapshots.error());
  for (const journal::Snapshot& snapshot : *snapshots) {
    // A daemon drops those that history has left behind, at any moment.
    if (snapshot.sequence + 1 < range.first_sequence) continue;
    if (snapshot.sequence > range.last_sequence) continue;
    if (auto copied = copy_snapshot(from, snapshot, to); !copied) return copied;
  }
  if (range.last_sequence < range.first_sequence) return {};
  Sinking sinking;
  EventsProgress progress("copied", range.first_sequence, range.last_sequence);
  return sinking.end(from.read(range.first_sequence, range.last_sequence,
                               [&](std::uint64_t sequence, std::string_view bytes) {
                                 progress.show(sequence);
                                 return sinking.take(to.append(bytes));
                               }));
}

std::expected<domain::State, Error> verify_copy(const std::string& directory) {
  auto opened = open_journal(directory);
  if (!opened) return std::unexpected(opened.error());
  const auto sound = [](const std::expected<void, journal::Error>& read) -> Outcome {
    if (!read) return std::unexpected(journal_error(read.error().message));
    return 0;
  };
  if (auto structure = sound(opened->reader.check_structure()); !structure) {
    return std::unexpected(structure.error());
  }
  // That reads all records and snapshots.
  auto state = coordinator::recover(
      opened->reader, opened->header,
      {.from = coordinator::RecoverFrom::kOldest, .progress = folding_progress("verified")});
  if (!state) return std::unexpected(journal_error(state.error().message));
  return std::move(*state);
}

Json copy_json(const journal::Header& header, const domain::State& state) {
  return {{"journal_id", journal::text(header.journal_id)},
          {"first_sequence", header.first_sequence},
          {"last_sequence", header.last_sequence},
          {"state_digest", domain::digest_text(state.digest)}};
}

std::string copy_text(const journal::Header& header, const domain::State& state,
                      const char* verified) {
  return fmt::format("sequences {} to {}, {}state digest {}", header.first_sequence,
                     header.last_sequence, verified, domain::digest_text(state.digest));
}

}  // namespace muster::tools
