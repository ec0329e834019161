// §4 rule 7: pushes go to the bound connection, in sequence order, and are never relied upon.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {

TEST_CASE("rule 7: pushes come in sequence order and carry their sequence") {
  World world;
  WireClient a(world);
  WireClient b(world);
  a.ask<wire::TopicReplyT>(create_topic(4));
  a.ask<wire::JoinReplyT>(joining("a", 1));
  b.ask<wire::JoinReplyT>(joining("b", 2));
  a.ask<wire::ReleaseReplyT>(releasing("a", 1, 1, world.token(1)));
  wire::DeleteTopicT gone;
  gone.name = "t";
  b.ask<wire::DoneT>(gone);
  Sequence last = 0;
  std::vector<wire::ServerBody> types;
  for (const auto& push : a.all_pushes()) {
    CHECK(push.sequence >= last);
    CHECK(push.sequence <= world.state().sequence);
    last = push.sequence;
    types.push_back(push.body.type);
  }
  CHECK(types ==
        std::vector{wire::ServerBody::Assigned, wire::ServerBody::Revoke, wire::ServerBody::Lost});
}

TEST_CASE("rule 7: pushes go to the bound connection alone") {
  World world;
  WireClient older(world);
  WireClient newer(world);
  older.ask<wire::TopicReplyT>(create_topic(2));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  (void)older.all_pushes();
  newer.ask<wire::JoinReplyT>(resuming("a", 1));
  older.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  CHECK(newer.pushes<wire::RevokeT>().size() == 1);
  CHECK(older.pushes<wire::RevokeT>().empty());
}

TEST_CASE("rule 7: a resume repeats what was pushed to a connection that had ended") {
  World world;
  WireClient older(world);
  WireClient b(world);
  older.ask<wire::TopicReplyT>(create_topic(2));
  older.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  older.disconnect();
  b.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  WireClient newer(world);
  const auto reply = newer.ask<wire::JoinReplyT>(resuming("a", 1));
  REQUIRE(reply.held.size() == 1);
  CHECK(!reply.held.front()->partitions[0].revoking());
  CHECK(reply.held.front()->partitions[1].revoking());
}

TEST_CASE("a deleted topic is pushed as lost, with the tokens that were held") {
  World world;
  WireClient a(world);
  a.ask<wire::TopicReplyT>(create_topic(2));
  a.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  const FencingToken token = world.token(1);
  wire::DeleteTopicT gone;
  gone.name = "t";
  a.ask<wire::DoneT>(gone);
  const auto lost = a.pushes<wire::LostT>();
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().reason == wire::TokenEnd::topic_deleted);
  CHECK(!lost.front().seat_ended);
  CHECK(listed(lost.front().partitions) == std::vector<std::string>{"t/0", "t/1"});
  CHECK(lost.front().partitions.front()->partitions.back().fence() == token);
}

TEST_CASE("a member with nothing to get hears of the plan, so that it need not wait") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  (void)client.all_pushes();
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  const auto assigned = client.pushes<wire::AssignedT>();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned.front().member_id == "b");
  CHECK(assigned.front().granted.empty());
  CHECK(assigned.front().pending == 0);
}

TEST_CASE("a member that took its name over hears of a plan that changes nothing for it") {
  Settings settings;
  settings.limits.gathering_window_ms = 200;
  World world(settings);
  WireClient old(world);
  WireClient fresh(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  world.pass(200);
  wire::JoinT join = joining("a", 2);
  join.takeover = true;
  join.metadata = {7};  // which a plan may depend on
  const auto reply = fresh.ask<wire::JoinReplyT>(join);
  CHECK(reply.gathering);
  CHECK(listed(reply.held) == std::vector<std::string>{"t/0"});
  world.pass(200);
  const auto assigned = fresh.pushes<wire::AssignedT>();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned.front().granted.empty());
  CHECK(assigned.front().pending == 0);
  // Once: what does not move is not disturbed.
  fresh.ask<wire::JoinReplyT>(joining("b", 3));
  world.pass(200);
  for (const auto& push : fresh.pushes<wire::AssignedT>()) CHECK(push.member_id == "b");
}

TEST_CASE("a member that awaits a plan hears that its group was frozen instead") {
  Settings settings;
  settings.limits.gathering_window_ms = 200;
  World world(settings);
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  CHECK(client.ask<wire::JoinReplyT>(joining("a", 1)).gathering);
  wire::FreezeGroupT freeze;
  freeze.group = "g";
  freeze.frozen = true;
  client.ask<wire::DoneT>(freeze);
  const auto assigned = client.pushes<wire::AssignedT>();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned.front().granted.empty());
  CHECK(assigned.front().pending == 0);
}

TEST_CASE("a member that waits for a partition hears when the plan gives it to another") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  client.ask<wire::JoinReplyT>(joining("c", 3));
  world.turn();
  const auto waiting = client.pushes<wire::AssignedT>();
  REQUIRE(waiting.back().member_id == "c");
  CHECK(waiting.back().pending == 1);
  client.ask<wire::JoinReplyT>(joining("b", 2));  // sorted before "c": t/1 is planned for it now
  world.turn();
  bool told = false;
  for (const auto& assigned : client.pushes<wire::AssignedT>()) {
    if (assigned.member_id == "c") told = assigned.pending == 0;
  }
  CHECK(told);
}

TEST_CASE("what does not move is not disturbed: no push, the same token") {
  World world;
  WireClient a(world);
  WireClient b(world);
  a.ask<wire::TopicReplyT>(create_topic(1));
  a.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  (void)a.all_pushes();
  const FencingToken token = world.token(0);
  b.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  CHECK(a.all_pushes().empty());
  CHECK(world.token(0) == token);
}

}  // namespace muster::coordinator
