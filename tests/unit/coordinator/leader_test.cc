// Strategy `leader`: who is asked for a plan and when, and when the coordinator plans itself.
#include <algorithm>

#include "codec/event.h"
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator::leader_test {
namespace {

wire::JoinT planner(std::string member_id, Incarnation incarnation) {
  wire::JoinT join = joining(std::move(member_id), incarnation);
  join.computes_plans = true;
  return join;
}

wire::ConfigureGroupT strategy(const std::string& name) {
  wire::ConfigureGroupT configure;
  configure.group = "g";
  configure.strategy = name;
  return configure;
}

wire::FreezeGroupT freezing(bool frozen) {
  wire::FreezeGroupT freeze;
  freeze.group = "g";
  freeze.frozen = frozen;
  return freeze;
}

/// An answer to the request: topic "t", owners in order.
wire::SubmitPlanT answering(const wire::PlanWantedT& wanted,
                            const std::vector<std::string>& owners) {
  wire::SubmitPlanT plan;
  plan.group = wanted.group;
  plan.member_id = wanted.member_id;
  plan.incarnation = wanted.incarnation;
  plan.membership = wanted.membership;
  auto topic = std::make_unique<wire::PlannedOwnersT>();
  topic->topic = "t";
  for (std::size_t i = 0; i < owners.size(); ++i) {
    topic->owners.emplace_back(static_cast<PartitionIndex>(i), static_cast<std::uint32_t>(i));
    plan.members.push_back(owners[i]);
  }
  plan.topics.push_back(std::move(topic));
  return plan;
}

std::vector<domain::PlanMade> plans_in(const World& world) {
  std::vector<domain::PlanMade> plans;
  for (const std::string& record : world.journal.records()) {
    const auto event = codec::decode_event(record);
    if (const auto* plan = std::get_if<domain::PlanMade>(&event->body)) plans.push_back(*plan);
  }
  return plans;
}

/// Leader "a" and member "b", each on a connection of its own, and a plan is wanted of "a".
struct Round {
  explicit Round(const Settings& settings = without_gathering(), std::int32_t partitions = 2)
      : world(settings) {
    b.ask<wire::TopicReplyT>(create_topic(partitions));
    b.ask<wire::DoneT>(strategy("leader"));
    a.ask<wire::JoinReplyT>(planner("a", 1));
    b.ask<wire::JoinReplyT>(joining("b", 2));
    world.turn();
  }
  wire::PlanWantedT wanted() {
    auto pushes = a.pushes<wire::PlanWantedT>();
    REQUIRE(!pushes.empty());
    return std::move(pushes.back());
  }
  const domain::PlanMade& last_plan() {
    plans = plans_in(world);
    REQUIRE(!plans.empty());
    return plans.back();
  }
  World world;
  WireClient a{world, "a"};
  WireClient b{world, "b"};
  std::vector<domain::PlanMade> plans;
};

TEST_CASE("leader: it is told topics, owners, members, subscriptions and metadata") {
  Round round;
  wire::JoinT other = joining("c", 3, {"u"});
  other.metadata = {'z', '\0', '1'};
  round.b.ask<wire::TopicReplyT>(create_topic(1, "u"));
  round.b.ask<wire::JoinReplyT>(std::move(other));
  const wire::PlanWantedT wanted = round.wanted();
  CHECK_FALSE(wanted.more);
  CHECK(wanted.timeout_ms == 5'000);
  CHECK(wanted.membership == round.world.group().request->sequence);
  REQUIRE(wanted.topics.size() == 2);
  CHECK(wanted.topics[0]->topic == "t");
  CHECK(wanted.topics[0]->current == std::vector<std::int32_t>{-1, -1});
  CHECK(wanted.topics[1]->topic == "u");
  REQUIRE(wanted.members.size() == 3);
  CHECK(wanted.members[2]->member_id == "c");
  CHECK(wanted.members[2]->metadata == std::vector<std::uint8_t>{'z', '\0', '1'});
  CHECK(wanted.members[0]->subscription == wanted.members[1]->subscription);
  REQUIRE(wanted.subscriptions.size() == 2);
  CHECK(wanted.subscriptions[wanted.members[0]->subscription]->topics ==
        std::vector<std::uint32_t>{0});
  CHECK(wanted.subscriptions[wanted.members[2]->subscription]->topics ==
        std::vector<std::uint32_t>{1});
}

TEST_CASE("leader: its plan is carried out") {
  Round round;
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"b", "b"}));
  CHECK(round.world.owner(0) == "b");
  CHECK(round.world.owner(1) == "b");
  CHECK(round.last_plan().strategy == "leader");
  CHECK(listed(round.b.pushes<wire::AssignedT>().back().granted).size() == 2);
  round.world.pass(10'000);
  CHECK(plans_in(round.world).size() == 1);  // no deadline is left
}

TEST_CASE("leader: who drains is not among the members, and nobody's partitions are its") {
  Round round;
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"a", "b"}));
  wire::DrainMemberT drain;
  drain.group = "g";
  drain.member_id = "a";
  drain.draining = true;
  round.b.ask<wire::DoneT>(std::move(drain));
  const wire::PlanWantedT wanted = round.wanted();
  REQUIRE(wanted.members.size() == 1);
  CHECK(wanted.members[0]->member_id == "b");
  CHECK(wanted.topics[0]->current == std::vector<std::int32_t>{-1, 0});
  round.a.ask<wire::DoneT>(answering(wanted, {"b", "b"}));
  CHECK(listed(round.a.pushes<wire::RevokeT>().back().partitions) ==
        std::vector<std::string>{"t/0"});
}

TEST_CASE("leader: it is told of the pins that hold, and of no others") {
  Round round(without_gathering(), 4);
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"a", "b", "a", "b"}));
  const auto pin = [&](PartitionIndex partition, const std::string& member_id) {
    wire::PinPartitionT request;
    request.group = "g";
    request.topic = "t";
    request.partition = partition;
    request.member_id = member_id;
    round.b.ask<wire::DoneT>(std::move(request));
  };
  pin(3, "absent");
  pin(0, "b");
  pin(1, "a");
  wire::DrainMemberT drain;
  drain.group = "g";
  drain.member_id = "a";
  drain.draining = true;
  round.b.ask<wire::DoneT>(std::move(drain));
  const wire::PlanWantedT wanted = round.wanted();
  REQUIRE(wanted.members.size() == 1);  // "a" drains
  REQUIRE(wanted.pins.size() == 2);
  CHECK(wanted.pins[0]->partition == 0);
  CHECK(wanted.pins[0]->member == 0);
  CHECK(wanted.pins[0]->topic == 0);
  CHECK(wanted.pins[1]->partition == 3);
  CHECK(wanted.pins[1]->member == -1);
}

TEST_CASE("leader: a wrong plan is refused, and the coordinator plans in the same turn") {
  Round round;
  const Rejection refused = round.a.refused(answering(round.wanted(), {"b", "x"}));
  CHECK(refused.code == ErrorCode::kInvalidPlan);
  CHECK(round.last_plan().strategy == "sticky");
  CHECK(round.last_plan().instead_of_leader ==
        "leader 'a' submitted a wrong plan. The plan for group 'g' names member 'x', a stranger. "
        "The coordinator plans this round itself.");
  CHECK(round.world.group().owned_count == 2);
  CHECK_FALSE(round.world.group().request.has_value());
}

TEST_CASE("leader: a right plan behind a wrong one of the same turn is taken") {
  Round round;
  const wire::PlanWantedT wanted = round.wanted();
  round.a.send(answering(wanted, {"b", "x"}));
  round.a.send(answering(wanted, {"b", "a"}));
  round.b.send(joining("c", 3));
  round.world.turn();
  round.world.turn();
  CHECK(round.last_plan().strategy == "leader");
  CHECK(round.wanted().members.size() == 3);  // what came after it is a round of its own
}

TEST_CASE("leader: when it is late the coordinator plans, and its plan is stale then") {
  Round round;
  const wire::PlanWantedT wanted = round.wanted();
  round.world.pass(4'800);
  CHECK(plans_in(round.world).empty());
  round.world.pass(300);
  CHECK(round.last_plan().strategy == "sticky");
  CHECK(round.last_plan().instead_of_leader == "leader 'a' submitted no plan within 5000 ms");
  CHECK(round.a.refused(answering(wanted, {"b", "b"})).code == ErrorCode::kStalePlan);
  CHECK(plans_in(round.world).size() == 1);
}

TEST_CASE("leader: the loop is woken when its time is up") {
  Round round;
  round.world.pass(4'900);
  CHECK(round.world.pipeline->wake_in_ms() <= 100);
}

TEST_CASE("leader: changes within a round ask anew and don't give it more time") {
  Round round;
  std::uint64_t membership = round.wanted().membership;
  for (Incarnation i = 10; plans_in(round.world).empty(); ++i) {
    REQUIRE(i < 20);
    round.b.ask<wire::JoinReplyT>(joining("m" + std::to_string(i), i));
    const auto asked = round.a.pushes<wire::PlanWantedT>();
    REQUIRE((!asked.empty() || !plans_in(round.world).empty()));
    if (!asked.empty()) {
      CHECK(asked.back().membership > membership);
      membership = asked.back().membership;
    }
    round.world.pass(900);
  }
  CHECK(round.last_plan().strategy == "sticky");
  CHECK(round.world.group().members.size() <= 8);
}

TEST_CASE("leader: when it leaves, the coordinator plans at once") {
  Round round;
  round.a.ask<wire::DoneT>(leaving("a", 1));
  CHECK(round.last_plan().instead_of_leader == "leader 'a' left, expired or was removed");
  CHECK(round.world.group().owned_count == 2);
}

TEST_CASE("leader: when its process dies, the round does not wait for its session") {
  Round round;
  round.a.disconnect();
  round.world.pass(5'100);
  CHECK(round.last_plan().strategy == "sticky");
  CHECK(round.world.member("a") != nullptr);
}

/// The leader resumes over a connection of its own: it is asked for the same plan, and makes it.
void come_back_and_plan(Round& round, std::uint64_t membership) {
  WireClient back(round.world, "a");
  wire::JoinT resume = resuming("a", 1);
  resume.computes_plans = true;
  back.ask<wire::JoinReplyT>(std::move(resume));
  const auto again = back.pushes<wire::PlanWantedT>();
  REQUIRE(again.size() == 1);
  CHECK(again[0].membership == membership);
  back.ask<wire::DoneT>(answering(again[0], {"a", "b"}));
  CHECK(round.last_plan().strategy == "leader");
}

TEST_CASE("leader: one that comes back over another connection is asked again") {
  Round round;
  const std::uint64_t membership = round.wanted().membership;
  round.a.disconnect();
  come_back_and_plan(round, membership);
}

TEST_CASE("leader: a round goes on over a restart, for whole time anew") {
  Round round;
  const std::uint64_t membership = round.wanted().membership;
  round.world.pass(4'000);
  round.world.restart(60'000);
  round.world.pass(4'000);
  CHECK(plans_in(round.world).empty());
  come_back_and_plan(round, membership);
}

TEST_CASE("leader: a round whose leader does not come back after a restart ends in time") {
  Round round;
  round.world.restart();
  round.world.pass(5'100);
  CHECK(round.last_plan().instead_of_leader == "leader 'a' submitted no plan within 5000 ms");
}

TEST_CASE("leader: a round ends with a plan, though the topic that it began for is deleted") {
  Round round;
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"a", "b"}));
  wire::JoinT other = joining("b", 2);
  other.patterns = {"u"};
  round.b.ask<wire::JoinReplyT>(std::move(other));
  round.world.turn();
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"a", "b"}));
  REQUIRE_FALSE(round.world.group().request.has_value());
  round.b.ask<wire::TopicReplyT>(create_topic(1, "u"));
  round.world.turn();
  REQUIRE(round.world.group().request.has_value());
  wire::DeleteTopicT remove;
  remove.name = "u";
  round.b.ask<wire::DoneT>(std::move(remove));
  CHECK(domain::phase_of(round.world.state(), round.world.group()) ==
        domain::GroupPhase::kBalancing);
  round.world.pass(6'000);
  CHECK_FALSE(round.world.group().request.has_value());
  CHECK(domain::phase_of(round.world.state(), round.world.group()) == domain::GroupPhase::kStable);
}

TEST_CASE("leader: freezing ends the round and its deadline, unfreezing begins another") {
  Round round;
  round.b.ask<wire::DoneT>(freezing(true));
  round.world.pass(10'000);
  CHECK(plans_in(round.world).empty());
  round.a.pushes<wire::PlanWantedT>();
  round.b.ask<wire::DoneT>(freezing(false));
  round.a.ask<wire::DoneT>(answering(round.wanted(), {"a", "b"}));
  CHECK(round.last_plan().strategy == "leader");
}

TEST_CASE("leader: with another strategy the coordinator plans at once") {
  Round round;
  round.b.ask<wire::DoneT>(strategy("range"));
  CHECK(round.last_plan().strategy == "range");
  CHECK(round.last_plan().instead_of_leader.empty());
  round.world.pass(10'000);
  CHECK(plans_in(round.world).size() == 1);
}

TEST_CASE("leader: a late one is overruled once there is room again") {
  Round round;
  round.world.pass(4'900);
  SUBCASE("the disk was full all the time") {
    round.world.journal.set_storage_full(true);
    round.world.pass(1'000);
    CHECK(plans_in(round.world).empty());
    round.world.journal.set_storage_full(false);
  }
  SUBCASE("the disk became full within the turn") {
    round.world.journal.set_room_bytes(0);
    round.world.pass(1'000);
    CHECK(plans_in(round.world).empty());
    round.world.journal.set_room_bytes(std::nullopt);
  }
  round.world.pass(200);
  CHECK(round.last_plan().instead_of_leader == "leader 'a' submitted no plan within 5000 ms");
}

TEST_CASE("leader: a request of any size comes in pages that fit the frame") {
  Settings settings = without_gathering();
  settings.max_frame_bytes = 4'096;
  Round round(settings, 3'000);
  const std::uint64_t membership = round.world.group().request->sequence;
  auto pages = round.a.pushes<wire::PlanWantedT>();
  std::erase_if(pages, [&](const auto& page) { return page.membership != membership; });
  REQUIRE(pages.size() > 3);
  CHECK(round.a.largest_frame() <= 4'096);
  std::size_t owners = 0;
  std::size_t members = 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    CHECK(pages[i].more == (i + 1 < pages.size()));
    members += pages[i].members.size();
    for (const auto& topic : pages[i].topics) {
      CHECK(topic->topic == "t");
      CHECK(topic->partitions == 3'000);
      CHECK(topic->continued == (owners > 0));
      owners += topic->current.size();
    }
  }
  CHECK(owners == 3'000);
  CHECK(members == 2);
}

TEST_CASE("leader: a group too large to be told is planned by the coordinator") {
  Settings settings = without_gathering();
  settings.max_frame_bytes = 4'096;
  settings.max_unsent_bytes = 8'192;
  Round round(settings, 3'000);
  round.world.pass(100);
  CHECK(round.a.pushes<wire::PlanWantedT>().empty());
  CHECK_FALSE(round.a.closed());
  CHECK(round.last_plan().strategy == "sticky");
  CHECK(round.last_plan().instead_of_leader.starts_with(
      "the group is too large to be told to leader 'a'"));
}

TEST_CASE("patterns: topics that come and go are planned without a change of members") {
  World world(without_gathering());
  WireClient client(world);
  wire::JoinT join = joining("a", 1, {});
  join.patterns = {"t.*"};
  client.ask<wire::JoinReplyT>(std::move(join));
  client.ask<wire::TopicReplyT>(create_topic(2, "topic"));
  CHECK(world.owner(0, "topic") == "a");
  wire::DeleteTopicT removal;
  removal.name = "topic";
  client.ask<wire::DoneT>(std::move(removal));
  CHECK(world.group().planned.empty());
  CHECK(domain::phase_of(world.state(), world.group()) == domain::GroupPhase::kStable);
}

TEST_CASE("frozen: a topic that grew meanwhile is planned once the group is not any more") {
  World world(without_gathering());
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  client.ask<wire::DoneT>(freezing(true));
  wire::ExpandTopicT expand;
  expand.name = "t";
  expand.partitions = 2;
  client.ask<wire::TopicReplyT>(std::move(expand));
  world.pass(1'000);
  CHECK(world.owner(1).empty());
  client.ask<wire::DoneT>(freezing(false));
  CHECK(world.owner(1) == "a");
}

}  // namespace
}  // namespace muster::coordinator::leader_test
