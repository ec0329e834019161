// §4 rule 4: deadlines start with the release of what announces them.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

/// "a" owned both partitions, then "b" joined: t/1 is asked back from "a".
struct HandOver {
  HandOver() {
    a.ask<wire::TopicReplyT>(create_topic(2));
    a.ask<wire::JoinReplyT>(joining("a", 1));
    world.turn();
    (void)a.all_pushes();
  }
  void begin() {
    b.ask<wire::JoinReplyT>(joining("b", 2));
    world.turn();
  }
  /// Time passes while both are alive.
  void pass(std::uint64_t ms) {
    for (; ms > 0; ms -= 100) {
      a.send(heartbeat("a", 1));
      if (world.member("b") != nullptr) b.send(heartbeat("b", 2));
      world.pass(100);
    }
  }

  World world;
  WireClient a{world};
  WireClient b{world};
};

}  // namespace

TEST_CASE("rule 4: a revocation that is not met fences the partition, not the member") {
  HandOver hand_over;
  hand_over.begin();
  const auto revoke = hand_over.a.pushes<wire::RevokeT>();
  REQUIRE(revoke.size() == 1);
  CHECK(listed(revoke.front().partitions) == std::vector<std::string>{"t/1"});
  CHECK(revoke.front().deadline_ms == 60'000);
  const FencingToken old = hand_over.world.token(1);
  hand_over.pass(59'800);
  CHECK(hand_over.world.owner(1) == "a");
  hand_over.pass(500);
  CHECK(hand_over.world.owner(1) == "b");
  CHECK(hand_over.world.token(1) > old);
  const auto lost = hand_over.a.pushes<wire::LostT>();
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().reason == wire::TokenEnd::fenced);
  CHECK(!lost.front().seat_ended);
  CHECK(listed(lost.front().partitions) == std::vector<std::string>{"t/1"});
  CHECK(hand_over.a.refused(committing(1, 5, old)).code == ErrorCode::kFenced);
  hand_over.a.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
}

TEST_CASE(
    "rule 4: the revocation's time starts when its push is released, not when it is decided") {
  HandOver hand_over;
  hand_over.b.send(joining("b", 2));
  hand_over.world.end_turn();
  REQUIRE(hand_over.world.at(1).phase == domain::Phase::kRevoking);
  for (int i = 0; i < 9; ++i) {
    hand_over.world.clock.advance(100);
    hand_over.world.end_turn();
  }
  hand_over.world.sync();
  hand_over.pass(59'500);
  CHECK(hand_over.world.owner(1) == "a");
  hand_over.pass(1'000);
  CHECK(hand_over.world.owner(1) == "b");
}

TEST_CASE("rule 4: the revocation's time starts also when no connection is bound") {
  HandOver hand_over;
  hand_over.world.restart();
  WireClient b(hand_over.world);
  b.ask<wire::JoinReplyT>(joining("b", 2));
  wire::JoinT a = resuming("a", 1);
  hand_over.world.turn();
  REQUIRE(hand_over.world.at(1).phase == domain::Phase::kRevoking);
  WireClient back(hand_over.world);
  for (int i = 0; i < 606; ++i) {
    if (i % 50 == 0) back.ask<wire::JoinReplyT>(a);
    b.send(heartbeat("b", 2));
    hand_over.world.pass(100);
  }
  CHECK(hand_over.world.owner(1) == "b");
  CHECK(hand_over.world.member("a") != nullptr);
}

TEST_CASE("rule 4: after a restart a revocation has its whole time again") {
  HandOver hand_over;
  hand_over.begin();
  hand_over.pass(50'000);
  hand_over.world.restart(1'000);
  WireClient a(hand_over.world);
  WireClient b(hand_over.world);
  const auto resumed = a.ask<wire::JoinReplyT>(resuming("a", 1));
  CHECK(resumed.held.front()->partitions.back().revoking());
  CHECK(resumed.held.front()->partitions.back().revoke_remaining_ms() == 60'000);
  b.ask<wire::JoinReplyT>(resuming("b", 2));
  const auto pass = [&](int turns) {
    for (int i = 0; i < turns; ++i) {
      a.send(heartbeat("a", 1));
      b.send(heartbeat("b", 2));
      hand_over.world.pass(100);
    }
  };
  pass(590);
  CHECK(hand_over.world.owner(1) == "a");
  pass(20);
  CHECK(hand_over.world.owner(1) == "b");
}

TEST_CASE("rule 4: a resume is told the time that is left of each revocation") {
  HandOver hand_over;
  hand_over.begin();
  hand_over.pass(20'000);
  const auto resumed = hand_over.a.ask<wire::JoinReplyT>(resuming("a", 1));
  const auto& held = resumed.held.front()->partitions;
  CHECK(!held.front().revoking());
  CHECK(held.back().revoking());
  CHECK(held.back().revoke_remaining_ms() == 40'000);
}

TEST_CASE("rule 4: a second plan does not restart the revocation's time") {
  HandOver hand_over;
  hand_over.begin();
  hand_over.pass(40'000);
  hand_over.b.ask<wire::DoneT>(leaving("b", 2));
  hand_over.world.turn();
  CHECK(hand_over.world.at(1).phase == domain::Phase::kRevoking);  // one way
  const FencingToken old = hand_over.world.token(1);
  hand_over.pass(20'500);
  CHECK(hand_over.world.owner(1) == "a");
  CHECK(hand_over.world.token(1) > old);
}

TEST_CASE(
    "rule 4: what a second plan asks back has a time of its own, and gives the first no more") {
  HandOver hand_over;
  hand_over.begin();
  hand_over.pass(40'000);
  const FencingToken old = hand_over.world.token(1);
  WireClient first(hand_over.world);
  first.ask<wire::JoinReplyT>(joining("0", 3));  // the first by its id: it gets t/0
  hand_over.world.turn();
  REQUIRE(hand_over.world.at(0).phase == domain::Phase::kRevoking);
  hand_over.pass(20'500);
  CHECK(hand_over.world.token(1) > old);
  CHECK(hand_over.world.at(0).phase == domain::Phase::kRevoking);
  CHECK(hand_over.world.owner(0) == "a");
}

TEST_CASE("a release with its last commit hands over at once and pushes the grant") {
  HandOver hand_over;
  hand_over.begin();
  (void)hand_over.b.all_pushes();
  wire::ReleaseT release = releasing("a", 1, 1, hand_over.world.token(1));
  release.items.front()->commits = true;
  release.items.front()->offset = 42;
  const auto reply = hand_over.a.ask<wire::ReleaseReplyT>(release);
  CHECK(reply.results.front()->released);
  CHECK(reply.results.front()->commit == wire::CommitOutcome::applied);
  const auto assigned = hand_over.b.pushes<wire::AssignedT>();
  REQUIRE(assigned.size() == 1);
  CHECK(listed(assigned.front().granted) == std::vector<std::string>{"t/1"});
  CHECK(assigned.front().granted.front()->partitions.front().committed() == 42);
  CHECK(assigned.front().pending == 0);
  hand_over.pass(70'000);  // its deadline has nothing to fence any more
  CHECK(hand_over.a.pushes<wire::LostT>().empty());
}

}  // namespace muster::coordinator
