// When a snapshot is made, and how far history is kept: a function of what the journal holds and of
// the time, and of nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "journal/reader.h"

namespace muster::journal {

struct RetentionSettings {
  /// A snapshot for so many bytes of events: opening folds about as many. More when the state is
  /// larger than that, so that writing snapshots never costs more than writing events.
  std::uint64_t snapshot_every_bytes = std::uint64_t{64} << 20;
  /// History is trimmed while it takes more than that on the disk, as far as the snapshots allow.
  std::uint64_t history_max_bytes = std::uint64_t{1} << 30;
  /// And when it is older than that. 0: it is kept whatever its age.
  std::uint64_t history_max_age_ms = 0;
};

/// What is decided upon.
struct Held {
  std::uint64_t first_sequence = 1;
  std::uint64_t last_sequence = 0;
  std::uint64_t history_bytes = 0;         // of all records, on the disk
  std::uint64_t bytes_since_snapshot = 0;  // of the records after the newest snapshot
  std::span<const Snapshot> snapshots;     // the whole ones, ascending
  bool full = false;                       // the disk: service goes before history
};

/// `now_ms` as the snapshots' time_ms.
bool snapshot_is_due(const RetentionSettings& settings, const Held& held, std::int64_t now_ms);

/// Whether a snapshot of so many bytes, out of the reserve, lets a full journal be trimmed by much
/// more than it takes. It may take a quarter of the reserve, which is for other things.
bool makes_room(const Held& held, std::uint64_t snapshot_bytes, std::uint64_t reserve_bytes);

/// Up to which sequence history is to be trimmed now: that of the next snapshot, so that what is
/// left begins with it. Nothing: it stays. When that is done, ask again.
std::optional<std::uint64_t> trim_up_to(const RetentionSettings& settings, const Held& held,
                                        std::int64_t now_ms);

/// The oldest snapshot that history has left behind, to be dropped. Nothing: there is none.
std::optional<std::uint64_t> snapshot_to_drop(const Held& held);

}  // namespace muster::journal
