#include "journal/retention.h"

#include <algorithm>

namespace muster::journal {
namespace {

/// A clock that was set back makes nothing older.
std::uint64_t age_ms(const Snapshot& snapshot, std::int64_t now_ms) {
  return now_ms > snapshot.time_ms ? static_cast<std::uint64_t>(now_ms - snapshot.time_ms) : 0;
}

}  // namespace

bool snapshot_is_due(const RetentionSettings& settings, const Held& held, std::int64_t now_ms) {
  const Snapshot* newest = held.snapshots.empty() ? nullptr : &held.snapshots.back();
  if (held.last_sequence <= (newest == nullptr ? 0 : newest->sequence)) return false;
  const std::uint64_t every =
      std::min(settings.snapshot_every_bytes, settings.history_max_bytes / 2);
  if (held.bytes_since_snapshot > std::max(newest == nullptr ? 0 : newest->bytes, every)) {
    return true;
  }
  if (settings.history_max_age_ms == 0) return false;
  return newest == nullptr || age_ms(*newest, now_ms) > settings.history_max_age_ms / 2;
}

bool makes_room(const Held& held, std::uint64_t snapshot_bytes, std::uint64_t reserve_bytes) {
  return held.full && snapshot_bytes <= reserve_bytes / 4 &&
         2 * snapshot_bytes < held.bytes_since_snapshot;
}

std::optional<std::uint64_t> trim_up_to(const RetentionSettings& settings, const Held& held,
                                        std::int64_t now_ms) {
  const auto next = std::ranges::find_if(held.snapshots, [&](const Snapshot& snapshot) {
    return snapshot.sequence >= held.first_sequence;
  });
  if (next == held.snapshots.end()) return std::nullopt;
  const bool too_old =
      settings.history_max_age_ms != 0 && age_ms(*next, now_ms) > settings.history_max_age_ms;
  const bool too_much = held.history_bytes > settings.history_max_bytes;
  if (!too_old && !too_much && !held.full) return std::nullopt;
  return next->sequence;
}

std::optional<std::uint64_t> snapshot_to_drop(const Held& held) {
  // The newest stays even if it is all there is of that time.
  if (held.snapshots.size() < 2) return std::nullopt;
  const std::uint64_t oldest = held.snapshots.front().sequence;
  if (oldest + 1 >= held.first_sequence) return std::nullopt;
  return oldest;
}

}  // namespace muster::journal
