#include "tools/time_argument.h"

#include <doctest/doctest.h>

using muster::tools::parse_time_ms;

namespace {

constexpr std::int64_t kNow_ms = 1'795'000'000'000;
constexpr std::int64_t kTwoOClock_ms = 1'795'356'000'000;  // 2026-11-22T14:00:00Z

}  // namespace

TEST_CASE("RFC 3339 is read, with any zone and fraction") {
  CHECK(parse_time_ms("2026-11-22T14:00:00Z", kNow_ms) == kTwoOClock_ms);
  CHECK(parse_time_ms("2026-11-22t14:00:00z", kNow_ms) == kTwoOClock_ms);
  CHECK(parse_time_ms("2026-11-22T15:30:00+01:30", kNow_ms) == kTwoOClock_ms);
  CHECK(parse_time_ms("2026-11-22T06:00:00-0800", kNow_ms) == kTwoOClock_ms);
  CHECK(parse_time_ms("2026-11-22T14:00:00.5Z", kNow_ms) == kTwoOClock_ms + 500);
  CHECK(parse_time_ms("2026-11-22T14:00:00.123456789Z", kNow_ms) == kTwoOClock_ms + 123);
  CHECK(parse_time_ms("1970-01-01T00:00:00Z", kNow_ms) == 0);
  CHECK(parse_time_ms("2024-02-29", kNow_ms) == 1'709'164'800'000);
}

TEST_CASE("what people leave out is zero, and the zone UTC") {
  CHECK(parse_time_ms("2026-11-22 14:00", kNow_ms) == kTwoOClock_ms);
  CHECK(parse_time_ms("2026-11-22 14:00:07", kNow_ms) == kTwoOClock_ms + 7'000);
  CHECK(parse_time_ms("2026-11-22", kNow_ms) == kTwoOClock_ms - 14 * 3'600'000);
}

TEST_CASE("a duration is a time ago") {
  CHECK(parse_time_ms("30s", kNow_ms) == kNow_ms - 30'000);
  CHECK(parse_time_ms("5m", kNow_ms) == kNow_ms - 300'000);
  CHECK(parse_time_ms("2h", kNow_ms) == kNow_ms - 7'200'000);
  CHECK(parse_time_ms("7d", kNow_ms) == kNow_ms - 7 * 86'400'000LL);
  CHECK(parse_time_ms("0s", kNow_ms) == kNow_ms);
  CHECK(parse_time_ms("1h30m", kNow_ms) == kNow_ms - 5'400'000);
  CHECK(parse_time_ms("365d", kNow_ms) == kNow_ms - 365 * 86'400'000LL);
  CHECK(parse_time_ms("5m ago", kNow_ms) == kNow_ms - 300'000);
  CHECK(parse_time_ms("now", kNow_ms) == kNow_ms);
}

TEST_CASE("what is no time is refused") {
  for (const char* text : {"",
                           "yesterday",
                           "ago",
                           " ago",
                           "2026-11-22 ago",
                           "5",
                           "m",
                           "-5m",
                           "+5m",
                           "5 m",
                           "1.5h",
                           "99999999999d",
                           "2026-11",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-11-31",
                           "2026-11-22T",
                           "2026-11-22T24:00Z",
                           "2026-11-22T14",
                           "2026-11-22T14:60",
                           "2026-11-22T14:00:00.",
                           "2026-11-22T14:00:00.Z",
                           "2026-11-22T14:00+1",
                           "2026-11-22T14:00Zx",
                           "2026-11-22 14:00 ",
                           " 2026-11-22",
                           "2026-1-22",
                           "26-11-22",
                           "2026/11/22",
                           "14:00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time_ms(text, kNow_ms).has_value());
  }
}
