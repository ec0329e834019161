#include "tools/printed_offsets.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;

namespace {

using Noted = PrintedOffsets::Noted;
using Offsets = std::vector<std::int64_t>;

const PartitionArgument kFirst{.topic = "outbox", .partition = 0};
const PartitionArgument kSecond{.topic = "outbox", .partition = 1};

Partition granted(PartitionIndex index, FencingToken fence,
                  std::optional<std::int64_t> committed = std::nullopt) {
  return {.topic = "outbox", .index = index, .committed = committed, .fence = fence};
}

Offsets offsets(const std::vector<OffsetCommit>& batch) {
  Offsets offsets;
  for (const OffsetCommit& each : batch) offsets.push_back(each.offset);
  return offsets;
}

std::expected<void, Error> refused(ErrorCode code) {
  return std::unexpected(make_error(code, "no."));
}

/// Partitions 0 and 1 under token 7.
struct Held : PrintedOffsets {
  Held() {
    granted(::granted(0, 7, 100));
    granted(::granted(1, 7));
  }
};

}  // namespace

TEST_CASE("a line of digits is an offset, and nothing else is") {
  CHECK(parse_offset_line("0") == 0);
  CHECK(parse_offset_line(" \t42 \r") == 42);
  CHECK(parse_offset_line("007") == 7);
  CHECK(parse_offset_line("9223372036854775807") == 9223372036854775807);
  for (const char* line : {"", " ", "9223372036854775808", "-1", "+1", "1.5", "1e3", "0x10", "1 2",
                           "12 rows", "offset 12", "1,000", "\xd9\xa1"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_offset_line(line));
  }
}

TEST_CASE("a partition and an offset stand on one line, the last blank between them") {
  const auto read = parse_partition_offset_line(" my topic/a/3 \t 42\r");
  REQUIRE(read);
  CHECK(read->place == PartitionArgument{.topic = "my topic/a", .partition = 3});
  CHECK(read->offset == 42);
  for (const char* line : {"", "42", "outbox/3", "outbox 42", "outbox/x 42", "outbox/3 x",
                           "outbox/-1 42", "/3 42", "outbox/3 42 done"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_partition_offset_line(line));
  }
}

TEST_CASE("the newest offset of each partition is committed, one batch at a time") {
  Held held;
  CHECK(held.note(kFirst, 7, 110) == Noted::kNewer);
  CHECK(held.note(kFirst, 7, 120) == Noted::kNewer);
  CHECK(held.note(kSecond, 7, 5) == Noted::kNewer);
  CHECK(offsets(held.take_batch()) == Offsets{120, 5});
  CHECK(held.note(kSecond, 7, 6) == Noted::kNewer);
  CHECK(held.take_batch().empty());  // the next one gathers
  held.answered({});
  CHECK_FALSE(held.all_committed());
  CHECK(offsets(held.take_batch()) == Offsets{6});
  held.answered({});
  CHECK(held.all_committed());
  CHECK(held.take_batch().empty());
}

TEST_CASE("offsets only rise, and the same one again is no news") {
  Held held;
  CHECK(held.note(kFirst, 7, 99) == Noted::kLower);
  CHECK(held.note(kFirst, 7, 100) == Noted::kSame);
  CHECK(held.note(kFirst, 7, 101) == Noted::kNewer);
  CHECK(held.note(kFirst, 7, 100) == Noted::kLower);
  CHECK(held.note(kSecond, 7, 0) == Noted::kNewer);  // nothing was committed
  CHECK(offsets(held.take_batch()) == Offsets{101, 0});
}

TEST_CASE("a partition that has gone, or come back under another token, commits nothing") {
  Held held;
  CHECK(held.note(kFirst, 7, 110) == Noted::kNewer);
  held.granted(granted(0, 9, 105));
  CHECK(held.all_committed());
  CHECK(held.note(kFirst, 7, 111) == Noted::kNotHeld);
  CHECK(held.note(kSecond, 7, 5) == Noted::kNewer);
  held.ended(kSecond);
  CHECK(held.all_committed());
  CHECK(held.note(kSecond, 7, 6) == Noted::kNotHeld);
  CHECK(held.take_batch().empty());
}

TEST_CASE("an answer that comes late says nothing of the next grant") {
  Held held;
  held.note(kFirst, 7, 110);
  held.take_batch();
  held.granted(granted(0, 9, 105));
  held.note(kFirst, 9, 110);
  held.answered({});
  CHECK(held.uncommitted(kFirst) == 110);
}

TEST_CASE("what could not be committed now is committed later, in its newest state") {
  Held held;
  held.note(kFirst, 7, 110);
  held.take_batch();
  held.note(kFirst, 7, 120);
  CHECK_FALSE(held.answered(refused(ErrorCode::kTimedOut)));
  CHECK(held.uncommitted(kFirst) == 120);
  CHECK(offsets(held.take_batch()) == Offsets{120});
}

TEST_CASE("one partition's refusal drops its offset, and not those of the others") {
  Held held;
  held.note(kFirst, 7, 110);
  held.note(kSecond, 7, 5);
  held.take_batch();
  CHECK_FALSE(held.answered(refused(ErrorCode::kFenced)));
  CHECK(offsets(held.take_batch()) == Offsets{110});
  const auto dropped = held.answered(refused(ErrorCode::kFenced));
  REQUIRE(dropped);
  CHECK(dropped->offset == 110);
  CHECK(offsets(held.take_batch()) == Offsets{5});
  CHECK_FALSE(held.answered({}));
  CHECK(held.all_committed());
}

TEST_CASE("a batch is as large as every server takes") {
  PrintedOffsets printed;
  for (PartitionIndex i = 0; i < 1'500; ++i) {
    printed.granted(granted(i, 7));
    printed.note({.topic = "outbox", .partition = i}, 7, 1);
  }
  CHECK(printed.take_batch().size() == 1'000);
  printed.answered({});
  CHECK(printed.take_batch().size() == 500);
}
