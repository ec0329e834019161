// A full disk: changes are refused early, what gives room or ends work passes, nobody expires.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

struct FullDisk {
  FullDisk() {
    a.ask<wire::TopicReplyT>(create_topic(2));
    a.ask<wire::JoinReplyT>(joining("a", 1));
    b.ask<wire::JoinReplyT>(joining("b", 2));
    world.turn();
    world.journal.set_storage_full(true);
  }
  World world;
  WireClient a{world};
  WireClient b{world};
};

}  // namespace

TEST_CASE("storage full: changes are refused, reads and heartbeats go on") {
  FullDisk disk;
  const Rejection refused = disk.a.refused(create_topic(1, "other"));
  CHECK(refused.code == ErrorCode::kStorageFull);
  CHECK(refused.retry_after_ms > 0);
  CHECK(disk.a.refused(joining("c", 3)).code == ErrorCode::kStorageFull);
  CHECK(disk.a.refused(committing(0, 5, disk.world.token(0))).code == ErrorCode::kStorageFull);
  disk.a.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
  disk.a.ask<wire::PartitionsReplyT>(listing_partitions());
  disk.a.ask<wire::JoinReplyT>(resuming("a", 1));  // changes nothing
  CHECK(disk.a.ask<wire::StatusReplyT>(wire::StatusT()).storage_full);
}

TEST_CASE("storage full: releases, leaves and fences pass") {
  FullDisk disk;
  REQUIRE(disk.world.at(1).phase == domain::Phase::kRevoking);
  wire::ReleaseT release = releasing("a", 1, 1, disk.world.token(1));
  release.items.front()->commits = true;
  release.items.front()->offset = 3;
  CHECK(disk.a.ask<wire::ReleaseReplyT>(release).results.front()->released);
  CHECK(disk.world.owner(1) == "b");
  disk.a.ask<wire::DoneT>(leaving("a", 1));
  CHECK(disk.world.member("a") == nullptr);
}

TEST_CASE("storage full: a revocation that is overdue is fenced") {
  FullDisk disk;
  for (int i = 0; i < 605; ++i) {
    disk.a.send(heartbeat("a", 1));
    disk.b.send(heartbeat("b", 2));
    disk.world.pass(100);
  }
  CHECK(disk.world.owner(1) == "b");
}

TEST_CASE("storage full: nobody expires; when there is room, who is silent does") {
  FullDisk disk;
  disk.world.pass(50'000);
  CHECK(disk.world.member("b") != nullptr);
  disk.a.send(heartbeat("a", 1));
  disk.world.journal.set_storage_full(false);
  disk.world.pass(1'000);
  CHECK(disk.world.member("a") != nullptr);
  CHECK(disk.world.member("b") == nullptr);
  disk.a.ask<wire::TopicReplyT>(create_topic(1, "other"));
}

TEST_CASE("storage full: a plan that is due is made when there is room again") {
  FullDisk disk;
  disk.a.ask<wire::DoneT>(leaving("a", 1));
  disk.world.pass(1'000);
  CHECK(disk.world.group().generation == 2);
  CHECK(disk.world.owner(0).empty());
  disk.world.journal.set_storage_full(false);
  disk.world.turn();
  CHECK(disk.world.owner(0) == "b");
}

TEST_CASE("storage full: a plan that finds the disk full within its turn is not forgotten") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  client.disconnect();
  world.pass(10'000);
  world.journal.set_room_bytes(1);  // the expiries of this turn use it up
  world.clock.advance(100);
  world.end_turn();
  world.journal.set_room_bytes(std::nullopt);
  world.sync();
  world.pass(500);
  CHECK(world.group().members.empty());
  CHECK(!domain::needs_plan(world.state(), world.group()));
}

}  // namespace muster::coordinator
