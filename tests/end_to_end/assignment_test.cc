// The main job: who gets what as members come and go, and how fast.
#include <doctest/doctest.h>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/ownership.h"

namespace muster::e2e {
namespace {

using Numbers = std::vector<int>;

MemberOptions consumer(const std::string& member_id, const std::string& topic) {
  return {.member_id = member_id, .topics = {topic}};
}

TEST_CASE("three consumers share four partitions as the round robin table says") {
  const Daemon daemon;
  WireClient client(daemon.address());
  create_topic(client, "orders", 4);
  Member first(daemon.address(), consumer("consumer-1", "orders"));
  Member second(daemon.address(), consumer("consumer-2", "orders"));
  Member third(daemon.address(), consumer("consumer-3", "orders"));
  first.join();
  second.join();
  third.join();
  CHECK(pump_until({&first, &second, &third}, [&] {
    return first.partitions("orders") == Numbers{0, 3} &&
           second.partitions("orders") == Numbers{1} && third.partitions("orders") == Numbers{2};
  }));

  const nlohmann::json group = muster_json(daemon, {"group", "describe", "group"});
  CHECK(group.at("state") == "stable");
  CHECK(group.at("strategy") == "round_robin");
  CHECK(group.at("leader") == "consumer-1");
  CHECK(group.at("unowned") == 0);
  for (const nlohmann::json& member : group.at("members")) {
    const Numbers expected = member.at("member_id") == "consumer-1"   ? Numbers{0, 3}
                             : member.at("member_id") == "consumer-2" ? Numbers{1}
                                                                      : Numbers{2};
    CHECK(member.at("owned").at("orders") == expected);
  }
  require_digest_equals_replay(daemon);
}

TEST_CASE("six partitions through joins and leaves: 6, 3/3, 2/2/2, 3/3, 6, never two owners") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 6);
  Member a(daemon.address(), consumer("a", "orders"));
  Member b(daemon.address(), consumer("b", "orders"));
  Member c(daemon.address(), consumer("c", "orders"));
  const std::vector<Member*> all = {&a, &b, &c};
  const auto shares = [&](std::size_t of_a, std::size_t of_b, std::size_t of_c) {
    return pump_until(all, [&, of_a, of_b, of_c] {
      return a.held().size() == of_a && b.held().size() == of_b && c.held().size() == of_c;
    });
  };

  a.join();
  REQUIRE(shares(6, 0, 0));
  b.join();
  REQUIRE(shares(3, 3, 0));
  c.join();
  REQUIRE(shares(2, 2, 2));
  c.leave();
  REQUIRE(shares(3, 3, 0));
  b.leave();
  REQUIRE(shares(6, 0, 0));

  const OwnershipHistory history(journal_log(daemon));
  const auto counts = history.counts_of("group");
  using Share = std::map<std::string, int>;
  std::size_t at = 0;  // the five shares appear in this order, with partial hand-overs between
  for (const Share& share :
       {Share{{"a", 6}}, Share{{"a", 3}, {"b", 3}}, Share{{"a", 2}, {"b", 2}, {"c", 2}},
        Share{{"a", 3}, {"b", 3}}, Share{{"a", 6}}}) {
    while (at < counts.size() && counts[at] != share) ++at;
    CHECK_MESSAGE(at < counts.size(), "a share is missing in the journal");
  }
  require_digest_equals_replay(daemon);
}

TEST_CASE("a hand-over is pushed: a join settles within tens of milliseconds, not heartbeats") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 6);
  Member a(daemon.address(), consumer("a", "orders"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 6; }));

  std::vector<Milliseconds> settled;
  for (int round = 0; round < 5; ++round) {
    Member b(daemon.address(), consumer("b", "orders"));
    const SteadyClock::time_point start = SteadyClock::now();
    b.join();
    REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 3 && b.held().size() == 3; }));
    settled.push_back(since(start));
    b.leave();
    REQUIRE(pump_until({&a}, [&] { return a.held().size() == 6; }));
  }
  // The best of five: what the path takes when the machine does not look elsewhere.
  const Milliseconds best = *std::ranges::min_element(settled);
  MESSAGE("a join settles in ", best.count(), " ms");
  CHECK(best < Milliseconds{100});
}

TEST_CASE("joins within the gathering window make one plan") {
  const Daemon daemon({"--gathering-window-ms", "300"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 4);
  Member a(daemon.address(), consumer("a", "orders"));
  Member b(daemon.address(), consumer("b", "orders"));
  Member c(daemon.address(), consumer("c", "orders"));
  CHECK(a.join().gathering);
  b.join();
  c.join();
  REQUIRE(pump_until({&a, &b, &c},
                     [&] { return a.held().size() + b.held().size() + c.held().size() == 4; }));
  CHECK(a.generation() == 1);
  CHECK(a.held().size() == 2);
  CHECK(a.asked_back().empty());
}

TEST_CASE("a partition that is not released in time is fenced, and its member stays") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 2);
  MemberOptions stubborn = consumer("a", "orders");
  stubborn.session_timeout_ms = 1'000;
  stubborn.rebalance_timeout_ms = 1'000;
  Member a(daemon.address(), stubborn);
  Member b(daemon.address(), consumer("b", "orders"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  a.hold_on();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.asked_back().size() == 1; }));
  const SteadyClock::time_point asked = SteadyClock::now();
  const Partition wanted = a.asked_back().begin()->first;
  const std::uint64_t old_token = a.token(wanted);

  REQUIRE(pump_until({&a, &b}, [&] { return b.held().contains(wanted); }));
  CHECK(since(asked) >= Milliseconds{950});
  CHECK(since(asked) <= Milliseconds{1'000} + kSchedulingAllowance);
  REQUIRE(pump_until({&a, &b}, [&] { return a.lost().contains(wanted); }));
  CHECK_FALSE(a.seat_ended());
  CHECK(a.held().size() == 1);
  const auto refused = a.commit(wanted, 10, old_token);
  REQUIRE(refused.has_value());
  CHECK(refused->name == "FENCED");
  CHECK(refused->current_fence == b.token(wanted));
  CHECK(b.token(wanted) > old_token);
}

TEST_CASE("work in flight is committed with the release, and the next owner starts there") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  Member a(daemon.address(), consumer("a", "orders"));
  a.join();
  const Partition only{"orders", 0};
  REQUIRE(pump_until({&a}, [&] { return a.held().contains(only); }));

  auto item = std::make_unique<wire::ReleaseItemT>();
  item->topic = only.first;
  item->partition = only.second;
  item->fence = a.token(only);
  item->commits = true;
  item->offset = 42;
  item->metadata = "last words";
  auto request = a.of_member<wire::ReleaseT>();
  request.items.push_back(std::move(item));
  const auto reply = a.client().ask<wire::ReleaseReplyT>(std::move(request));
  REQUIRE(reply.results.size() == 1);
  CHECK(reply.results[0]->released);
  CHECK(reply.results[0]->commit == wire::CommitOutcome::applied);
  CHECK(committed(client, "group", only) == 42);

  const nlohmann::json offset = muster_json(daemon, {"offset", "fetch", "group", "orders/0"});
  CHECK(offset.at("offset") == 42);
  CHECK(offset.at("metadata") == "last words");
}

}  // namespace
}  // namespace muster::e2e
