// Sessions over real time: who expires, when, and who does not.
#include <doctest/doctest.h>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

const Partition kFirstPartition{"orders", 0};

// A server with the topic "orders" of two partitions, and the member "watcher" that stays.
struct PatienceSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  Member watcher{daemon.address(), {.member_id = "watcher", .topics = {"orders"}}};

  PatienceSetting() {
    create_topic(client, "orders", 2);
    watcher.join();
    REQUIRE(pump_until({&watcher}, [&] { return watcher.held().size() == 2; }));
  }

  // The member joins and gets its half.
  void seat(Member& member) {
    member.join();
    REQUIRE(pump_until({&watcher, &member},
                       [&] { return watcher.held().size() == 1 && member.held().size() == 1; }));
  }
};

TEST_CASE("a connection that ends without a leave costs an unnamed member its grace, no less") {
  PatienceSetting setting;
  Member member(
      setting.daemon.address(),
      {.member_id = "random-7", .topics = {"orders"}, .named = false, .disconnect_grace_ms = 700});
  setting.seat(member);
  const SteadyClock::time_point gone = SteadyClock::now();
  member.client().close();
  REQUIRE(pump_until({&setting.watcher}, [&] { return setting.watcher.held().size() == 2; }));
  CHECK(since(gone) >= Milliseconds{650});
  CHECK(since(gone) <= Milliseconds{700 + 100} + kSchedulingAllowance);
}

TEST_CASE("a member that hangs loses its seat after its session timeout, and is fenced") {
  PatienceSetting setting;
  Member member(setting.daemon.address(),
                {.member_id = "hangs", .topics = {"orders"}, .session_timeout_ms = 1'000});
  setting.seat(member);
  const Partition held = member.held().begin()->first;
  const std::uint64_t token = member.token(held);
  member.fall_silent();
  REQUIRE_FALSE(member.commit(held, 3).has_value());
  const SteadyClock::time_point last_word = SteadyClock::now();
  REQUIRE(pump_until({&setting.watcher}, [&] { return setting.watcher.held().size() == 2; }));
  CHECK(since(last_word) >= Milliseconds{950});
  CHECK(since(last_word) <= Milliseconds{1'000 + 100} + kSchedulingAllowance);

  const auto refused = member.commit(held, 4, token);
  REQUIRE(refused.has_value());
  CHECK(refused->name == "FENCED");
  CHECK(committed(setting.client, "group", held) == 3);
  REQUIRE(pump_until({&setting.watcher, &member}, [&] { return member.seat_ended(); }));
  CHECK(member.lost().contains(held));
}

TEST_CASE("a named member that comes back within its session keeps what it had, nothing moves") {
  PatienceSetting setting;
  Member member(setting.daemon.address(), {.member_id = "pod-0", .topics = {"orders"}});
  setting.seat(member);
  const Held before = setting.watcher.held();
  const Partition held = member.held().begin()->first;
  const std::uint64_t token = member.token(held);
  member.client().close();

  MemberOptions options = member.options();
  options.incarnation = 2;
  Member again(setting.daemon.address(), options);
  std::optional<wire::JoinReplyT> joined;
  REQUIRE(wait_until([&] {  // until the server has seen the old connection end
    const wire::ServerMessageT reply = again.client().call(again.join_request());
    if (const auto* accepted = reply.body.AsJoinReply()) joined = *accepted;
    return joined.has_value();
  }));
  REQUIRE(joined->held.size() == 1);
  CHECK(joined->held[0]->partitions[0].partition() == held.second);
  CHECK(joined->held[0]->partitions[0].fence() > token);

  again.join();
  CHECK_FALSE(again.commit(held, 1).has_value());
  setting.watcher.pump();
  CHECK(setting.watcher.held() == before);
  CHECK(setting.watcher.asked_back().empty());
  // The token of the process before it is worth nothing now.
  const auto refused = again.commit(held, 9, token);
  REQUIRE(refused.has_value());
  CHECK(refused->name == "FENCED");
}

TEST_CASE("a twin under the same name is kept out while the first one is there") {
  PatienceSetting setting;
  MemberOptions options = setting.watcher.options();
  options.incarnation = 99;
  Member twin(setting.daemon.address(), options);
  CHECK(twin.client().refusal(twin.join_request()).name == "MEMBER_ID_IN_USE");
  setting.watcher.pump();
  CHECK(setting.watcher.held().size() == 2);
  CHECK_FALSE(setting.watcher.commit(kFirstPartition, 1).has_value());
}

TEST_CASE("a takeover replaces at once, and the replaced incarnation is fenced for good") {
  PatienceSetting setting;
  MemberOptions options = setting.watcher.options();
  options.incarnation = 99;
  Member twin(setting.daemon.address(), options);
  twin.join(/*resume=*/false, /*takeover=*/true);
  CHECK(twin.held().size() == 2);
  REQUIRE(pump_until({&setting.watcher}, [&] { return setting.watcher.seat_ended(); }));
  CHECK(setting.watcher.client().refusal(setting.watcher.join_request(/*resume=*/true)).name ==
        "FENCED");
  CHECK_FALSE(twin.commit(kFirstPartition, 1).has_value());
}

TEST_CASE("the daemon stopped for longer than every session: nobody expires") {
  PatienceSetting setting;
  Member member(setting.daemon.address(),
                {.member_id = "short", .topics = {"orders"}, .session_timeout_ms = 1'000});
  Member unnamed(setting.daemon.address(), {.member_id = "random",
                                            .topics = {"orders"},
                                            .named = false,
                                            .session_timeout_ms = 1'000,
                                            .disconnect_grace_ms = 500});
  setting.seat(member);
  unnamed.join();
  REQUIRE(pump_until({&setting.watcher, &member, &unnamed},
                     [&] { return member.held().size() == 1 && unnamed.held().size() == 1; }));
  setting.daemon.stop();
  // The members go on heartbeating all the while, as real ones do.
  CHECK_FALSE(pump_until({&member, &unnamed}, [] { return false; }, Milliseconds{3'000}));
  setting.daemon.resume();
  CHECK_FALSE(pump_until(
      {&setting.watcher, &member, &unnamed},
      [&] { return member.seat_ended() || unnamed.seat_ended(); }, Milliseconds{1'500}));
  const nlohmann::json group = muster_json(setting.daemon, {"group", "describe", "group"});
  CHECK(group.at("members").size() == 3);
}

TEST_CASE("a restarted daemon gives every member a whole session, and moves nothing") {
  PatienceSetting setting;
  Member member(setting.daemon.address(),
                {.member_id = "short", .topics = {"orders"}, .session_timeout_ms = 1'500});
  setting.seat(member);
  const Held held = member.held();
  setting.daemon.kill9();
  setting.daemon.start();
  const SteadyClock::time_point started = SteadyClock::now();
  member.reconnect();
  setting.watcher.reconnect();
  CHECK(member.held() == held);
  CHECK_FALSE(member.commit(held.begin()->first, 5).has_value());
  require_digest_equals_replay(setting.daemon);

  // Now it hangs: the seat lasts a whole session from here, and then ends.
  member.fall_silent();
  REQUIRE(pump_until({&setting.watcher}, [&] { return setting.watcher.held().size() == 2; }));
  CHECK(since(started) >= Milliseconds{1'450});
}

TEST_CASE("a member that never comes back after a restart expires a whole session later") {
  PatienceSetting setting;
  Member member(setting.daemon.address(),
                {.member_id = "gone", .topics = {"orders"}, .session_timeout_ms = 1'000});
  setting.seat(member);
  setting.daemon.kill9();
  setting.daemon.start();
  const SteadyClock::time_point started = SteadyClock::now();
  setting.watcher.reconnect();
  REQUIRE(pump_until({&setting.watcher}, [&] { return setting.watcher.held().size() == 2; }));
  CHECK(since(started) >= Milliseconds{900});
  CHECK(since(started) <= Milliseconds{1'000 + 100} + kSchedulingAllowance);
}

}  // namespace
}  // namespace muster::e2e
