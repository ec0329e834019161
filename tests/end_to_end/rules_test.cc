// The numbered rules of membership, one by one, as a client on the wire meets them.
#include <doctest/doctest.h>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

const Partition kFirst{"orders", 0};

struct RulesSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  explicit RulesSetting(std::int32_t partitions = 2) { create_topic(client, "orders", partitions); }

  MemberOptions named(const std::string& member_id) const {
    return {.member_id = member_id, .topics = {"orders"}};
  }

  wire::GroupInfoT group() {
    wire::DescribeGroupT describe;
    describe.group = "group";
    return *client.ask<wire::GroupReplyT>(std::move(describe)).group;
  }

  std::vector<std::unique_ptr<wire::MemberInfoT>> members() {
    wire::ListMembersT list;
    list.group = "group";
    return std::move(client.ask<wire::MembersReplyT>(std::move(list)).members);
  }
};

TEST_CASE("rule 1: a join is answered with lease, interval, generation, leader, count, holdings") {
  RulesSetting setting;
  MemberOptions options = setting.named("a");
  options.session_timeout_ms = 9'000;
  options.disconnect_grace_ms = 6'000;
  Member a(setting.daemon.address(), options);
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  REQUIRE_FALSE(a.commit(kFirst, 33).has_value());

  const wire::JoinReplyT again = a.join();
  CHECK(again.lease_ms == 6'000);
  CHECK(again.heartbeat_interval_ms == 2'000);
  CHECK(again.session_timeout_ms == 9'000);
  CHECK(again.rebalance_timeout_ms >= 6'000);
  CHECK(again.generation == 1);
  CHECK(again.leader == "a");
  CHECK(again.member_count == 1);
  CHECK(again.pending == 0);
  REQUIRE(again.held.size() == 1);
  CHECK(again.held[0]->topic == "orders");
  REQUIRE(again.held[0]->partitions.size() == 2);
  CHECK(again.held[0]->partitions[0].committed() == 33);
  CHECK(again.held[0]->partitions[1].committed() == -1);
  CHECK_FALSE(again.held[0]->partitions[0].revoking());
}

TEST_CASE("rule 1: no other connection can act for a member, but a token commits from anywhere") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  CHECK(setting.client.refusal(a.of_member<wire::HeartbeatT>()).name == "NOT_BOUND");
  CHECK(setting.client.refusal(a.of_member<wire::LeaveT>()).name == "NOT_BOUND");
  CHECK(setting.client.refusal(a.of_member<wire::DetachT>()).name == "NOT_BOUND");

  Member elsewhere(setting.daemon.address(), setting.named("a"));  // connected, never joins
  CHECK_FALSE(elsewhere.commit(kFirst, 12, a.token(kFirst)).has_value());
  CHECK(committed(setting.client, "group", kFirst) == 12);
}

TEST_CASE("rule 1: a resume binds the member to the new connection instead of the old one") {
  RulesSetting setting;
  Member old_place(setting.daemon.address(), setting.named("a"));
  old_place.join();
  REQUIRE(pump_until({&old_place}, [&] { return old_place.held().size() == 2; }));
  Member new_place(setting.daemon.address(), setting.named("a"));
  new_place.join(/*resume=*/true);
  CHECK(new_place.held() == old_place.held());
  CHECK(old_place.client().refusal(old_place.of_member<wire::HeartbeatT>()).name == "NOT_BOUND");

  // What happens next is pushed to the new connection alone.
  Member b(setting.daemon.address(), setting.named("b"));
  b.join();
  REQUIRE(pump_until({&new_place, &b}, [&] { return b.held().size() == 1; }));
  old_place.pump();
  CHECK(old_place.asked_back().empty());
  CHECK(old_place.held().size() == 2);
}

TEST_CASE("rule 1: a connection may bind many members") {
  RulesSetting setting(3);
  WireClient shared(setting.daemon.address());
  for (const char* name : {"a", "b", "c"}) {
    wire::JoinT join;
    join.group = "group";
    join.member_id = name;
    join.incarnation = 5;
    join.topics = {"orders"};
    join.session_timeout_ms = 5'000;
    shared.ask<wire::JoinReplyT>(std::move(join));
  }
  for (const char* name : {"a", "b", "c"}) {
    wire::HeartbeatT heartbeat;
    heartbeat.group = "group";
    heartbeat.member_id = name;
    heartbeat.incarnation = 5;
    shared.ask<wire::HeartbeatReplyT>(std::move(heartbeat));
  }
  CHECK(setting.members().size() == 3);
}

TEST_CASE("rule 2: the same incarnation gets the same answer; other topics are a subscription") {
  RulesSetting setting;
  create_topic(setting.client, "payments", 1);
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  const Held held = a.held();
  a.join();
  a.join(/*resume=*/true);
  CHECK(a.held() == held);
  CHECK(a.generation() == 1);

  MemberOptions wider = a.options();
  wider.topics = {"orders", "payments"};
  Member same(setting.daemon.address(), wider);
  same.join(/*resume=*/true);
  REQUIRE(pump_until({&same}, [&] { return same.held().size() == 3; }));
  CHECK(same.token(kFirst) == held.at(kFirst));  // what does not move is not disturbed
}

TEST_CASE("rule 3: the lease is the shorter of session timeout and disconnect grace") {
  RulesSetting setting;
  MemberOptions random = setting.named("random");
  random.named = false;
  CHECK(Member(setting.daemon.address(), random).join().lease_ms == 10'000);
  CHECK(Member(setting.daemon.address(), setting.named("named")).join().lease_ms == 30'000);
}

TEST_CASE("rule 4: a revocation that was under way when the daemon died gets its whole deadline") {
  RulesSetting setting;
  MemberOptions stubborn = setting.named("a");
  stubborn.session_timeout_ms = 1'000;
  stubborn.rebalance_timeout_ms = 1'000;
  Member a(setting.daemon.address(), stubborn);
  Member b(setting.daemon.address(), setting.named("b"));
  a.hold_on();
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return !a.asked_back().empty(); }));
  const Partition wanted = a.asked_back().begin()->first;

  setting.daemon.kill9();
  setting.daemon.start();
  const SteadyClock::time_point started = SteadyClock::now();
  const wire::JoinReplyT resumed = a.reconnect();
  b.reconnect();
  bool listed_as_revoking = false;
  for (const wire::GrantedPartition& partition : resumed.held.at(0)->partitions) {
    if (!partition.revoking()) continue;
    listed_as_revoking = partition.partition() == wanted.second;
    CHECK(partition.revoke_remaining_ms() <= 1'000);
  }
  CHECK(listed_as_revoking);
  REQUIRE(pump_until({&a, &b}, [&] { return b.held().contains(wanted); }));
  CHECK(since(started) >= Milliseconds{900});
  CHECK(since(started) <= Milliseconds{1'000 + 100} + kSchedulingAllowance);
}

TEST_CASE("rule 5: a heartbeat of an unknown or replaced member is told so") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  CHECK(a.client().refusal(a.of_member<wire::HeartbeatT>()).name == "UNKNOWN_MEMBER");
  a.join();
  a.client().ask<wire::HeartbeatReplyT>(a.of_member<wire::HeartbeatT>());
  MemberOptions options = a.options();
  options.incarnation = 2;
  Member newer(setting.daemon.address(), options);
  newer.join(/*resume=*/false, /*takeover=*/true);
  CHECK(a.client().refusal(a.of_member<wire::HeartbeatT>()).name == "FENCED");
}

TEST_CASE("rule 6: a leave frees all at once; again, or by a replaced one, it changes nothing") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 1 && b.held().size() == 1; }));
  a.leave();
  REQUIRE(pump_until({&b}, [&] { return b.held().size() == 2; }));
  a.leave();
  MemberOptions options = b.options();
  options.incarnation = 2;
  Member newer(setting.daemon.address(), options);
  newer.join(/*resume=*/false, /*takeover=*/true);
  b.leave();
  CHECK(setting.members().size() == 1);
  CHECK_FALSE(newer.commit(kFirst, 4).has_value());
}

TEST_CASE("rule 6: a connection closed without a leave, or a detach, keeps the seat") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  const Held held = a.held();
  SUBCASE("detach") { a.client().ask<wire::DoneT>(a.of_member<wire::DetachT>()); }
  SUBCASE("close") { a.client().close(); }
  REQUIRE(wait_until([&] { return !setting.members().at(0)->connected; }));
  a.reconnect();
  CHECK(a.held() == held);
}

TEST_CASE("rule 7: pushes rise in sequence, and a resume repeats what a broken connection missed") {
  RulesSetting setting(4);
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.hold_on();
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
  a.client().close();
  b.join();  // a is asked for two, and does not hear it
  const wire::JoinReplyT resumed = a.reconnect();
  int revoking = 0;
  for (const wire::GrantedPartition& partition : resumed.held.at(0)->partitions) {
    revoking += partition.revoking() ? 1 : 0;
  }
  CHECK(revoking == 2);

  std::uint64_t sequence = 0;
  b.client().ask<wire::StatusReplyT>(wire::StatusT{});
  while (const auto push = b.client().push(Milliseconds{0})) {
    CHECK(push->sequence >= sequence);
    sequence = push->sequence;
  }
}

TEST_CASE("rule 9: a removed member is told, may not come back, and its name may be used again") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  wire::RemoveMemberT remove;
  remove.group = "group";
  remove.member_id = "a";
  setting.client.ask<wire::DoneT>(std::move(remove));
  REQUIRE(pump_until({&a}, [&] { return a.seat_ended(); }));
  CHECK(a.lost().size() == 2);
  CHECK(a.client().refusal(a.join_request()).name == "MEMBER_REMOVED");
  CHECK(a.client().refusal(a.join_request(/*resume=*/true)).name == "MEMBER_REMOVED");
  MemberOptions options = a.options();
  options.incarnation = 2;
  Member fresh(setting.daemon.address(), options);
  fresh.join();
  CHECK(pump_until({&fresh}, [&] { return fresh.held().size() == 2; }));
}

TEST_CASE("rule 10: a group is empty, balancing while it revokes, and stable") {
  RulesSetting setting;
  MemberOptions unhurried = setting.named("a");
  Member a(setting.daemon.address(), unhurried);
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  CHECK(setting.group().state == wire::GroupState::stable);
  CHECK(setting.group().unowned == 0);
  a.hold_on();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return !a.asked_back().empty(); }));
  CHECK(setting.group().state == wire::GroupState::balancing);
  CHECK(setting.group().revoking == 1);
  a.release(a.asked_back().begin()->first);
  REQUIRE(pump_until({&a, &b}, [&] { return b.held().size() == 1; }));
  CHECK(setting.group().state == wire::GroupState::stable);
  a.leave();
  b.leave();
  CHECK(setting.group().state == wire::GroupState::empty);
}

TEST_CASE("a deleted topic is lost to its owners; made anew it starts clean, under higher tokens") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  REQUIRE_FALSE(a.commit(kFirst, 50).has_value());
  const std::uint64_t old_token = a.token(kFirst);
  wire::DeleteTopicT remove;
  remove.name = "orders";
  setting.client.ask<wire::DoneT>(std::move(remove));
  REQUIRE(pump_until({&a}, [&] { return a.lost().size() == 2; }));
  CHECK_FALSE(a.seat_ended());

  create_topic(setting.client, "orders", 1);
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 1; }));
  CHECK(a.token(kFirst) > old_token);
  CHECK(committed(setting.client, "group", kFirst) == -1);
  CHECK(a.commit(kFirst, 51, old_token)->name == "FENCED");
}

TEST_CASE("an expanded topic's new partitions find owners, the old ones stay") {
  RulesSetting setting;
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 1 && b.held().size() == 1; }));
  const Held before = a.held();
  wire::ExpandTopicT expand;
  expand.name = "orders";
  expand.partitions = 4;
  setting.client.ask<wire::TopicReplyT>(std::move(expand));
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 2 && b.held().size() == 2; }));
  for (const auto& [partition, fence] : before) CHECK(a.token(partition) == fence);
}

}  // namespace
}  // namespace muster::e2e
