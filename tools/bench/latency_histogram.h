// How long requests took: counts in buckets that are as wide as what they hold is long, so that a
// minute and a microsecond are told apart equally well, in a few kilobytes, whatever comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace muster::tools {

class LatencyHistogram {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  /// What is negative counts as 0.
  void record(Nanoseconds latency);

  std::uint64_t count() const { return count_; }
  /// Exact, all others are up to 1.6 % too long. 0 while nothing is recorded.
  Nanoseconds max() const { return Nanoseconds(max_ns_); }
  /// What this share (0 … 1) of all took at most. 0 while nothing is recorded.
  Nanoseconds at(double share) const;

  /// So many took from `from` to less than `to`.
  struct Band {
    Nanoseconds from{0};
    Nanoseconds to{0};
    std::uint64_t count = 0;
  };
  /// From the band of the shortest to that of the longest; their edges are round numbers.
  std::vector<Band> bands() const;

 private:
  std::vector<std::uint64_t> buckets_;  // as long as it has to be
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

/// "340 ns", "1.25 ms", "10 s": three digits at most.
std::string latency_text(LatencyHistogram::Nanoseconds latency);

}  // namespace muster::tools
