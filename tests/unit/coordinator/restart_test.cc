// A restart forgets nothing that follows from the folded state.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

/// Members "a" and "b" in their seats, planned.
struct Settled {
  explicit Settled(std::uint32_t window_ms = 0) : world(window(window_ms)) {
    client.ask<wire::TopicReplyT>(create_topic(2));
    client.ask<wire::JoinReplyT>(joining("a", 1));
    client.ask<wire::JoinReplyT>(joining("b", 2));
    world.pass(window_ms + 100);
  }
  static Settings window(std::uint32_t window_ms) {
    Settings settings;
    settings.limits.gathering_window_ms = window_ms;
    return settings;
  }
  World world;
  WireClient client{world};
};

}  // namespace

TEST_CASE("restart: nobody moves, tokens and offsets stay, the digest is the same") {
  Settled settled(200);
  const FencingToken token = settled.world.token(0);
  settled.client.ask<wire::CommitReplyT>(committing(0, 9, token));
  const std::uint64_t digest = settled.world.state().digest;
  settled.world.restart(60'000);
  CHECK(settled.world.state().digest == digest);
  WireClient back(settled.world);
  const auto reply = back.ask<wire::JoinReplyT>(resuming("a", 1));
  CHECK(reply.held.front()->partitions.front().fence() == token);
  back.ask<wire::CommitReplyT>(committing(0, 10, token));
  settled.world.pass(1'000);
  CHECK(settled.world.group().generation == 1);
}

TEST_CASE("restart: joins whose plan was not made before the crash are planned after it") {
  Settled settled(200);
  settled.client.ask<wire::JoinReplyT>(joining("c", 3));
  settled.world.restart();
  CHECK(settled.world.group().plan_outdated);
  settled.world.pass(100);
  CHECK(settled.world.group().generation == 1);  // it gathers anew
  settled.world.pass(100);
  CHECK(settled.world.group().generation == 2);
}

TEST_CASE("restart: a departure whose plan was lost is planned at once") {
  Settled settled(200);
  settled.client.send(leaving("a", 1));
  settled.world.journal.flush();  // the unit of the leave, before the turn's plan
  settled.world.end_turn();
  settled.world.journal.complete_flush();
  settled.world.restart();
  REQUIRE(settled.world.group().plan_urgent);
  settled.world.turn();
  CHECK(settled.world.owner(0) == "b");
  CHECK(settled.world.owner(1) == "b");
}

TEST_CASE("restart: a topic that changed before the crash is planned after it") {
  Settled settled(200);
  wire::ExpandTopicT expand;
  expand.name = "t";
  expand.partitions = 4;
  settled.client.send(expand);
  settled.world.journal.flush();
  settled.world.end_turn();
  settled.world.journal.complete_flush();  // the topic, without the plan
  settled.world.restart();
  REQUIRE(settled.world.group().generation == 1);
  settled.world.pass(200);  // it gathers anew
  CHECK(settled.world.group().generation == 2);
  CHECK(!settled.world.owner(3).empty());
}

TEST_CASE("restart: a new process waits out the lease that the old one may still have") {
  Settled settled;
  settled.world.restart();
  WireClient fresh(settled.world);
  const Rejection refused = fresh.refused(joining("a", 9));
  CHECK(refused.code == ErrorCode::kMemberIdInUse);
  CHECK(refused.retry_after_ms == 10'000);
}

TEST_CASE("restart: the boot number that hello tells rises") {
  World world;
  world.restart();
  auto client = WireClient::silent(world);
  wire::HelloT hello;
  hello.oldest_version = 1;
  hello.newest_version = 1;
  hello.client_id = "client";
  CHECK(client.ask<wire::HelloReplyT>(hello).boot == 2);
}

}  // namespace muster::coordinator
