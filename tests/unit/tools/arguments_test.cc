#include "tools/arguments.h"

#include <doctest/doctest.h>

using namespace muster::tools;

TEST_CASE("a partition's text divides at its last slash, so that topic names may contain slashes") {
  CHECK(parse_partition("outbox/0") == PartitionArgument{.topic = "outbox", .partition = 0});
  CHECK(parse_partition("a/b/12") == PartitionArgument{.topic = "a/b", .partition = 12});
  CHECK(parse_partition("a//3") == PartitionArgument{.topic = "a/", .partition = 3});
  CHECK(parse_partition("a/b/12")->text() == "a/b/12");
}

TEST_CASE("what is not a partition's text is refused") {
  for (const char* text : {"", "outbox", "outbox/", "/0", "outbox/x", "outbox/-1", "outbox/1x",
                           "outbox/ 1", "outbox/+1", "outbox/99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_partition(text).has_value());
  }
}

TEST_CASE("durations are whole numbers with their unit") {
  CHECK(parse_duration_ms("500ms") == 500);
  CHECK(parse_duration_ms("30s") == 30'000);
  CHECK(parse_duration_ms("2m") == 120'000);
  CHECK(parse_duration_ms("1h") == 3'600'000);
  CHECK(parse_duration_ms("7d") == 7 * 86'400'000);
  CHECK(parse_duration_ms("1h30m") == 5'400'000);
  CHECK(parse_duration_ms("1m500ms") == 60'500);
}

TEST_CASE("what is not a duration, is none at all, or does not fit is refused") {
  for (const char* text : {"", "30", "s", "ms", "0s", "-1s", "1.5s", "1w", "30 s", "99999h",
                           "99999999999ms", "1sm", "1s1m", "1m1m", "1h30", "50d"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration_ms(text).has_value());
  }
}

TEST_CASE("a duration is shown in the largest unit that loses nothing") {
  CHECK(duration_text(30'000) == "30s");
  CHECK(duration_text(120'000) == "2m");
  CHECK(duration_text(1'500) == "1500ms");
  CHECK(duration_text(3'600'000) == "1h");
  CHECK(duration_text(0) == "0ms");
}

TEST_CASE("retentions are durations, days, or off") {
  CHECK(parse_retention_ms("off") == 0);
  CHECK(parse_retention_ms("0") == 0);
  CHECK(parse_retention_ms("90m") == 90 * 60'000);
  CHECK(parse_retention_ms("7d") == 7ULL * 24 * 3'600'000);
  CHECK(parse_retention_ms("400d") == 400ULL * 24 * 3'600'000);
  CHECK_FALSE(parse_retention_ms("d").has_value());
  CHECK_FALSE(parse_retention_ms("0d").has_value());
  CHECK_FALSE(parse_retention_ms("7").has_value());
  CHECK(retention_text(0) == "for ever");
  CHECK(retention_text(48 * 3'600'000) == "2d");
  CHECK(retention_text(90 * 60'000) == "90m");
}
