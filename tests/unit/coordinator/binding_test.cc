// §4 rule 1: a member acts through the connection that it is bound to, and that one keeps it alive.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {

TEST_CASE("rule 1: a join binds the member instead of its older connection, which can't act now") {
  World world;
  WireClient older(world);
  older.ask<wire::TopicReplyT>(create_topic(1));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  WireClient newer(world);
  newer.ask<wire::JoinReplyT>(resuming("a", 1));

  CHECK(older.refused(heartbeat("a", 1)).code == ErrorCode::kNotBound);
  CHECK(older.refused(leaving("a", 1)).code == ErrorCode::kNotBound);
  CHECK(older.refused(releasing("a", 1, 0, world.token(0))).code == ErrorCode::kNotBound);
  CHECK(older.refused(detaching("a", 1)).code == ErrorCode::kNotBound);
  newer.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
}

TEST_CASE("rule 1: a commit with the current token is taken from any connection") {
  World world;
  WireClient member(world);
  member.ask<wire::TopicReplyT>(create_topic(1));
  member.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  WireClient stranger(world);
  const auto reply = stranger.ask<wire::CommitReplyT>(committing(0, 7, world.token(0)));
  CHECK(reply.outcomes.front() == wire::CommitOutcome::applied);
  CHECK(world.at(0).committed == 7);
  CHECK(stranger.refused(committing(0, 8, world.token(0) + 1)).code == ErrorCode::kFenced);
}

TEST_CASE("rule 1: one connection binds many members, and all of them live by what comes over it") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(4));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  client.ask<wire::JoinReplyT>(joining("b", 2));
  for (int i = 0; i < 7; ++i) {
    world.pass(10'000);
    client.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));  // of one of them
  }
  CHECK(world.member("b") != nullptr);
  client.disconnect();
  world.pass(10'500);
  CHECK(world.group().members.empty());
}

TEST_CASE("rule 1: only the bound connection keeps a member alive") {
  World world;
  WireClient older(world);
  older.ask<wire::TopicReplyT>(create_topic(1));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  WireClient newer(world);
  newer.ask<wire::JoinReplyT>(resuming("a", 1));
  for (int i = 0; i < 4; ++i) {
    world.pass(10'000);
    if (world.member("a") != nullptr) older.send(heartbeat("a", 1));
  }
  CHECK(world.member("a") == nullptr);
}

TEST_CASE("rule 1: a binding is parked like any effect: until it is durable the older one acts") {
  World world;
  WireClient older(world);
  WireClient newer(world);
  WireClient admin(world);
  older.ask<wire::TopicReplyT>(create_topic(1));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  admin.send(create_topic(1, "other"));
  world.end_turn();  // in flight
  const auto resumed = newer.send(resuming("a", 1));
  world.end_turn();
  CHECK(!newer.answered(resumed));
  const auto alive = older.send(heartbeat("a", 1));
  CHECK(older.reply_to(alive)->body.type == wire::ServerBody::HeartbeatReply);
  world.sync();
  CHECK(newer.answered(resumed));
  CHECK(older.refused(heartbeat("a", 1)).code == ErrorCode::kNotBound);
}

TEST_CASE("rule 1: the end of the older connection does not touch the member") {
  World world;
  WireClient older(world);
  older.ask<wire::TopicReplyT>(create_topic(1));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  WireClient newer(world);
  newer.ask<wire::JoinReplyT>(resuming("a", 1));
  older.disconnect();
  world.pass(15'000);
  newer.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
  world.pass(15'000);
  CHECK(world.member("a") != nullptr);
}

TEST_CASE(
    "rule 1: the reply to a join has lease, interval, generation, leader and all that is held") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(3));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  const auto reply = client.ask<wire::JoinReplyT>(resuming("a", 1));
  CHECK(reply.lease_ms == 10'000);
  CHECK(reply.heartbeat_interval_ms == 3'333);
  CHECK(reply.session_timeout_ms == 30'000);
  CHECK(reply.generation == 1);
  CHECK(reply.leader == "a");
  CHECK(reply.member_count == 1);
  CHECK(listed(reply.held) == std::vector<std::string>{"t/0", "t/1", "t/2"});
  CHECK(reply.held.front()->partitions.front().fence() == world.token(0));
  CHECK(!reply.held.front()->partitions.front().revoking());
}

}  // namespace muster::coordinator
