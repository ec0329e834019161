// A filesystem that fills up: changes are refused early, nothing breaks, and it recovers by itself.
#include <doctest/doctest.h>

#include "end_to_end/ballast.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr int kDiskMib = 400;

TEST_CASE("a full disk refuses changes, keeps groups moving, and recovers by itself") {
  if (!Daemon::can_mount()) {
    MESSAGE("skipped: this machine lets a test mount no filesystem");
    return;
  }
  const Daemon daemon({"--gathering-window-ms", "0"}, kDiskMib);
  WireClient client(daemon.address());
  create_topic(client, "orders", 2);
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}, .session_timeout_ms = 2'000});
  Member b(daemon.address(), {.member_id = "b", .topics = {"orders"}, .session_timeout_ms = 2'000});
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 1 && b.held().size() == 1; }));
  const Partition of_a = a.held().begin()->first;
  REQUIRE_FALSE(a.commit(of_a, 1).has_value());

  std::int64_t offset = 1;
  std::int64_t accepted = 1;
  std::optional<wire::ErrorT> refused;
  const auto commit_is_refused = [&] {
    refused = a.commit(of_a, ++offset);
    if (!refused) accepted = offset;
    return refused.has_value();
  };
  {
    const Ballast ballast(daemon.data_file("ballast"), 320 * kMiB);
    REQUIRE(pump_until({&a, &b}, commit_is_refused));
    CHECK(refused->name == "STORAGE_FULL");
    CHECK(refused->retriable);
    CHECK(client.ask<wire::StatusReplyT>(wire::StatusT{}).storage_full);

    // Reads and heartbeats go on, nobody expires.
    CHECK_FALSE(pump_until(
        {&a, &b}, [&] { return a.seat_ended() || b.seat_ended(); }, Milliseconds{3'000}));
    CHECK(committed(client, "group", of_a) == accepted);
    // Leaves pass; the plan for what they free waits for room.
    b.leave();
    a.pump();
    CHECK(a.held().size() == 1);
  }
  CHECK(pump_until({&a}, [&] { return !commit_is_refused(); }));
  CHECK(pump_until({&a}, [&] { return a.held().size() == 2; }));
  CHECK_FALSE(client.ask<wire::StatusReplyT>(wire::StatusT{}).storage_full);
  CHECK(committed(client, "group", of_a) == accepted);
}

TEST_CASE("on a full disk no snapshot is made, but history is trimmed all the same") {
  if (!Daemon::can_mount()) {
    MESSAGE("skipped: this machine lets a test mount no filesystem");
    return;
  }
  const Daemon daemon({"--history-max-age-ms", "2000"}, kDiskMib);
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  const auto status = [&] { return client.ask<wire::StatusReplyT>(wire::StatusT{}); };
  REQUIRE(wait_until([&] { return status().snapshot_sequence > 0; }));
  std::uint64_t newest = 0;
  {
    const Ballast ballast(daemon.data_file("ballast"), 320 * kMiB);
    REQUIRE(wait_until([&] { return status().storage_full; }));
    newest = status().snapshot_sequence;
    REQUIRE(wait_until([&] { return status().first_sequence == newest + 1; }));
    CHECK(status().storage_full);
    CHECK(status().snapshot_sequence == newest);
  }
  REQUIRE(wait_until([&] { return !status().storage_full; }));
  create_topic(client, "refunds", 1);
  CHECK(wait_until([&] { return status().snapshot_sequence > newest; }));
}

}  // namespace
}  // namespace muster::e2e
