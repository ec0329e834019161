// §4 rules 3 and 8: who counts as silent, and by which clock.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

/// Member "a" of a topic with one partition, on its own connection.
struct OneMember {
  explicit OneMember(const Settings& settings = without_gathering()) : world(settings) {
    admin.ask<wire::TopicReplyT>(create_topic(1));
    client.ask<wire::JoinReplyT>(joining("a", 1));
    world.turn();
  }
  bool lives() const { return world.member("a") != nullptr; }

  World world;
  WireClient admin{world};
  WireClient client{world};
};

}  // namespace

TEST_CASE("rule 3: a member expires when its connection was silent for the session timeout") {
  OneMember one;
  one.world.pass(29'900);
  CHECK(one.lives());
  one.client.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
  one.world.pass(29'900);
  CHECK(one.lives());
  one.world.pass(200);
  CHECK(!one.lives());
  const auto lost = one.client.pushes<wire::LostT>();
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().reason == wire::TokenEnd::expired);
  CHECK(lost.front().seat_ended);
  CHECK(one.client.refused(heartbeat("a", 1)).code == ErrorCode::kUnknownMember);
}

TEST_CASE("rule 3: a member expires its grace after its connection was seen to end") {
  OneMember one;
  one.client.disconnect();
  one.world.pass(9'900);
  CHECK(one.lives());
  one.world.pass(200);
  CHECK(!one.lives());
}

TEST_CASE("rule 3: a named member's grace is its session timeout") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  wire::JoinT join = joining("a", 1);
  join.named = true;
  CHECK(client.ask<wire::JoinReplyT>(join).lease_ms == 30'000);
  client.disconnect();
  world.pass(29'800);
  CHECK(world.member("a") != nullptr);
  world.pass(400);
  CHECK(world.member("a") == nullptr);
}

TEST_CASE("rule 3: a detached member has its grace although the connection lives") {
  OneMember one;
  one.client.ask<wire::DoneT>(detaching("a", 1));
  for (int i = 0; i < 98; ++i) {
    one.world.pass(100);
    one.client.send(wire::StatusT());
  }
  CHECK(one.lives());
  one.world.pass(400);
  CHECK(!one.lives());
}

TEST_CASE("rule 3: a member that resumes within its grace keeps its seat and token") {
  OneMember one;
  const FencingToken token = one.world.token(0);
  one.client.disconnect();
  one.world.pass(9'000);
  WireClient back(one.world);
  const auto reply = back.ask<wire::JoinReplyT>(resuming("a", 1));
  CHECK(listed(reply.held) == std::vector<std::string>{"t/0"});
  one.world.pass(20'000);
  CHECK(one.lives());
  CHECK(one.world.token(0) == token);
}

TEST_CASE("rule 3: after a restart every member has a whole session and needs no connection") {
  OneMember one;
  one.client.disconnect();
  one.world.pass(9'000);
  one.world.restart(3'600'000);
  one.world.pass(29'900);
  CHECK(one.lives());
  one.world.pass(200);
  CHECK(!one.lives());
}

TEST_CASE("rule 8: the coordinator's own pause counts for half a second a turn at most") {
  OneMember one;
  one.world.clock.advance(3'600'000);  // suspended, or stopped
  one.world.turn();
  one.world.turn();
  CHECK(one.lives());
  one.world.pass(29'300);
  CHECK(one.lives());
  one.world.pass(300);
  CHECK(!one.lives());
}

TEST_CASE("rule 8: stepping the wall clock expires nobody") {
  OneMember one;
  one.world.clock.step_wall(86'400'000);
  one.world.pass(1'000);
  one.world.clock.step_wall(-172'800'000);
  one.world.pass(1'000);
  CHECK(one.lives());
}

TEST_CASE("rule 8: the session clock stands still while a flush is more than a second old") {
  OneMember one;
  one.admin.send(create_topic(1, "other"));
  for (int i = 0; i < 600; ++i) {  // a minute
    one.world.end_turn();
    one.world.clock.advance(100);
  }
  one.world.sync();
  one.world.turn();
  one.world.turn();
  CHECK(one.lives());
  one.world.pass(28'500);
  CHECK(one.lives());
}

TEST_CASE("rule 8: a member that is due lives on until its socket was drained") {
  OneMember one;
  one.world.connections.set_drained(one.client.id(), false);
  one.world.pass(31'000);
  CHECK(one.lives());
  one.client.send(heartbeat("a", 1));  // it was there to be read
  one.world.connections.set_drained(one.client.id(), true);
  one.world.pass(1'000);
  CHECK(one.lives());
}

TEST_CASE("rule 8: the turn in which a timer marks a member due is never the turn it expires in") {
  OneMember one;
  one.world.pass(29'900);
  one.world.clock.advance(200);
  one.world.end_turn();
  CHECK(one.lives());
  CHECK(one.world.pipeline->wake_in_ms() == 1);
  one.client.send(heartbeat("a", 1));
  one.world.pass(1'000);
  CHECK(one.lives());
}

TEST_CASE("rule 8: a member that resumes in the turn it is due in does not expire") {
  OneMember one;
  one.client.disconnect();
  WireClient back(one.world);
  one.world.pass(9'900);
  one.world.clock.advance(200);
  one.world.turn();  // marked
  const auto resumed = back.send(resuming("a", 1));
  one.world.turn();
  one.world.turn();
  CHECK(one.lives());
  CHECK(back.reply_to(resumed)->body.type == wire::ServerBody::JoinReply);
}

TEST_CASE("rule 8: a member that resumes while a flush is slow does not expire") {
  OneMember one;
  one.client.disconnect();
  WireClient back(one.world);
  one.world.pass(9'800);
  one.admin.send(create_topic(1, "other"));
  one.world.end_turn();  // in flight
  back.send(resuming("a", 1));
  for (int i = 0; i < 9; ++i) {
    one.world.clock.advance(100);
    one.world.end_turn();
  }
  one.world.sync();
  one.world.pass(1'000);
  CHECK(one.lives());
}

TEST_CASE("rule 8: reading that the coordinator itself has paused is not a member's silence") {
  Settings settings = without_gathering();
  settings.max_in_flight_requests = 2;
  OneMember one(settings);
  one.admin.send(create_topic(1, "other"));
  one.world.end_turn();
  one.client.send(wire::StatusT());
  one.client.send(wire::StatusT());
  one.client.send(heartbeat("a", 1));  // stays unread: two are in flight
  REQUIRE(one.world.connections.paused(one.client.id()));
  for (int i = 0; i < 5; ++i) {  // younger than a second, so that the clock goes on
    one.world.clock.advance(150);
    one.world.end_turn();
  }
  one.world.clock.advance(200);  // and until the batch is durable, not only until the turn's end
  one.world.sync();
  CHECK(!one.world.connections.paused(one.client.id()));
  one.world.pass(29'900);
  CHECK(one.lives());
}

TEST_CASE("rule 8: a process that hangs expires, however much it has left unread") {
  Settings settings = without_gathering();
  settings.max_unsent_bytes = 4'096;
  OneMember one(settings);
  one.world.connections.set_reads(one.client.id(), false);
  for (int i = 0; i < 40 && !one.world.connections.paused(one.client.id()); ++i) {
    one.client.send(wire::StatusT());
    one.world.turn();
  }
  REQUIRE(one.world.connections.paused(one.client.id()));
  one.world.connections.set_drained(one.client.id(), false);  // nobody reads it
  one.world.pass(31'000);
  CHECK(!one.lives());
}

}  // namespace muster::coordinator
