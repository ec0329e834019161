// Plans: when one is due, what it says, and the phases of a group (rule 10).
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Partitions = std::vector<PartitionIndex>;

TEST_CASE("The seed's table: 3 consumers, 4 partitions") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 4});
  world.join("consumer-3", 3);
  world.join("consumer-1", 1);
  world.join("consumer-2", 2);
  world.plan();
  CHECK(world.share("consumer-1") == Partitions{0, 3});
  CHECK(world.share("consumer-2") == Partitions{1});
  CHECK(world.share("consumer-3") == Partitions{2});
}

TEST_CASE("The cursor goes on from topic to topic, in the order of their names") {
  World world;
  world.apply(CreateTopic{.name = "z", .partition_count = 1});  // lower id, later name
  world.apply(CreateTopic{.name = "m", .partition_count = 1});
  world.apply(CreateTopic{.name = "a", .partition_count = 1});
  for (const char* member : {"b", "c", "d"}) world.join(member, 1, {"a", "m", "z"});
  world.plan();
  CHECK(world.owner(0, "a") == "b");
  CHECK(world.owner(0, "m") == "c");
  CHECK(world.owner(0, "z") == "d");
}

TEST_CASE("Rule 10: empty, balancing while anything gathers or is revoked, stable") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  CHECK(world.phase() == GroupPhase::kBalancing);  // gathering
  world.plan();
  CHECK(world.phase() == GroupPhase::kStable);
  world.join("b", 2);
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.plan();
  CHECK(world.phase() == GroupPhase::kBalancing);  // pending: being revoked
  world.settle();
  CHECK(world.phase() == GroupPhase::kStable);
  world.apply(leaving("a", 1));
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.apply(leaving("b", 2));
  CHECK(world.phase() == GroupPhase::kEmpty);
}

TEST_CASE("Joins gather: several changes make one plan, and a plan that is not due makes nothing") {
  World world;
  CHECK(world.plan().events.empty());  // no group
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  CHECK(names(world.join("a", 1)) == Names{"MemberJoined"});
  world.join("b", 2);
  CHECK_FALSE(world.group().plan_urgent);  // joins can wait
  world.plan();
  CHECK(world.group().generation == 1);
  CHECK(world.plan().events.empty());
  CHECK(world.group().generation == 1);
}

TEST_CASE("A departure's plan is due at once") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.join("b", 2);
  world.plan();
  world.expire("a");
  CHECK(world.group().plan_urgent);
  world.plan();
  CHECK_FALSE(world.group().plan_urgent);
}

TEST_CASE("The generation rises with every plan, also after the group emptied") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  world.apply(leaving("a", 1));
  world.plan();
  CHECK(world.group().generation == 2);
  world.join("a", 2);
  world.plan();
  CHECK(world.group().generation == 3);
}

TEST_CASE("A plan says whether a member was counted in it") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  CHECK_FALSE(world.member("a")->planned);
  world.plan();
  world.join("b", 2);
  CHECK(world.member("a")->planned);
  CHECK_FALSE(world.member("b")->planned);
}

TEST_CASE("An expansion makes a plan due, which disturbs nothing that does not move") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.join("b", 2);
  world.settle();
  const FencingToken kept = world.token(0);
  world.apply(ExpandTopic{.name = "t", .partition_count = 5});
  CHECK(world.phase() == GroupPhase::kBalancing);
  const Decision planned = world.plan();
  CHECK(names(planned) == Names{"PlanMade", "PartitionsGranted"});
  CHECK(std::get<PlanMade>(planned.events[0]).revoking.empty());
  CHECK(world.phase() == GroupPhase::kStable);
  CHECK(world.token(0) == kept);
  CHECK(world.share("a") == Partitions{0, 2, 4});
}

TEST_CASE("A topic that nobody subscribes to any more: nobody shall have it") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.join("a", 1, {"t", "u"});
  world.settle();
  world.join("a", 1, {"u"});
  const Decision planned = world.plan();
  const auto& plan = std::get<PlanMade>(planned.events[0]);
  REQUIRE(plan.unassigned.size() == 1);
  CHECK(plan.unassigned[0].partitions == Partitions{0, 1});
  CHECK(plan.revoking.size() == 1);
  world.settle();
  CHECK(world.at(0).phase == Phase::kFree);
  CHECK(world.phase() == GroupPhase::kStable);
}

TEST_CASE("The deletion of a subscribed topic makes a plan due, and so does its return") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.settle();
  world.apply(DeleteTopic{.name = "t"});
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.plan();
  CHECK(world.phase() == GroupPhase::kStable);
  world.apply(CreateTopic{.name = "t", .partition_count = 3});
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.plan();
  CHECK(world.share("a") == Partitions{0, 1, 2});
}

TEST_CASE("A plan whose rest was lost is due, though its group is as it was before") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 4});
  for (const char* member_id : {"a", "b"}) {
    JoinGroup join = joining(member_id, static_cast<Incarnation>(member_id[0]), {});
    join.patterns = {".*"};
    world.apply(join);
  }
  world.settle();
  REQUIRE(world.share("a") == Partitions{0, 2});
  world.apply(CreateTopic{.name = "s", .partition_count = 1});  // all of "t" changes hands
  world.limits.plan_slice_max = 1;
  world.plan();  // its first slice; the coordinator dies before the next
  world.apply(DeleteTopic{.name = "s"});
  CHECK(needs_plan(world.state(), world.group()));
  world.limits = Limits();
  world.settle();
  CHECK(world.share("a") == Partitions{0, 2});
}

TEST_CASE("Groups fold apart: a plan of one is no plan of another") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  JoinGroup elsewhere = joining("a", 1);
  elsewhere.group = std::string("h");
  world.apply(elsewhere);
  world.plan("g");
  CHECK(world.phase("g") == GroupPhase::kStable);
  CHECK(world.phase("h") == GroupPhase::kBalancing);
  world.plan("h");
  CHECK(world.group("g").owned_count == 2);
  CHECK(world.group("h").owned_count == 2);
}

}  // namespace
}  // namespace muster::domain
