// Strategy `leader` over the real daemon: the client library's planner, and leaders that go wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "muster/muster.hpp"

namespace muster::e2e::leader_test {
namespace {

struct Setting {
  explicit Setting(const std::vector<std::string>& more = {}) : daemon(arguments(more)) {
    create_topic(client, "orders", 4);
    wire::ConfigureGroupT configure;
    configure.group = "group";
    configure.strategy = "leader";
    client.ask<wire::DoneT>(std::move(configure));
  }
  static std::vector<std::string> arguments(const std::vector<std::string>& more) {
    std::vector<std::string> all{"--gathering-window-ms", "0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  GroupConsumerOptions options(const std::string& consumer_id) const {
    return {.group_id = "group", .consumer_id = consumer_id, .topics = {"orders"}};
  }
  /// The last plan of the journal that is of this strategy, once there is one.
  nlohmann::json last_plan(const std::string& strategy) const {
    nlohmann::json last;
    const bool found = wait_until([&] {
      for (const nlohmann::json& event : journal_log(daemon)) {
        if (event.at("type") == "PlanMade") last = event;
      }
      return !last.is_null() && last.at("strategy") == strategy;
    });
    REQUIRE(found);
    return last;
  }
  bool has_plan_instead_because(const std::string& reason) const {
    return wait_until([&] {
      return std::ranges::any_of(journal_log(daemon), [&](const nlohmann::json& event) {
        return event.at("type") == "PlanMade" && event.contains("instead_of_leader") &&
               event.at("instead_of_leader").get<std::string>().find(reason) != std::string::npos;
      });
    });
  }

  Daemon daemon;
  WireClient client{daemon.address()};
  Client library{{.servers = {daemon.address()}}};
};

/// Everything to the member with the greatest id.
Plan all_to_last(const PlanRequest& request) {
  Plan plan;
  auto& share = plan[request.members.back().member_id];
  for (const PlanRequest::Topic& topic : request.topics) {
    for (PartitionIndex i = 0; i < topic.partitions; ++i) share[topic.name].push_back(i);
  }
  return plan;
}

using Numbers = std::vector<PartitionIndex>;

bool holds(GroupConsumer& consumer, const Numbers& partitions,
           const std::string& topic = "orders") {
  return wait_until([&] {
    const auto assignment = consumer.assignment();
    const auto found = assignment.find(topic);
    return (found == assignment.end() ? Numbers{} : found->second) == partitions;
  });
}

TEST_CASE("leader: the plan that its client computes is carried out") {
  Setting setting;
  std::mutex mutex;
  std::vector<std::string> metadata;
  GroupConsumer leader(setting.library, setting.options("a"));
  leader.on_plan([&](const PlanRequest& request) {
    const std::lock_guard lock(mutex);
    metadata.clear();
    for (const auto& member : request.members) metadata.push_back(member.metadata);
    return all_to_last(request);
  });
  REQUIRE(leader.join_group());
  REQUIRE(holds(leader, {0, 1, 2, 3}));

  GroupConsumerOptions other = setting.options("b");
  other.metadata = "zone=1";
  GroupConsumer member(setting.library, other);
  REQUIRE(member.join_group());
  CHECK(holds(member, {0, 1, 2, 3}));
  CHECK(holds(leader, {}));
  {
    const std::lock_guard lock(mutex);
    CHECK(metadata == std::vector<std::string>{"", "zone=1"});
  }
  CHECK(setting.last_plan("leader").at("generation") == 2);
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("leader: a wrong plan is refused with the reason, and sticky plans, as the event says") {
  Setting setting;
  std::mutex mutex;
  std::string refused;
  GroupConsumer leader(setting.library, setting.options("a"));
  leader.on_plan([](const PlanRequest& request) {
    Plan plan = all_to_last(request);
    plan.begin()->second["orders"].pop_back();
    return plan;
  });
  leader.on_plan_refused([&](const Error& why) {
    const std::lock_guard lock(mutex);
    refused = why.name + ": " + why.message;
  });
  REQUIRE(leader.join_group());
  CHECK(holds(leader, {0, 1, 2, 3}));
  CHECK(wait_until([&] {
    const std::lock_guard lock(mutex);
    return refused.starts_with("INVALID_PLAN") &&
           refused.find("leaves out orders/3") != std::string::npos;
  }));
  setting.last_plan("sticky");
  CHECK(setting.has_plan_instead_because("leaves out orders/3"));
}

TEST_CASE("leader: a client that throws, or takes too long, leaves the round to the coordinator") {
  Setting setting({"--leader-plan-timeout-ms", "300"});
  std::mutex mutex;
  std::string refused;
  GroupConsumer leader(setting.library, setting.options("a"));
  leader.on_plan([](const PlanRequest&) -> Plan { throw std::runtime_error("no idea"); });
  leader.on_plan_refused([&](const Error& why) {
    const std::lock_guard lock(mutex);
    refused = why.message;
  });
  REQUIRE(leader.join_group());
  CHECK(holds(leader, {0, 1, 2, 3}));
  CHECK(setting.has_plan_instead_because("submitted no plan within 300 ms"));
  const std::lock_guard lock(mutex);
  CHECK(refused.find("no idea") != std::string::npos);
}

TEST_CASE("leader: when its process is killed in a round, the coordinator plans it") {
  Setting setting({"--leader-plan-timeout-ms", "300"});
  Member leader(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  wire::JoinT join = leader.join_request();
  join.computes_plans = true;
  leader.client().ask<wire::JoinReplyT>(std::move(join));
  Member member(setting.daemon.address(), {.member_id = "b", .topics = {"orders"}});
  member.join();
  leader.client().close();
  CHECK(pump_until({&member}, [&] { return member.held().size() == 2; }));
  CHECK(setting.has_plan_instead_because("leader 'a' submitted no plan within 300 ms"));
}

TEST_CASE("leader: a round outlives a daemon that is killed in it") {
  Setting setting({"--leader-plan-timeout-ms", "60000"});
  Member leader(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  wire::JoinT join = leader.join_request();
  join.computes_plans = true;
  leader.client().ask<wire::JoinReplyT>(std::move(join));
  const auto wanted = [](WireClient& client) {
    while (const auto push = client.push()) {
      if (const auto* plan = push->body.AsPlanWanted()) return plan->membership;
    }
    return std::uint64_t{0};
  };
  const std::uint64_t membership = wanted(leader.client());
  REQUIRE(membership != 0);
  setting.daemon.kill9();
  setting.daemon.start();
  WireClient back(setting.daemon.address());
  wire::JoinT resume = leader.join_request(/*resume=*/true);
  resume.computes_plans = true;
  back.ask<wire::JoinReplyT>(std::move(resume));
  CHECK(wanted(back) == membership);
  auto submit = leader.of_member<wire::SubmitPlanT>();
  submit.membership = membership;
  submit.members = {"a"};
  auto& topic = *submit.topics.emplace_back(std::make_unique<wire::PlannedOwnersT>());
  topic.topic = "orders";
  for (PartitionIndex i = 0; i < 4; ++i) topic.owners.emplace_back(i, 0);
  back.ask<wire::DoneT>(std::move(submit));
  setting.last_plan("leader");
}

TEST_CASE("client: a change of subscription moves what it must, and disturbs nothing else") {
  Setting setting;
  create_topic(setting.client, "audit", 2);
  std::mutex mutex;
  std::vector<std::string> told;
  GroupConsumer consumer(setting.library, setting.options("a"));
  const auto note = [&](const char* what) {
    return [&, what](const ::muster::Partition& partition) {
      const std::lock_guard lock(mutex);
      told.push_back(std::string(what) + " " + partition.topic);
    };
  };
  consumer.on_assigned(note("assigned"));
  consumer.on_revoked(note("revoked"));
  consumer.on_lost(note("lost"));
  REQUIRE(consumer.join_group());
  REQUIRE(holds(consumer, {0, 1, 2, 3}));
  REQUIRE(consumer.subscribe({"orders"}, {"aud.*"}));
  CHECK(holds(consumer, {0, 1}, "audit"));
  REQUIRE(consumer.subscribe({}, {"aud.*"}));
  CHECK(holds(consumer, {}));
  CHECK(holds(consumer, {0, 1}, "audit"));
  const auto refused = consumer.subscribe({"nowhere"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kUnknownResource);
  CHECK(holds(consumer, {0, 1}, "audit"));
  const std::lock_guard lock(mutex);
  CHECK(std::ranges::count(told, "assigned orders") == 4);
  CHECK(std::ranges::count(told, "assigned audit") == 2);
  CHECK(std::ranges::count(told, "revoked orders") == 4);
  CHECK(told.size() == 10);
}

TEST_CASE("client: topics that match its pattern are worked on as they come") {
  Setting setting;
  GroupConsumerOptions options = setting.options("a");
  options.topics = {};
  options.patterns = {"orders-.*"};
  GroupConsumer consumer(setting.library, options);
  REQUIRE(consumer.join_group());
  CHECK(consumer.assignment().empty());
  create_topic(setting.client, "orders-eu", 2);
  CHECK(holds(consumer, {0, 1}, "orders-eu"));
}

TEST_CASE(
    "a member that claims partitions which it does not hold is refused, and changes nothing") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 2);
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  Member b(daemon.address(), {.member_id = "b", .topics = {"orders"}});
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 1 && b.held().size() == 1; }));
  const Partition of_b = b.held().begin()->first;
  const std::uint64_t token = b.token(of_b);
  const std::string digest = muster_json(daemon, {"status"}).at("state_digest");

  for (const std::uint64_t made_up : {token + 1, token - 1, std::uint64_t{1} << 40}) {
    const auto refused = a.commit(of_b, 99, made_up);
    REQUIRE(refused.has_value());
    CHECK(refused->name == "FENCED");
    CHECK(refused->current_fence == token);
  }
  for (const std::uint64_t claimed : {token, token + 1}) {  // the right token, by the wrong member
    auto release = a.of_member<wire::ReleaseT>();
    auto& item = *release.items.emplace_back(std::make_unique<wire::ReleaseItemT>());
    item.topic = of_b.first;
    item.partition = of_b.second;
    item.fence = claimed;
    item.commits = true;
    item.offset = 99;
    const auto reply = a.client().ask<wire::ReleaseReplyT>(std::move(release));
    REQUIRE(reply.results.size() == 1);
    CHECK_FALSE(reply.results[0]->released);
    CHECK(reply.results[0]->commit != wire::CommitOutcome::applied);
  }
  CHECK(muster_json(daemon, {"status"}).at("state_digest") == digest);
  CHECK(committed(client, "group", of_b) == -1);
  b.pump();
  CHECK(b.held().size() == 1);
  CHECK_FALSE(b.commit(of_b, 5).has_value());
}

}  // namespace
}  // namespace muster::e2e::leader_test
