// How long to wait before the next attempt: longer each time, and never the same for everybody.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace muster {

/// A random number each time it is called. Injected, so that a simulation can be repeated.
using Entropy = std::function<std::uint64_t()>;

/// Between 50 ms and a bound that doubles from 100 ms to 2 s. The jitter spreads ten thousand
/// clients that lost their server at the same moment.
class Backoff {
 public:
  explicit Backoff(Entropy entropy) : entropy_(std::move(entropy)) {}

  std::uint64_t next_ms() {
    const std::uint64_t wait_ms = kShortestMs + entropy_() % (bound_ms_ - kShortestMs + 1);
    bound_ms_ = std::min(bound_ms_ * 2, kLongestMs);
    return wait_ms;
  }
  void reset() { bound_ms_ = kFirstBoundMs; }

 private:
  static constexpr std::uint64_t kShortestMs = 50;
  static constexpr std::uint64_t kFirstBoundMs = 100;
  static constexpr std::uint64_t kLongestMs = 2'000;

  Entropy entropy_;
  std::uint64_t bound_ms_ = kFirstBoundMs;
};

}  // namespace muster
