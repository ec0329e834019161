#include "journal/retention.h"

#include <doctest/doctest.h>

#include <vector>

namespace muster::journal::test {
namespace {

constexpr std::int64_t kNow = 1'000'000'000;
constexpr RetentionSettings kSettings{
    .snapshot_every_bytes = 100, .history_max_bytes = 1'000, .history_max_age_ms = 0};

Snapshot snapshot_at(std::uint64_t sequence, std::uint64_t bytes = 10, std::int64_t age_ms = 0) {
  return {.sequence = sequence, .chunks = 1, .bytes = bytes, .digest = 0, .time_ms = kNow - age_ms};
}

}  // namespace

TEST_CASE("a snapshot is due when enough was written since the last one") {
  const std::vector<Snapshot> snapshots = {snapshot_at(50)};
  Held held{.last_sequence = 90, .bytes_since_snapshot = 100, .snapshots = snapshots};
  CHECK_FALSE(snapshot_is_due(kSettings, held, kNow));
  held.bytes_since_snapshot = 101;
  CHECK(snapshot_is_due(kSettings, held, kNow));
}

TEST_CASE("the first snapshot is due like any other") {
  CHECK_FALSE(snapshot_is_due(kSettings, {.last_sequence = 9, .bytes_since_snapshot = 99}, kNow));
  CHECK(snapshot_is_due(kSettings, {.last_sequence = 9, .bytes_since_snapshot = 101}, kNow));
  CHECK_FALSE(snapshot_is_due(kSettings, {}, kNow));
}

TEST_CASE("of a full journal history is trimmed, whatever its size, up to the newest snapshot") {
  const std::vector<Snapshot> snapshots = {snapshot_at(50), snapshot_at(80)};
  Held held{.last_sequence = 90, .history_bytes = 10, .snapshots = snapshots};
  CHECK_FALSE(trim_up_to(kSettings, held, kNow).has_value());
  held.full = true;
  CHECK(trim_up_to(kSettings, held, kNow) == 50);
  held.first_sequence = 51;
  CHECK(trim_up_to(kSettings, held, kNow) == 80);
  held.first_sequence = 81;
  CHECK_FALSE(trim_up_to(kSettings, held, kNow).has_value());
}

TEST_CASE("a full journal gets a snapshot out of the reserve when it lets go of much more") {
  Held held{.last_sequence = 90, .bytes_since_snapshot = 1'000, .full = true};
  CHECK(makes_room(held, 400, 2'000));
  CHECK_FALSE(makes_room(held, 600, 2'000));  // too much of the reserve
  CHECK_FALSE(makes_room(held, 500, 9'000));  // not worth it
  held.full = false;
  CHECK_FALSE(makes_room(held, 400, 2'000));
}

TEST_CASE("a large state is written no more often than as much was written in events") {
  const std::vector<Snapshot> snapshots = {snapshot_at(50, 5'000)};
  Held held{.last_sequence = 90, .bytes_since_snapshot = 5'000, .snapshots = snapshots};
  CHECK_FALSE(snapshot_is_due(kSettings, held, kNow));
  held.bytes_since_snapshot = 5'001;
  CHECK(snapshot_is_due(kSettings, held, kNow));
}

TEST_CASE("a short history has its snapshots more often, so that it can be trimmed at all") {
  RetentionSettings settings = kSettings;
  settings.history_max_bytes = 50;
  CHECK(snapshot_is_due(settings, {.last_sequence = 9, .bytes_since_snapshot = 26}, kNow));
}

TEST_CASE("where history has an age, the newest snapshot is never much older than half of it") {
  RetentionSettings settings = kSettings;
  settings.history_max_age_ms = 1'000;
  std::vector<Snapshot> snapshots = {snapshot_at(50, 10, 500)};
  Held held{.last_sequence = 90, .bytes_since_snapshot = 1, .snapshots = snapshots};
  CHECK_FALSE(snapshot_is_due(settings, held, kNow));
  CHECK(snapshot_is_due(settings, held, kNow + 1));
  held.last_sequence = 50;  // nothing happened since
  CHECK_FALSE(snapshot_is_due(settings, held, kNow + 1));
  CHECK(snapshot_is_due(settings, {.last_sequence = 1, .bytes_since_snapshot = 1}, kNow));
  // A clock that was set back makes nothing old.
  held.last_sequence = 90;
  CHECK_FALSE(snapshot_is_due(settings, held, kNow - 1'000'000));
}

TEST_CASE("history that is too large is trimmed up to the next snapshot, and no further") {
  const std::vector<Snapshot> snapshots = {snapshot_at(50), snapshot_at(80)};
  Held held{.last_sequence = 90, .history_bytes = 1'000, .snapshots = snapshots};
  CHECK_FALSE(trim_up_to(kSettings, held, kNow).has_value());
  held.history_bytes = 1'001;
  CHECK(trim_up_to(kSettings, held, kNow) == 50);
  held.first_sequence = 30;  // half way
  CHECK(trim_up_to(kSettings, held, kNow) == 50);
  held.first_sequence = 51;
  CHECK(trim_up_to(kSettings, held, kNow) == 80);
  held.first_sequence = 81;
  CHECK_FALSE(trim_up_to(kSettings, held, kNow).has_value());
}

TEST_CASE("without a snapshot nothing is trimmed, however large") {
  CHECK_FALSE(
      trim_up_to(kSettings, {.last_sequence = 90, .history_bytes = 1'000'000}, kNow).has_value());
}

TEST_CASE("history that is too old is trimmed once the next snapshot is too old as well") {
  RetentionSettings settings = kSettings;
  settings.history_max_age_ms = 1'000;
  const std::vector<Snapshot> snapshots = {snapshot_at(50, 10, 1'000), snapshot_at(80, 10, 10)};
  const Held held{.last_sequence = 90, .history_bytes = 10, .snapshots = snapshots};
  CHECK_FALSE(trim_up_to(settings, held, kNow).has_value());
  CHECK(trim_up_to(settings, held, kNow + 1) == 50);
  CHECK_FALSE(trim_up_to(kSettings, held, kNow + 1).has_value());  // 0: for ever
}

TEST_CASE("a snapshot that history has left behind is dropped, the newest never") {
  std::vector<Snapshot> snapshots = {snapshot_at(50), snapshot_at(80)};
  CHECK_FALSE(snapshot_to_drop({.first_sequence = 51, .snapshots = snapshots}).has_value());
  CHECK(snapshot_to_drop({.first_sequence = 52, .snapshots = snapshots}) == 50);
  snapshots.erase(snapshots.begin());
  CHECK_FALSE(snapshot_to_drop({.first_sequence = 90, .snapshots = snapshots}).has_value());
}

}  // namespace muster::journal::test
