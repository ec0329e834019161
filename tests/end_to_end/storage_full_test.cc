// A filesystem that fills up: changes are refused early, nothing breaks, and it recovers by itself.
#include <doctest/doctest.h>
#include <lmdb.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "end_to_end/ballast.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr int kDiskMib = 400;

TEST_CASE("a full disk refuses changes, keeps groups moving, and recovers by itself") {
  if (!Daemon::can_mount()) return;
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
  if (!Daemon::can_mount()) return;
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

/// Commits of 4 KB each until `done`; those that are refused as the disk is full are no failure.
void commit_much(WireClient& client, const std::function<bool()>& done) {
  std::int64_t offset = 0;
  REQUIRE(wait_until([&] {
    std::vector<std::uint64_t> under_way;
    for (int i = 0; i < 100; ++i) {
      auto item = std::make_unique<wire::CommitItemT>();
      item->topic = "orders";
      item->offset = ++offset;
      item->metadata = std::string(4'000, 'm');
      wire::CommitT commit;
      commit.group = "by-hand";
      commit.items.push_back(std::move(item));
      under_way.push_back(client.send(std::move(commit)));
    }
    for (const std::uint64_t id : under_way) client.require_reply(id);
    return done();
  }));
}

const std::vector<std::string> kLittleReserve = {"--journal-reserve-bytes", "1048576",
                                                 "--max-pending-journal-bytes", "1048576"};

TEST_CASE("a full disk is made room on by letting history go, back to a snapshot or to a new one") {
  if (!Daemon::can_mount()) return;
  std::vector<std::string> flags = kLittleReserve;
  SUBCASE("with a snapshot") { flags.insert(flags.end(), {"--snapshot-every-bytes", "4000000"}); }
  SUBCASE("without one") {}
  constexpr int kSmallDiskMib = 24;
  const Daemon daemon(flags, kSmallDiskMib);
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  const auto status = [&] { return client.ask<wire::StatusReplyT>(wire::StatusT{}); };
  // Far more than the disk has: all of it goes in as soon as what was before has gone.
  commit_much(client, [&] { return status().sequence > 3 * kSmallDiskMib * kMiB / 4'000; });
  CHECK(status().first_sequence > 1);
  CHECK(daemon.log().find("STORAGE_FULL: little room is left") != std::string::npos);
  CHECK(daemon.log().find("no longer STORAGE_FULL") != std::string::npos);
  CHECK(committed(client, "by-hand", {"orders", 0}) > 0);
}

TEST_CASE("while a reader holds on, STORAGE_FULL comes before the map ends, and goes with it") {
  std::vector<std::string> flags = kLittleReserve;
  flags.insert(flags.end(), {"--max-journal-bytes", "33554432", "--snapshot-every-bytes", "1000000",
                             "--history-max-bytes", "2000000"});
  Daemon daemon(flags);
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  const auto status = [&] { return client.ask<wire::StatusReplyT>(wire::StatusT{}); };
  {
    MDB_env* environment = nullptr;
    MDB_txn* held = nullptr;
    REQUIRE(mdb_env_create(&environment) == 0);
    REQUIRE(mdb_env_open(environment, daemon.data_directory().c_str(), MDB_RDONLY, 0) == 0);
    REQUIRE(mdb_txn_begin(environment, nullptr, MDB_RDONLY, &held) == 0);
    commit_much(client, [&] { return status().storage_full; });
    commit_much(client, [] { return true; });  // refused, and nothing worse
    mdb_txn_abort(held);
    mdb_env_close(environment);
  }
  CHECK(wait_until([&] { return !status().storage_full; }));
  CHECK(daemon.process().running());
}

}  // namespace
}  // namespace muster::e2e
