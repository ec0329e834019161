// Plans beside everything else: what is asked while a plan is computed or applied is answered, and
// no plan is lost, doubled or put off for ever.
#include <algorithm>

#include "codec/event.h"
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

/// Every plan is the planner's, in slices of a few partitions.
Settings beside() {
  Settings settings = without_gathering();
  settings.plan_in_turn_max = 0;
  settings.limits.plan_slice_max = 20;
  return settings;
}

std::vector<domain::PlanMade> plans_made_in(const World& world) {
  std::vector<domain::PlanMade> plans;
  for (const std::string& record : world.journal.records()) {
    const auto event = codec::decode_event(record);
    if (const auto* plan = std::get_if<domain::PlanMade>(&event->body)) plans.push_back(*plan);
  }
  return plans;
}

std::size_t share_of(const World& world, const std::string& member_id) {
  return world.member(member_id)->held.size();
}

struct Beside {
  World world;
  WireClient client{world};

  explicit Beside(std::int32_t partitions = 100, const Settings& settings = beside())
      : world(settings) {
    client.ask<wire::TopicReplyT>(create_topic(partitions));
  }
  void join(const std::string& member_id, Incarnation incarnation) {
    client.ask<wire::JoinReplyT>(joining(member_id, incarnation));
  }
};

}  // namespace

TEST_CASE("while the planner never answers, heartbeats, joins, commits and reads are answered") {
  Beside group;
  group.world.planner.answers = false;
  group.join("a", 1);
  group.world.turn();
  REQUIRE(group.world.planner.waiting() == 1);
  for (int i = 0; i < 20; ++i) {
    group.client.ask<wire::HeartbeatReplyT>(heartbeat("a", 1));
    group.world.pass(1'000);
  }
  group.join("b", 2);
  wire::DescribeGroupT describe;
  describe.group = "g";
  const auto info = group.client.ask<wire::GroupReplyT>(describe);
  CHECK(info.group->members == 2);
  CHECK(info.group->state == wire::GroupState::balancing);
  CHECK(group.world.planner.waiting() == 1);  // one plan a group at a time
  CHECK(plans_made_in(group.world).empty());
}

TEST_CASE("a plan of many partitions is applied over many turns, with others' requests between") {
  Beside group;
  group.client.send(joining("a", 1));
  group.world.turn();  // begins it
  std::size_t turns = 0;
  std::size_t most = 0;
  while (domain::needs_plan(group.world.state(), group.world.group())) {
    const std::size_t before = share_of(group.world, "a");
    const std::uint64_t asked = group.client.send(heartbeat("a", 1));
    group.world.turn();
    CHECK(group.client.answered(asked));
    most = std::max(most, share_of(group.world, "a") - before);
    ++turns;
  }
  CHECK(share_of(group.world, "a") == 100);
  CHECK(most <= 20);
  CHECK(turns >= 5);
  for (const domain::PlanMade& slice : plans_made_in(group.world)) CHECK(slice.generation == 1);
}

TEST_CASE("no slice is decided before the one before it is durable") {
  Beside group;
  group.join("a", 1);
  group.world.turn();
  group.world.end_turn();
  const std::size_t first = share_of(group.world, "a");
  REQUIRE(first > 0);
  for (int i = 0; i < 5; ++i) group.world.end_turn();
  CHECK(share_of(group.world, "a") == first);
  group.world.sync();
  group.world.end_turn();
  CHECK(share_of(group.world, "a") > first);
}

TEST_CASE("a member hears of its whole share in one piece") {
  Beside group(24);
  group.client.send(joining("a", 1));
  group.client.send(joining("b", 2));
  group.world.settle();
  std::vector<std::size_t> told;
  for (const auto& push : group.client.pushes<wire::AssignedT>()) {
    told.push_back(listed(push.granted).size());
    CHECK(push.pending == 0);
  }
  CHECK(told == std::vector<std::size_t>{12, 12});
}

TEST_CASE("a restart between two slices goes on by itself, and moves nothing for it") {
  Beside group;
  group.join("a", 1);
  group.world.turn();
  group.world.turn();
  const std::size_t before = share_of(group.world, "a");
  REQUIRE(before > 0);
  REQUIRE(before < 100);
  group.world.restart();
  group.world.settle();
  CHECK(share_of(group.world, "a") == 100);
  CHECK(group.world.group().generation == 2);
  for (const domain::PlanMade& plan : plans_made_in(group.world)) CHECK(plan.revoking.empty());
}

TEST_CASE("a restart while a plan is computed forgets no plan") {
  Beside group;
  group.world.planner.answers = false;
  group.join("a", 1);
  group.world.turn();
  group.world.restart();
  group.world.planner.answers = true;
  group.world.settle();
  CHECK(share_of(group.world, "a") == 100);
}

TEST_CASE("churn faster than the planner puts no plan off") {
  Settings settings = beside();
  settings.limits.plan_slice_max = 4'096;
  Beside group(40, settings);
  group.join("a", 1);
  group.world.settle();
  for (Incarnation i = 2; i < 12; ++i) {
    group.world.planner.answers = false;
    group.join("early-" + std::to_string(i), i);
    REQUIRE(group.world.planner.waiting() == 1);
    group.join("late-" + std::to_string(i), 100 + i);  // the plan is for another group
    const Generation before = group.world.group().generation;
    group.world.planner.answers = true;
    group.world.turn();
    CHECK(group.world.group().generation == before + 1);
    CHECK(plans_made_in(group.world).back().outdated);
  }
  group.world.settle();
  CHECK(group.world.group().owned_count == 40);
  CHECK_FALSE(plans_made_in(group.world).back().outdated);
}

TEST_CASE("what is planned for a member that has left meanwhile is given to nobody, then planned") {
  Beside group(40);
  group.world.planner.answers = false;
  group.client.send(joining("a", 1));
  group.client.send(joining("b", 2));
  group.world.turn();
  group.client.ask<wire::DoneT>(leaving("b", 2));
  group.world.planner.answers = true;
  group.world.settle();
  CHECK(share_of(group.world, "a") == 40);
  const auto plans = plans_made_in(group.world);
  const auto outdated = std::ranges::find_if(plans, &domain::PlanMade::outdated);
  REQUIRE(outdated != plans.end());
  CHECK(outdated->generation == 1);
  CHECK(outdated->membership < group.world.group().changed);
  CHECK(plans.back().generation == 2);
  for (const domain::PlanMade& plan : plans) CHECK(plan.revoking.empty());
}

TEST_CASE("another strategy ends a plan that is computed or applied, and so does a freeze") {
  Beside group;
  group.join("a", 1);
  group.world.turn();
  group.world.turn();
  REQUIRE(group.world.group().plan_unfinished);
  SUBCASE("strategy") {
    wire::ConfigureGroupT configure;
    configure.group = "g";
    configure.strategy = "sticky";
    group.client.ask<wire::DoneT>(configure);
    group.world.settle();
    CHECK(plans_made_in(group.world).back().strategy == "sticky");
    CHECK(plans_made_in(group.world).back().generation == 2);
    CHECK(share_of(group.world, "a") == 100);
  }
  SUBCASE("freeze") {
    wire::FreezeGroupT freeze;
    freeze.group = "g";
    freeze.frozen = true;
    group.client.ask<wire::DoneT>(freeze);
    const std::size_t before = share_of(group.world, "a");
    for (int i = 0; i < 10; ++i) group.world.turn();
    CHECK(share_of(group.world, "a") == before);
    freeze.frozen = false;
    group.client.ask<wire::DoneT>(freeze);
    group.world.settle();
    CHECK(share_of(group.world, "a") == 100);
  }
}

TEST_CASE("many groups that are due at once are planned over several turns") {
  Settings settings = without_gathering();
  settings.limits.plan_slice_max = 200;
  World world(settings);
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(10));
  for (Incarnation i = 1; i <= 50; ++i) {
    wire::JoinT join = joining("a", i);
    join.group = "g" + std::to_string(i);
    client.ask<wire::JoinReplyT>(join);
  }
  world.settle();
  client.ask<wire::TopicReplyT>([] {
    wire::ExpandTopicT expand;
    expand.name = "t";
    expand.partitions = 20;
    return expand;
  }());
  const auto planned = [&] {
    return std::ranges::count_if(world.state().groups,
                                 [](const auto& entry) { return entry.second.owned_count == 20; });
  };
  world.turn();
  CHECK(planned() > 0);
  CHECK(planned() < 50);
  CHECK(world.pipeline->wake_in_ms() == 1);
  world.settle();
  CHECK(planned() == 50);
}

}  // namespace muster::coordinator
