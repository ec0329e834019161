// §4 rule 2: two processes of one name.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

wire::JoinT taking_over(std::string member_id, Incarnation incarnation) {
  wire::JoinT request = joining(std::move(member_id), incarnation);
  request.takeover = true;
  return request;
}

}  // namespace

TEST_CASE("rule 2: the same incarnation joins again and gets the same answer, without an event") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  const Sequence before = world.state().sequence;
  const auto again = client.ask<wire::JoinReplyT>(joining("a", 1));
  CHECK(world.state().sequence == before);
  CHECK(listed(again.held) == std::vector<std::string>{"t/0"});
}

TEST_CASE("rule 2: a new incarnation is told when the old lease can have ended, and then gets in") {
  World world;
  WireClient old(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  world.pass(4'000);
  WireClient fresh(world);
  const Rejection refused = fresh.refused(joining("a", 2));
  CHECK(refused.code == ErrorCode::kMemberIdInUse);
  CHECK(refused.retry_after_ms == 6'000);
  world.pass(5'900);
  CHECK(fresh.refused(joining("a", 2)).code == ErrorCode::kMemberIdInUse);
  world.pass(100);
  fresh.ask<wire::JoinReplyT>(joining("a", 2));
  CHECK(world.member("a")->incarnation == 2);
}

TEST_CASE("rule 2: a new incarnation gets in at once when the old connection was seen to end") {
  World world;
  WireClient old(world);
  old.ask<wire::TopicReplyT>(create_topic(2));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  const FencingToken before = world.token(0);
  old.disconnect();
  WireClient fresh(world);
  const auto reply = fresh.ask<wire::JoinReplyT>(joining("a", 2));
  CHECK(listed(reply.held) == std::vector<std::string>{"t/0", "t/1"});  // it moved nowhere
  CHECK(world.token(0) > before);
  CHECK(fresh.refused(committing(0, 1, before)).code == ErrorCode::kFenced);
}

TEST_CASE("rule 2: takeover replaces the old incarnation at once and tells it") {
  World world;
  WireClient old(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  WireClient fresh(world);
  fresh.ask<wire::JoinReplyT>(taking_over("a", 2));
  const auto lost = old.pushes<wire::LostT>();
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().incarnation == 1);
  CHECK(lost.front().reason == wire::TokenEnd::replaced);
  CHECK(lost.front().seat_ended);
  CHECK(fresh.pushes<wire::LostT>().empty());
}

TEST_CASE("rule 2: a replaced incarnation is answered FENCED, for good") {
  World world;
  WireClient old(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  WireClient fresh(world);
  fresh.ask<wire::JoinReplyT>(taking_over("a", 2));
  CHECK(old.refused(heartbeat("a", 1)).code == ErrorCode::kFenced);
  CHECK(old.refused(resuming("a", 1)).code == ErrorCode::kFenced);
  CHECK(old.refused(taking_over("a", 1)).code == ErrorCode::kFenced);
  fresh.ask<wire::DoneT>(leaving("a", 2));
  CHECK(old.refused(joining("a", 1)).code == ErrorCode::kFenced);
}

TEST_CASE("rule 2: resume never takes over, nor does it take a seat") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  client.disconnect();
  WireClient other(world);
  CHECK(other.refused(resuming("a", 2)).code == ErrorCode::kFenced);
  CHECK(other.refused(resuming("b", 3)).code == ErrorCode::kUnknownMember);
  CHECK(world.member("a")->incarnation == 1);
}

TEST_CASE("rule 2: the connection of a replaced incarnation says nothing about its successor") {
  World world;
  WireClient old(world);
  WireClient fresh(world);
  WireClient third(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  const auto replaced = fresh.send(taking_over("a", 2));
  world.end_turn();  // in flight: the binding of 2 is parked
  old.disconnect();
  const auto greedy = third.send(joining("a", 3));
  world.turn();
  world.turn();
  CHECK(fresh.reply_to(replaced)->body.type == wire::ServerBody::JoinReply);
  CHECK(third.reply_to(greedy)->body.type == wire::ServerBody::Error);
  CHECK(world.member("a")->incarnation == 2);
}

TEST_CASE("rule 2: a member that has resumed is not replaced while its binding is parked") {
  World world;
  WireClient old(world);
  WireClient back(world);
  WireClient twin(world);
  WireClient admin(world);
  old.ask<wire::TopicReplyT>(create_topic(1));
  old.ask<wire::JoinReplyT>(joining("a", 1));
  old.disconnect();
  admin.send(create_topic(1, "other"));
  world.end_turn();  // in flight
  back.send(resuming("a", 1));
  const auto greedy = twin.send(joining("a", 2));
  world.turn();
  world.turn();
  CHECK(twin.reply_to(greedy)->body.type == wire::ServerBody::Error);
  CHECK(world.member("a")->incarnation == 1);
}

}  // namespace muster::coordinator
