#include "tools/bench/latency_histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace muster::tools;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST_CASE("percentiles are those of the latencies, a little more at most") {
  LatencyHistogram histogram;
  std::vector<std::int64_t> recorded;
  std::int64_t ns = 1;
  for (int i = 0; i < 10'000; ++i) {
    ns = ns * 48'271 % 2'147'483'647;  // up to 2 s, in no order
    recorded.push_back(ns);
    histogram.record(nanoseconds(ns));
  }
  std::ranges::sort(recorded);
  CHECK(histogram.count() == 10'000);
  CHECK(histogram.max().count() == recorded.back());
  for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999}) {
    CAPTURE(share);
    const auto exact = recorded[static_cast<std::size_t>(share * 10'000) - 1];
    CHECK(histogram.at(share).count() >= exact);
    CHECK(static_cast<double>(histogram.at(share).count()) <= 1.016 * static_cast<double>(exact));
  }
  CHECK(histogram.at(1) == histogram.max());
}

TEST_CASE("an empty histogram has nothing to tell, and one latency is all percentiles") {
  LatencyHistogram histogram;
  CHECK(histogram.at(0.5) == nanoseconds(0));
  CHECK(histogram.bands().empty());
  histogram.record(microseconds(123));
  CHECK(histogram.at(0) == microseconds(123));
  CHECK(histogram.at(0.5) == microseconds(123));
  CHECK(histogram.at(1) == microseconds(123));
}

TEST_CASE("the shortest and the longest latencies find a bucket") {
  LatencyHistogram histogram;
  histogram.record(nanoseconds(-5));  // a clock that was set back
  histogram.record(nanoseconds(0));
  histogram.record(nanoseconds(std::numeric_limits<std::int64_t>::max()));
  CHECK(histogram.count() == 3);
  CHECK(histogram.at(0.5) == nanoseconds(0));
  CHECK(histogram.max() == nanoseconds(std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("bands adjoin, have round edges, and hold all that was recorded") {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1'000; ++i) histogram.record(microseconds(i * 17));
  const auto bands = histogram.bands();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    CHECK(bands[i].from < bands[i].to);
    if (i > 0) CHECK(bands[i].from == bands[i - 1].to);
    count += bands[i].count;
  }
  CHECK(count == 1'000);
  CHECK(bands.front().from == microseconds(15));
  CHECK(bands.front().to == microseconds(20));
  CHECK(bands.back().from == milliseconds(15));
}

TEST_CASE("latencies are written with three digits and the unit that fits") {
  CHECK(latency_text(nanoseconds(0)) == "0 ns");
  CHECK(latency_text(nanoseconds(340)) == "340 ns");
  CHECK(latency_text(microseconds(14)) == "14 us");
  CHECK(latency_text(nanoseconds(1'254'000)) == "1.25 ms");
  CHECK(latency_text(nanoseconds(999'700)) == "1 ms");
  CHECK(latency_text(milliseconds(120'000)) == "120 s");
}
