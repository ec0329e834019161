// §4 rules 5, 6, 9 and 10: heartbeats, leaving, removal, and what stable means.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

struct TwoMembers {
  TwoMembers() {
    admin.ask<wire::TopicReplyT>(create_topic(2));
    a.ask<wire::JoinReplyT>(joining("a", 1));
    b.ask<wire::JoinReplyT>(joining("b", 2));
    world.turn();
    for (const char* id : {"a", "b"}) {
      for (PartitionIndex i = 0; i < 2; ++i) {
        if (world.at(i).phase == domain::Phase::kRevoking && world.owner(i) == id) {
          a.ask<wire::ReleaseReplyT>(releasing(id, 1, i, world.token(i)));
        }
      }
    }
  }
  wire::GroupInfoT describe() {
    wire::DescribeGroupT query;
    query.group = "g";
    return std::move(*admin.ask<wire::GroupReplyT>(query).group);
  }

  World world;
  WireClient admin{world};
  WireClient a{world};
  WireClient b{world};
};

}  // namespace

TEST_CASE("rule 5: a heartbeat is acknowledged at once although a batch is in flight") {
  TwoMembers two;
  two.admin.send(create_topic(1, "other"));
  two.world.end_turn();
  REQUIRE(two.world.journal.in_flight());
  const auto beat = two.a.send(heartbeat("a", 1));
  const auto reply = two.a.reply_to(beat);
  REQUIRE(reply.has_value());
  CHECK(reply->body.type == wire::ServerBody::HeartbeatReply);
  CHECK(reply->sequence == two.world.journal.durable_sequence());
}

TEST_CASE("a heartbeat that says the application is stuck is shown, until one says it is not") {
  TwoMembers two;
  const auto stalled_ms = [&two](std::size_t member) {
    wire::ListMembersT query;
    query.group = "g";
    return two.admin.ask<wire::MembersReplyT>(query).members.at(member)->stalled_ms;
  };
  CHECK(stalled_ms(0) == 0);
  wire::HeartbeatT stuck = heartbeat("a", 1);
  stuck.stalled_ms = 27'000;
  two.a.ask<wire::HeartbeatReplyT>(stuck);
  CHECK(stalled_ms(0) == 27'000);
  two.world.pass(1'000);
  CHECK(stalled_ms(0) == 28'000);  // it goes on counting between the heartbeats
  CHECK(stalled_ms(1) == 0);
  two.a.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
  CHECK(stalled_ms(0) == 0);
}

TEST_CASE("rule 5: who is no member any more is told so only after the barrier") {
  TwoMembers two;
  wire::RemoveMemberT remove;
  remove.group = "g";
  remove.member_id = "a";
  two.admin.send(remove);
  two.world.end_turn();
  const auto beat = two.a.send(heartbeat("a", 1));
  const auto unknown = two.b.send(heartbeat("nobody", 9));
  two.world.end_turn();
  CHECK(!two.a.answered(beat));
  CHECK(!two.b.answered(unknown));
  two.world.sync();
  CHECK(two.a.reply_to(beat)->body.AsError()->code ==
        static_cast<std::uint16_t>(ErrorCode::kMemberRemoved));
  CHECK(two.b.reply_to(unknown)->body.AsError()->code ==
        static_cast<std::uint16_t>(ErrorCode::kUnknownMember));
}

TEST_CASE("rule 5: a member whose join is not durable is not acknowledged") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.send(joining("a", 1));
  world.end_turn();
  const auto beat = client.send(heartbeat("a", 1));
  CHECK(!client.answered(beat));
}

TEST_CASE(
    "rule 5: an incarnation that another one has followed is told so, and not just to resume") {
  TwoMembers two;
  CHECK(two.b.refused(heartbeat("a", 7)).code == ErrorCode::kFenced);
}

TEST_CASE("rule 6: leave ends the incarnation; a second leave is a success without effect") {
  TwoMembers two;
  two.a.ask<wire::DoneT>(leaving("a", 1));
  two.world.turn();
  CHECK(two.world.owner(0) == "b");
  CHECK(two.world.owner(1) == "b");
  const Sequence before = two.world.state().sequence;
  two.a.ask<wire::DoneT>(leaving("a", 1));
  two.a.ask<wire::DoneT>(leaving("nobody", 1));
  two.a.ask<wire::DoneT>(leaving("b", 77));  // another incarnation
  CHECK(two.world.state().sequence == before);
  CHECK(two.a.pushes<wire::LostT>().empty());  // the reply says enough
  CHECK(two.a.refused(heartbeat("a", 1)).code == ErrorCode::kUnknownMember);
}

TEST_CASE("rule 6: closing without leave keeps the seat: a named member's restart moves nothing") {
  TwoMembers two;
  const auto owner = two.world.owner(0);
  two.a.disconnect();
  two.world.turn();
  CHECK(two.world.owner(0) == owner);
  WireClient again(two.world);
  const auto reply = again.ask<wire::JoinReplyT>(joining("a", 11));
  CHECK(listed(reply.held).size() == 1);
  CHECK(two.world.group().revoking_count == 0);
  CHECK(two.b.pushes<wire::RevokeT>().empty());
}

TEST_CASE("rule 9: a removed member is told, and that incarnation never joins again") {
  TwoMembers two;
  (void)two.a.all_pushes();
  wire::RemoveMemberT remove;
  remove.group = "g";
  remove.member_id = "a";
  two.admin.ask<wire::DoneT>(remove);
  const auto lost = two.a.pushes<wire::LostT>();
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().reason == wire::TokenEnd::removed);
  CHECK(lost.front().seat_ended);
  CHECK(two.a.refused(joining("a", 1)).code == ErrorCode::kMemberRemoved);
  CHECK(two.a.refused(resuming("a", 1)).code == ErrorCode::kMemberRemoved);
  CHECK(two.a.refused(heartbeat("a", 1)).code == ErrorCode::kMemberRemoved);
  two.a.ask<wire::JoinReplyT>(joining("a", 3));  // a new process may
}

TEST_CASE("rule 10: empty, balancing and stable as a group goes through them") {
  Settings settings;
  settings.limits.gathering_window_ms = 200;
  World world(settings);
  WireClient client(world);
  const auto state = [&] {
    wire::DescribeGroupT query;
    query.group = "g";
    return client.ask<wire::GroupReplyT>(query).group->state;
  };
  client.ask<wire::TopicReplyT>(create_topic(2));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  CHECK(state() == wire::GroupState::balancing);  // gathering
  world.pass(300);
  CHECK(state() == wire::GroupState::stable);
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.pass(300);
  CHECK(state() == wire::GroupState::balancing);  // revoking
  client.ask<wire::ReleaseReplyT>(releasing("a", 1, 1, world.token(1)));
  CHECK(state() == wire::GroupState::stable);
  client.ask<wire::DoneT>(leaving("a", 1));
  client.ask<wire::DoneT>(leaving("b", 2));
  world.turn();
  CHECK(state() == wire::GroupState::empty);
}

TEST_CASE("describe counts what nobody owns and what is being revoked") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(3));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.turn();
  wire::DescribeGroupT query;
  query.group = "g";
  const auto info = std::move(*client.ask<wire::GroupReplyT>(query).group);
  CHECK(info.partitions == 3);
  CHECK(info.unowned == 0);
  CHECK(info.revoking == 1);
  CHECK(info.members == 2);
  CHECK(info.leader == "a");
  CHECK(info.generation == 2);
}

}  // namespace muster::coordinator
