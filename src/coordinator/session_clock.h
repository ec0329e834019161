// The session clock: the time that counts as a member's silence. The coordinator's own pauses don't
// (patient-coordinator): it advances by at most 500 ms a turn, and stands still while a flush is
// more than a second old.
#pragma once

#include <algorithm>
#include <cstdint>

namespace muster::coordinator {

class SessionClock {
 public:
  explicit SessionClock(std::uint64_t monotonic_ms) : seen_ms_(monotonic_ms) {}

  /// Time went on within a turn. What exceeds the turn's allowance is dropped, not owed.
  void advance(std::uint64_t monotonic_ms, std::uint64_t flush_age_ms) {
    const std::uint64_t elapsed_ms = monotonic_ms > seen_ms_ ? monotonic_ms - seen_ms_ : 0;
    seen_ms_ = std::max(seen_ms_, monotonic_ms);
    if (flush_age_ms > kSlowFlushMs) return;
    const std::uint64_t counted_ms = std::min(elapsed_ms, allowance_ms_);
    allowance_ms_ -= counted_ms;
    now_ms_ += counted_ms;
  }

  /// The next turn begins.
  void end_turn() { allowance_ms_ = kMostATurnMs; }

  std::uint64_t now_ms() const { return now_ms_; }

 private:
  static constexpr std::uint64_t kMostATurnMs = 500;
  static constexpr std::uint64_t kSlowFlushMs = 1'000;

  std::uint64_t seen_ms_;
  std::uint64_t allowance_ms_ = kMostATurnMs;
  std::uint64_t now_ms_ = 0;
};

}  // namespace muster::coordinator
