// The time that may count as a member's silence, worked out from what the simulator does to the
// coordinator and not from what the coordinator believes (patient-coordinator): a stop counts
// 500 ms at most, a flush stops counting when it is more than a second old.
#pragma once

#include <algorithm>
#include <cstdint>

namespace muster::sim {

class AwakeClock {
 public:
  /// The process runs (again) from now on.
  void running(std::uint64_t now_ms) { since_ms_ = now_ms; }
  /// It was stopped.
  void paused(std::uint64_t from_ms, std::uint64_t to_ms) {
    settle(from_ms);
    counted_ms_ += std::min<std::uint64_t>(to_ms - from_ms, kMostAPauseMs);
    since_ms_ = std::max(since_ms_, to_ms);
  }
  /// A flush began, and later ended.
  void flush_began(std::uint64_t now_ms) { flush_since_ms_ = now_ms; }
  void flush_ended(std::uint64_t now_ms) {
    settle(now_ms);
    if (now_ms > still_ms()) counted_ms_ += kMostATurnMs;
    flush_since_ms_ = kNone;
  }

  std::uint64_t now_ms(std::uint64_t now_ms) const {
    const std::uint64_t until_ms = std::min(now_ms, still_ms());
    return counted_ms_ + (until_ms > since_ms_ ? until_ms - since_ms_ : 0);
  }

 private:
  static constexpr std::uint64_t kMostAPauseMs = 500;
  static constexpr std::uint64_t kSlowFlushMs = 1'000;
  // The turn in which a slow flush ends counts as a whole.
  static constexpr std::uint64_t kMostATurnMs = 251;
  static constexpr std::uint64_t kNone = UINT64_MAX;

  std::uint64_t still_ms() const {
    return flush_since_ms_ == kNone ? kNone : flush_since_ms_ + kSlowFlushMs;
  }
  void settle(std::uint64_t at_ms) {
    counted_ms_ = now_ms(at_ms);
    since_ms_ = std::max(since_ms_, at_ms);
  }

  std::uint64_t counted_ms_ = 0;
  std::uint64_t since_ms_ = 0;
  std::uint64_t flush_since_ms_ = kNone;
};

}  // namespace muster::sim
