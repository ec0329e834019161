#include "tools/bench/latency_histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace muster::tools {
namespace {

// A power of two is divided into so many buckets: their width is at most 1/64 of what they hold.
constexpr int kStepBits = 6;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;

std::size_t bucket_of(std::uint64_t ns) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - kStepBits - 1);
  return static_cast<std::size_t>(shift) * kSteps + (ns >> shift);
}

/// The greatest number of nanoseconds in a bucket.
std::uint64_t last_of(std::size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const std::size_t shift = bucket / kSteps - 1;
  const std::uint64_t step = bucket - shift * kSteps;
  return ((step + 1) << shift) - 1;
}

// Edges of bands, in each power of ten.
constexpr std::array<std::uint64_t, 6> kEdges{10, 15, 20, 30, 50, 70};

/// The greatest edge that is not above `ns`, or the least one.
std::uint64_t edge_below(std::uint64_t ns) {
  std::uint64_t best = kEdges.front();
  for (std::uint64_t scale = 1; scale <= ns; scale *= 10) {
    for (const std::uint64_t edge : kEdges) {
      if (edge * scale <= ns) best = edge * scale;
    }
  }
  return best;
}

std::uint64_t edge_after(std::uint64_t edge) {
  std::uint64_t scale = 1;
  while (kEdges.front() * scale * 10 <= edge) scale *= 10;
  for (const std::uint64_t next : kEdges) {
    if (next * scale > edge) return next * scale;
  }
  return kEdges.front() * scale * 10;
}

}  // namespace

void LatencyHistogram::record(Nanoseconds latency) {
  const auto ns = static_cast<std::uint64_t>(std::max<Nanoseconds::rep>(0, latency.count()));
  const std::size_t bucket = bucket_of(ns);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

LatencyHistogram::Nanoseconds LatencyHistogram::at(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) return Nanoseconds(std::min(last_of(i), max_ns_));
  }
  return max();
}

std::vector<LatencyHistogram::Band> LatencyHistogram::bands() const {
  std::vector<Band> bands;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] == 0) continue;
    const std::uint64_t ns = std::min(last_of(i), max_ns_);
    if (bands.empty()) {
      const std::uint64_t from = edge_below(ns);
      bands.push_back({.from = Nanoseconds(from), .to = Nanoseconds(edge_after(from))});
    }
    while (Nanoseconds(ns) >= bands.back().to) {
      const Nanoseconds from = bands.back().to;
      const auto edge = static_cast<std::uint64_t>(from.count());
      bands.push_back({.from = from, .to = Nanoseconds(edge_after(edge))});
    }
    bands.back().count += buckets_[i];
  }
  return bands;
}

std::string latency_text(LatencyHistogram::Nanoseconds latency) {
  constexpr std::array<const char*, 4> kUnits{"ns", "us", "ms", "s"};
  auto number = static_cast<double>(latency.count());
  std::size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < kUnits.size(); ++unit) number /= 1'000;
  return number >= 100 ? fmt::format("{:.0f} {}", number, kUnits[unit])
                       : fmt::format("{:.3g} {}", number, kUnits[unit]);
}

}  // namespace muster::tools
