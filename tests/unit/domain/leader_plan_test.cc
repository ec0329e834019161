// Strategy `leader`: rounds, the plans that are refused, and what is planned instead.
#include <algorithm>

#include "tests/unit/domain/world.h"

namespace muster::domain::leader_plan_test {
namespace {

using Names = std::vector<std::string_view>;
using Partitions = std::vector<PartitionIndex>;

JoinGroup planner(const std::string& member_id, Incarnation incarnation,
                  std::vector<std::string> topics = {"t"}) {
  JoinGroup join = joining(member_id, incarnation, std::move(topics));
  join.computes_plans = true;
  return join;
}

/// The plan with which `member_id` answers the group's request: owners of topic "t", in order.
SubmitPlan answering(const World& world, const std::string& member_id,
                     const std::vector<std::string>& owners) {
  SubmitPlan plan{.group = "g",
                  .member_id = member_id,
                  .incarnation = world.member(member_id)->incarnation,
                  .membership = world.group().request ? world.group().request->sequence : 0,
                  .members = {},
                  .topics = {{.topic = "t", .owners = {}}},
                  .presence = {.bound_here = true}};
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto known = std::ranges::find(plan.members, owners[i]);
    const auto number = static_cast<std::uint32_t>(known - plan.members.begin());
    if (known == plan.members.end()) plan.members.push_back(owners[i]);
    plan.topics[0].owners.push_back(
        {.partition = static_cast<PartitionIndex>(i), .member = number});
  }
  return plan;
}

/// Leader "a" and member "b" on topic "t" of four partitions, and a plan is wanted.
struct Round {
  explicit Round(bool computes = true) {
    world.apply(CreateTopic{.name = "t", .partition_count = 4});
    world.apply(CreateTopic{.name = "u", .partition_count = 1});
    world.apply(ConfigureGroup{.group = "g", .strategy = "leader"});
    world.apply(computes ? planner("a", 1) : joining("a", 1));
    world.join("b", 2);
    first = world.plan();
  }
  SubmitPlan answer(const std::vector<std::string>& owners) const {
    return answering(world, "a", owners);
  }
  /// Refused as wrong, with this in the reason.
  void wrong(const SubmitPlan& plan, std::string_view reason) {
    const Rejection refused = world.refuse(plan, ErrorCode::kInvalidPlan);
    INFO(refused.message);
    CHECK(refused.message.find(reason) != std::string::npos);
    CHECK(world.group().request.has_value());  // the round is the coordinator's to end
  }

  World world;
  Decision first;
};

const PlanMade& plan_in(const Decision& decision) {
  return std::get<PlanMade>(decision.events.at(0));
}

TEST_CASE("leader: a plan is requested of the leader, made of its answer, and granted") {
  Round round;
  CHECK(names(round.first) == Names{"PlanRequested"});
  const auto& requested = std::get<PlanRequested>(round.first.events[0]);
  CHECK(requested.member_id == "a");
  CHECK(round.world.phase() == GroupPhase::kBalancing);
  CHECK(round.world.plan().events.empty());  // it is waited for

  const Decision made = round.world.apply(round.answer({"b", "b", "b", "a"}));
  CHECK(names(made) == Names{"PlanMade", "PartitionsGranted"});
  CHECK(plan_in(made).strategy == "leader");
  CHECK(plan_in(made).instead_of_leader.empty());
  CHECK(round.world.share("b") == Partitions{0, 1, 2});
  CHECK(round.world.share("a") == Partitions{3});
  CHECK(round.world.phase() == GroupPhase::kStable);
  CHECK_FALSE(round.world.group().request.has_value());
  CHECK(round.world.replay().digest == round.world.state().digest);
}

TEST_CASE("leader: what the next plan moves is asked back first, the rest is not disturbed") {
  Round round;
  round.world.apply(round.answer({"b", "b", "b", "a"}));
  round.world.join("c", 3);
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  const Decision made = round.world.apply(round.answer({"b", "c", "b", "a"}));
  REQUIRE(plan_in(made).revoking.size() == 1);
  CHECK(plan_in(made).revoking[0].member_id == "b");
  CHECK(plan_in(made).revoking[0].topics[0].partitions == Partitions{1});
  CHECK(round.world.owner(1) == "b");  // until it releases it
}

TEST_CASE("leader: a plan that leaves partitions out is refused") {
  Round round;
  round.wrong(round.answer({"a", "b", "a"}), "leaves out t/3");
  SubmitPlan nothing = round.answer({});
  nothing.topics.clear();
  round.wrong(nothing, "leaves out t/0");
}

TEST_CASE("leader: a plan that doubles partitions is refused") {
  Round round;
  SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  plan.topics[0].owners.push_back({.partition = 2, .member = 1});
  round.wrong(plan, "names t/2 twice");
  SubmitPlan again = round.answer({"a", "b", "a", "b"});
  again.topics.push_back(again.topics[0]);
  round.wrong(again, "names t/0 twice");
}

TEST_CASE("leader: a plan that names strangers is refused") {
  Round round;
  round.wrong(round.answer({"a", "b", "a", "x"}), "names member 'x', a stranger");
  SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  plan.topics[0].owners[1].member = 7;
  round.wrong(plan, "gives t/1 to member number 7 of a list of 2");
}

TEST_CASE("leader: a plan of what does not exist is refused") {
  Round round;
  SubmitPlan plan = round.answer({"a", "b", "a", "b", "a"});
  round.wrong(plan, "names partition 4 of topic 't', which has partitions 0 to 3");
  plan = round.answer({"a", "b", "a", "b"});
  plan.topics[0].owners[0].partition = -1;
  round.wrong(plan, "names partition -1");
  plan = round.answer({"a", "b", "a", "b"});
  plan.topics.push_back({.topic = "nowhere", .owners = {}});
  round.wrong(plan, "names topic 'nowhere'");
  plan.topics[1].topic = "u";  // it exists, and nobody wants it
  round.wrong(plan, "names topic 'u', which nobody in it subscribes to");
}

TEST_CASE("leader: a plan for members that do not subscribe or that drain is refused") {
  Round round;
  round.world.apply(joining("c", 3, {"u"}));
  round.world.plan();
  SubmitPlan plan = round.answer({"a", "b", "a", "c"});
  plan.topics.push_back({.topic = "u", .owners = {{.partition = 0, .member = 2}}});
  round.wrong(plan, "gives t/3 to 'c', which does not subscribe to it or drains");

  round.world.apply(DrainMember{.group = "g", .member_id = "b", .draining = true});
  round.world.plan();
  plan = round.answer({"a", "a", "a", "b"});
  round.wrong(plan, "gives t/3 to 'b', which does not subscribe to it or drains");
}

TEST_CASE("leader: one that drains plans for the others, and a group that all drains has no plan") {
  Round round;
  round.world.apply(DrainMember{.group = "g", .member_id = "a", .draining = true});
  round.world.plan();
  round.world.apply(round.answer({"b", "b", "b", "b"}));
  CHECK(round.world.share("b").size() == 4);

  round.world.apply(DrainMember{.group = "g", .member_id = "b", .draining = true});
  round.world.plan();
  SubmitPlan nothing = round.answer({});
  const Decision made = round.world.apply(nothing);
  CHECK(plan_in(made).unassigned[0].partitions == Partitions{0, 1, 2, 3});
}

TEST_CASE("leader: pins override the plan, whatever it says") {
  Round round;
  round.world.apply(PinPartition{.group = "g", .topic = "t", .partition = 1, .member_id = "b"});
  round.world.apply(
      PinPartition{.group = "g", .topic = "t", .partition = 2, .member_id = "absent"});
  round.world.plan();
  SubmitPlan plan = round.answer({"a", "a", "a", "a"});
  round.world.apply(plan);
  CHECK(round.world.share("a") == Partitions{0, 3});
  CHECK(round.world.owner(1) == "b");
  CHECK(round.world.owner(2).empty());  // it waits for its member

  round.world.join("c", 3);
  round.world.plan();
  plan = round.answer({"a", "b", "c", "c"});
  std::erase_if(plan.topics[0].owners,
                [](const PlannedOwner& one) { return one.partition == 1 || one.partition == 2; });
  round.world.apply(plan);  // pinned ones may be left out
  CHECK(round.world.owner(1) == "b");
}

TEST_CASE("leader: a plan for a membership that is past is refused as stale") {
  Round round;
  const SubmitPlan first = round.answer({"a", "b", "a", "b"});
  round.world.join("c", 3);
  round.world.refuse(first, ErrorCode::kStalePlan);  // the group has changed
  round.world.plan();
  round.world.refuse(first, ErrorCode::kStalePlan);  // and another plan was asked for
  round.world.apply(round.answer({"a", "b", "c", "b"}));
  round.world.refuse(first, ErrorCode::kStalePlan);  // nothing is wanted any more
}

TEST_CASE("leader: a member that expired and came back was not asked: its plan is stale") {
  Round round;
  round.world.expire("a");
  round.world.apply(planner("a", 3));
  round.world.refuse(round.answer({"a", "b", "a", "b"}), ErrorCode::kStalePlan);
}

TEST_CASE("leader: a topic that grows, goes or comes outdates the request") {
  Round round;
  const SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  round.world.apply(ExpandTopic{.name = "t", .partition_count = 5});
  round.world.refuse(plan, ErrorCode::kStalePlan);
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  round.world.apply(DeleteTopic{.name = "t"});
  round.world.refuse(round.answer({"a", "b", "a", "b", "a"}), ErrorCode::kStalePlan);
}

TEST_CASE("leader: nobody else may plan") {
  Round round;
  round.world.refuse(answering(round.world, "b", {"a", "b", "a", "b"}), ErrorCode::kNotLeader);
  SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  plan.presence.bound_here = false;
  round.world.refuse(plan, ErrorCode::kNotBound);
  plan = round.answer({"a", "b", "a", "b"});
  plan.incarnation = 99;
  round.world.refuse(plan, ErrorCode::kFenced);
  plan = round.answer({"a", "b", "a", "b"});
  plan.member_id = "x";
  round.world.refuse(plan, ErrorCode::kUnknownMember);
  plan.group = "nowhere";
  round.world.refuse(plan, ErrorCode::kUnknownResource);
  plan.group = "";
  round.world.refuse(plan, ErrorCode::kInvalidName);
}

TEST_CASE("leader: a plan for a group of another strategy is refused as stale") {
  Round round;
  const SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  round.world.apply(ConfigureGroup{.group = "g", .strategy = "range"});
  round.world.refuse(plan, ErrorCode::kStalePlan);
  const Decision made = round.world.plan();
  CHECK(plan_in(made).strategy == "range");
  CHECK(plan_in(made).instead_of_leader.empty());
  CHECK_FALSE(round.world.group().request.has_value());
}

TEST_CASE("leader: freezing ends the round, unfreezing begins another") {
  Round round;
  const SubmitPlan plan = round.answer({"a", "b", "a", "b"});
  round.world.apply(FreezeGroup{.group = "g", .frozen = true});
  round.world.refuse(plan, ErrorCode::kStalePlan);
  CHECK(round.world.plan().events.empty());
  round.world.apply(FreezeGroup{.group = "g", .frozen = false});
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  round.world.refuse(plan, ErrorCode::kStalePlan);
  round.world.apply(round.answer({"a", "b", "a", "b"}));
}

TEST_CASE("leader: one that computes no plans is not asked, and the plan says so") {
  Round round(false);
  const PlanMade& plan = plan_in(round.first);
  CHECK(plan.strategy == "sticky");
  CHECK(plan.instead_of_leader == "leader 'a' computes no plans");
  CHECK(round.world.share("a").size() == 2);
}

TEST_CASE("leader: when it leaves, the coordinator plans this round and the next leader the next") {
  Round round;
  round.world.apply(leaving("a", 1));
  const Decision made = round.world.plan();
  CHECK(plan_in(made).strategy == "sticky");
  CHECK(plan_in(made).instead_of_leader == "leader 'a' left, expired or was removed");
  CHECK(round.world.share("b").size() == 4);

  round.world.apply(planner("b", 2));  // from now on it does
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  round.world.apply(answering(round.world, "b", {"b", "b", "b", "b"}));
}

TEST_CASE("leader: told to plan itself, the coordinator does and gives the reason") {
  Round round;
  const Decision made = round.world.apply(
      MakePlan{.group = "g", .instead_of_leader = "leader 'a' submitted no plan within 5000 ms"});
  CHECK(plan_in(made).strategy == "sticky");
  CHECK(plan_in(made).instead_of_leader == "leader 'a' submitted no plan within 5000 ms");
  CHECK_FALSE(round.world.group().request.has_value());
  CHECK(round.world.group().owned_count == 4);
  CHECK(round.world.replay().digest == round.world.state().digest);
}

TEST_CASE("leader: a new process of its name is asked anew") {
  Round round;
  const SubmitPlan old_plan = round.answer({"a", "b", "a", "b"});
  JoinGroup again = planner("a", 10);
  again.takeover = true;
  round.world.apply(again);
  round.world.refuse(old_plan, ErrorCode::kFenced);
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  round.world.apply(round.answer({"a", "b", "a", "b"}));
  CHECK(round.world.share("a") == Partitions{0, 2});
}

TEST_CASE("leader: a new process that computes no plans leaves the round to the coordinator") {
  Round round;
  JoinGroup again = joining("a", 10);
  again.takeover = true;
  round.world.apply(again);
  const Decision made = round.world.plan();
  CHECK(plan_in(made).instead_of_leader == "leader 'a' computes no plans");
}

TEST_CASE("leader: other metadata of a member makes a plan due, also with a new process") {
  Round round;
  round.world.apply(round.answer({"a", "b", "a", "b"}));
  JoinGroup same = joining("b", 2);
  same.metadata = "zone=1";
  round.world.apply(same);
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  round.world.apply(round.answer({"a", "b", "a", "b"}));
  JoinGroup process = joining("b", 20);
  process.takeover = true;
  process.metadata = "zone=2";
  round.world.apply(process);
  CHECK(names(round.world.plan()) == Names{"PlanRequested"});
  process.incarnation = 21;
  round.world.apply(round.answer({"a", "b", "a", "b"}));
  round.world.apply(process);  // the same again: nothing to plan
  CHECK(round.world.plan().events.empty());
}

TEST_CASE("leader: a group emptied during a round is planned, and then deleted") {
  Round round;
  round.world.apply(leaving("b", 2));
  round.world.apply(leaving("a", 1));
  round.world.plan();
  CHECK_FALSE(round.world.group().request.has_value());
  round.world.apply(DeleteGroup{.group = "g"});
  CHECK(round.world.replay().digest == round.world.state().digest);
}

TEST_CASE("leader: a group deleted with its request standing leaves nothing in the digest") {
  Round round;
  round.world.apply(leaving("b", 2));
  round.world.apply(leaving("a", 1));
  round.world.apply(DeleteGroup{.group = "g"});
  round.world.apply(DeleteTopic{.name = "t"});
  round.world.apply(DeleteTopic{.name = "u"});
  CHECK(round.world.state().digest == State().digest);
}

TEST_CASE("leader: a partition that is being revoked stays on its one way through a round") {
  Round round;
  round.world.apply(round.answer({"a", "a", "a", "a"}));
  round.world.join("c", 3);
  round.world.plan();
  round.world.apply(round.answer({"b", "a", "a", "a"}));
  CHECK(round.world.at(0).phase == Phase::kRevoking);
  round.world.apply(leaving("c", 3));
  round.world.plan();
  round.world.apply(round.answer({"a", "a", "a", "b"}));
  CHECK(round.world.at(0).phase == Phase::kRevoking);
  round.world.apply(
      releasing("a", 1, {{.topic = "t", .partition = 0, .fence = round.world.token(0)}}));
  CHECK(round.world.owner(0) == "a");  // under a new token
}

}  // namespace
}  // namespace muster::domain::leader_plan_test
