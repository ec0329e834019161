// How much more the journal can take, and when that is too little.
//
// A full disk must not get as far as a failed batch, which stops the daemon. So ordinary changes
// are refused early, while a reserve is left for what makes room or keeps the groups moving:
// releases, leaves, fences, trimming. The reserve is allocated behind the end of the file, so that
// another program that fills the filesystem can't have it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "journal/environment.h"
#include "journal/error.h"
#include "journal/zeros_ahead.h"

namespace muster::journal {

struct RoomSettings {
  /// Allocated ahead of the file's end.
  std::uint64_t reserve_bytes = std::uint64_t{64} << 20;
  /// Full when less is left, the reserve counted. Above the reserve, since what was accepted
  /// before the room ran out (Settings::max_pending_journal_bytes) is still to be written.
  std::uint64_t full_below_bytes = std::uint64_t{112} << 20;
  /// No longer full when more is left.
  std::uint64_t clear_above_bytes = std::uint64_t{144} << 20;
};

/// Of one environment that is open for writing. Used on the thread that writes.
class Room {
 public:
  explicit Room(const RoomSettings& settings) : settings_(settings) {}

  /// Looks at map and filesystem, and tops the reserve up. Returns whether the journal is full.
  std::expected<bool, Error> measure(const Environment& environment);

  /// What was left when it was last measured, the reserve counted.
  std::uint64_t measured_bytes() const { return left_bytes_; }
  /// And for ordinary changes.
  std::uint64_t above_reserve_bytes() const {
    return left_bytes_ > settings_.reserve_bytes ? left_bytes_ - settings_.reserve_bytes : 0;
  }

 private:
  std::expected<std::uint64_t, Error> left_bytes(const Environment& environment);
  void hold_reserve(int file, std::uint64_t end, std::uint64_t limit, std::uint64_t available);

  RoomSettings settings_;
  std::uint64_t reserved_until_ = 0;  // file offset
  ZerosAhead zeros_;                  // the first of the reserve
  std::uint64_t left_bytes_ = 0;
  bool full_ = false;
};

}  // namespace muster::journal
