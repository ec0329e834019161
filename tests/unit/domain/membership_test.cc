// The numbered rules of the server that the domain decides: 1, 2, 3, 6 and 9.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;

struct OneTopic : World {
  OneTopic() { apply(CreateTopic{.name = "t", .partition_count = 4}); }
};

TEST_CASE("Rule 1: only the bound connection acts for a member") {
  OneTopic world;
  world.join("a", 1);
  world.plan();
  LeaveGroup leave = leaving("a", 1);
  leave.presence.bound_here = false;
  const Rejection refused = world.refuse(leave, ErrorCode::kNotBound);
  CHECK(refused.message.find("resume it here first") != std::string::npos);
  ReleasePartitions release =
      releasing("a", 1, {{.topic = "t", .partition = 0, .fence = world.token(0)}});
  release.presence.bound_here = false;
  world.refuse(release, ErrorCode::kNotBound);
}

TEST_CASE("Rule 2: the same incarnation gets the same answer, by fresh join and by resume") {
  OneTopic world;
  world.join("a", 1);
  world.plan();
  JoinGroup again = joining("a", 1);
  CHECK(world.apply(again).events.empty());
  again.resume = true;
  CHECK(world.apply(again).events.empty());
  again.topics = {"t", "t"};  // said twice is the same subscription
  CHECK(world.apply(again).events.empty());
}

TEST_CASE("Who has a seat may subscribe to nothing: it hands over all it has and stands by") {
  OneTopic world;
  world.join("a", 1);
  world.join("b", 2);
  world.settle();
  CHECK(names(world.join("a", 1, {})) == Names{"MemberSubscribed"});
  world.settle();
  CHECK(world.share("a", "t").empty());
  CHECK(world.share("b", "t").size() == 4);
  CHECK(world.group().member("a") != nullptr);
  world.join("a", 1, {"t"});
  world.settle();
  CHECK(world.share("a", "t").size() == 2);
}

TEST_CASE("Rule 2: the same incarnation with other topics is a subscription change") {
  OneTopic world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.join("a", 1);
  world.settle();
  CHECK(names(world.join("a", 1, {"u", "t"})) == Names{"MemberSubscribed"});
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.settle();
  CHECK(world.owner(0, "u") == "a");
  world.join("a", 1, {"u"});
  world.settle();
  CHECK(world.share("a", "t").empty());
  CHECK(world.at(0).phase == Phase::kFree);
}

TEST_CASE("Rule 2: a new incarnation waits while the old one may still be working") {
  OneTopic world;
  world.join("a", 1);
  world.plan();
  JoinGroup other = joining("a", 2);
  other.presence.lease_remaining_ms = 1'234;
  const Rejection refused = world.refuse(other, ErrorCode::kMemberIdInUse);
  CHECK(refused.retry_after_ms == 1'234);
  CHECK(refused.message.find("10.0.0.1:50000") != std::string::npos);
  CHECK(refused.message.find("1234 ms") != std::string::npos);
  CHECK(traits_of(refused.code).retriable);
}

TEST_CASE("Rule 2: a new incarnation takes the seat once the old one can't be working") {
  const auto takes = [](void (*set)(JoinGroup&)) {
    OneTopic world;
    world.join("a", 1);
    world.plan();
    const SeatId seat = world.member("a")->seat;
    JoinGroup other = joining("a", 2);
    other.presence.lease_remaining_ms = 5'000;
    set(other);
    CHECK(names(world.apply(other)) == Names{"MemberReplaced", "PartitionsGranted"});
    CHECK(world.member("a")->incarnation == 2);
    CHECK(world.member("a")->seat == seat);
    CHECK(world.phase() == GroupPhase::kStable);  // nothing moves
  };
  takes([](JoinGroup& join) { join.presence.connection_ended = true; });
  takes([](JoinGroup& join) { join.presence.lease_remaining_ms = 0; });
  takes([](JoinGroup& join) { join.takeover = true; });
}

TEST_CASE("Rule 2: a replacement with other topics makes a new plan due") {
  OneTopic world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  JoinGroup other = joining("a", 2, {"u"});
  other.takeover = true;
  world.apply(other);
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.settle();
  CHECK(world.owner(0, "u") == "a");
  CHECK(world.at(0).phase == Phase::kFree);
}

TEST_CASE("Rule 2: a resume never takes over") {
  OneTopic world;
  world.join("a", 1);
  JoinGroup other = joining("a", 2);
  other.resume = true;
  other.takeover = true;
  other.presence.connection_ended = true;
  const Rejection refused = world.refuse(other, ErrorCode::kFenced);
  CHECK(refused.message.find("stop this one") != std::string::npos);
  JoinGroup nobody = joining("b", 1);
  nobody.resume = true;
  CHECK(world.refuse(nobody, ErrorCode::kUnknownMember).message.find("Join again") !=
        std::string::npos);
}

TEST_CASE("Rule 2: a replaced incarnation is FENCED for good, by fresh join and by resume") {
  OneTopic world;
  world.join("a", 1);
  JoinGroup other = joining("a", 2);
  other.takeover = true;
  world.apply(other);
  JoinGroup zombie = joining("a", 1);
  zombie.takeover = true;
  world.refuse(zombie, ErrorCode::kFenced);
  zombie.resume = true;
  world.refuse(zombie, ErrorCode::kFenced);
  world.apply(leaving("a", 2));
  world.refuse(zombie, ErrorCode::kFenced);  // after the seat ended, too
  world.plan();
  world.refuse(joining("a", 1), ErrorCode::kFenced);
}

TEST_CASE("Rule 2: the last 8 ended incarnations of a member id are remembered") {
  OneTopic world;
  world.join("a", 1);
  for (Incarnation i = 2; i <= 10; ++i) {
    JoinGroup next = joining("a", i);
    next.takeover = true;
    world.apply(next);
  }
  for (Incarnation i = 2; i <= 9; ++i) world.refuse(joining("a", i), ErrorCode::kFenced);
  JoinGroup forgotten = joining("a", 1);
  forgotten.presence.lease_remaining_ms = 1;
  world.refuse(forgotten, ErrorCode::kMemberIdInUse);  // like any other process
}

TEST_CASE("Rule 3: the lease is the shorter of session timeout and disconnect grace") {
  OneTopic world;
  const auto settings = [&](JoinGroup join) {
    world.apply(join);
    return world.member(join.member_id)->settings;
  };
  JoinGroup random = joining("random", 1);
  CHECK(settings(random).session_timeout_ms == 30'000);
  CHECK(settings(random).disconnect_grace_ms == 10'000);
  CHECK(settings(random).rebalance_timeout_ms == 60'000);
  CHECK(lease_ms(settings(random)) == 10'000);
  JoinGroup named = joining("named", 2);
  named.named = true;
  CHECK(settings(named).disconnect_grace_ms == 30'000);  // it comes back
  JoinGroup quick = joining("quick", 3);
  quick.session_timeout_ms = 2'000;
  CHECK(settings(quick).disconnect_grace_ms == 2'000);
  CHECK(lease_ms(settings(quick)) == 2'000);
  JoinGroup slow = joining("slow", 4);
  slow.named = true;
  slow.session_timeout_ms = 20 * 60'000;
  CHECK(settings(slow).rebalance_timeout_ms == 20 * 60'000);  // at least the lease
  JoinGroup own = joining("own", 5);
  own.session_timeout_ms = 5'000;
  own.disconnect_grace_ms = 500;
  own.rebalance_timeout_ms = 700;
  CHECK(lease_ms(settings(own)) == 500);
  CHECK(settings(own).rebalance_timeout_ms == 700);
}

TEST_CASE("Rule 6: leave ends the incarnation; absent or replaced: success without effect") {
  OneTopic world;
  CHECK(world.apply(leaving("a", 1)).events.empty());  // no group yet
  world.join("a", 1);
  world.plan();
  CHECK(world.apply(leaving("a", 77)).events.empty());  // another incarnation has the seat
  CHECK(names(world.apply(leaving("a", 1))) == Names{"MemberLeft"});
  CHECK(world.apply(leaving("a", 1)).events.empty());  // a retry
  CHECK(world.phase() == GroupPhase::kEmpty);
}

TEST_CASE("Rule 6: leaving never touches offsets") {
  OneTopic world;
  world.join("a", 1);
  world.plan();
  world.apply(committing({{.topic = "t", .partition = 2, .offset = 9, .fence = world.token(2)}}));
  world.apply(leaving("a", 1));
  world.plan();
  CHECK(world.at(2).committed == 9);
}

TEST_CASE("Rule 9: removal is terminal for the incarnation, not for the name") {
  OneTopic world;
  world.join("a", 1);
  world.plan();
  const Decision removed = world.apply(RemoveMember{.group = "g", .member_id = "a"});
  CHECK(std::get<MemberLeft>(removed.events[0]).removed);
  CHECK(world.at(0).ended_how == TokenEnd::kRemoved);
  JoinGroup again = joining("a", 1);
  CHECK(world.refuse(again, ErrorCode::kMemberRemoved).message.find("must not join again") !=
        std::string::npos);
  again.resume = true;
  world.refuse(again, ErrorCode::kMemberRemoved);
  CHECK(names(world.join("a", 2)) == Names{"MemberJoined"});
}

TEST_CASE("An expired incarnation may come back as a new member") {
  OneTopic world;
  world.join("a", 1);
  const SeatId seat = world.member("a")->seat;
  world.expire("a");
  CHECK(world.apply(ExpireMember{.group = "g", .seat = seat}).events.empty());  // due twice
  CHECK(world.apply(ExpireMember{.group = "absent", .seat = seat}).events.empty());
  JoinGroup again = joining("a", 1);
  again.resume = true;
  world.refuse(again, ErrorCode::kUnknownMember);
  world.join("a", 1);
  CHECK(world.member("a")->seat > seat);
}

TEST_CASE("The leader is the member that has been in the group longest") {
  OneTopic world;
  world.join("z", 1);
  world.join("a", 2);
  world.join("m", 3);
  CHECK(world.group().leader()->member_id == "z");
  JoinGroup other = joining("z", 9);
  other.takeover = true;
  world.apply(other);
  CHECK(world.group().leader()->member_id == "z");  // the seat stays
  world.expire("z");
  CHECK(world.group().leader()->member_id == "a");
  world.join("z", 10);
  CHECK(world.group().leader()->member_id == "a");
}

TEST_CASE("A topic deleted meanwhile keeps no member from coming back, but can't be newly named") {
  OneTopic world;
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.join("a", 1, {"t", "u"});
  world.settle();
  world.apply(DeleteTopic{.name = "u"});
  world.settle();
  CHECK(world.join("a", 1, {"t", "u"}).events.empty());
  JoinGroup other = joining("a", 2, {"t", "u"});
  other.takeover = true;
  CHECK(names(world.apply(other)) == Names{"MemberReplaced", "PartitionsGranted"});
  world.refuse(joining("a", 2, {"t", "never"}), ErrorCode::kUnknownResource);
  world.refuse(joining("b", 3, {"t", "u"}), ErrorCode::kUnknownResource);
  JoinGroup third = joining("a", 3, {"t", "never"});
  third.takeover = true;
  world.refuse(third, ErrorCode::kUnknownResource);
}

}  // namespace
}  // namespace muster::domain
