// An orderly end: what was taken is durable and answered, everybody is told, then closed.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {

TEST_CASE("shutdown: what was accepted is answered before the connection is closed") {
  World world;
  WireClient client(world);
  WireClient idle(world);
  const auto accepted = client.send(create_topic(1));
  world.end_turn();  // in flight
  world.pipeline->begin_shutdown();
  world.end_turn();
  CHECK(!client.closed());
  CHECK(!world.pipeline->shut_down());
  world.sync();
  CHECK(client.answered(accepted));
  CHECK(client.closing_reason() == ErrorCode::kShuttingDown);
  CHECK(idle.closing_reason() == ErrorCode::kShuttingDown);
  CHECK(client.closed());
  CHECK(idle.closed());
  CHECK(world.pipeline->shut_down());
}

TEST_CASE("shutdown: nothing is taken any more, and a connection that comes late is told") {
  World world;
  WireClient client(world);
  world.pipeline->begin_shutdown();
  world.pipeline->begin_shutdown();  // idempotent
  client.send(create_topic(1));
  auto late = WireClient::silent(world);
  late.send(create_topic(1));
  world.turn();
  CHECK(world.state().topics.empty());
  CHECK(late.closing_reason() == ErrorCode::kShuttingDown);
  CHECK(late.closed());
  CHECK(world.pipeline->shut_down());
}

TEST_CASE("shutdown: clients are asked to come back at different times") {
  World world;
  WireClient one(world);
  WireClient two(world);
  world.entropy.script({0, 899});
  world.pipeline->begin_shutdown();
  world.turn();
  CHECK(one.pushes<wire::ClosingT>().front().error->retry_after_ms == 100);
  CHECK(two.pushes<wire::ClosingT>().front().error->retry_after_ms == 999);
}

TEST_CASE("shutdown: nobody expires because the server closed its connection") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  world.pipeline->begin_shutdown();
  world.pass(20'000);
  CHECK(world.member("a") != nullptr);
}

}  // namespace muster::coordinator
