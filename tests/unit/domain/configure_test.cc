// What operators set on a group: settings, freezing, draining, pins. Each plan is looked at after
// it.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Partitions = std::vector<PartitionIndex>;

ConfigureGroup strategy(std::string name) { return {.group = "g", .strategy = std::move(name)}; }
ConfigureGroup at_most(std::uint32_t members) { return {.group = "g", .max_members = members}; }
FreezeGroup frozen(bool frozen) { return {.group = "g", .frozen = frozen}; }
DrainMember draining(std::string member_id, bool draining = true) {
  return {.group = "g", .member_id = std::move(member_id), .draining = draining};
}
PinPartition pinning(PartitionIndex partition, std::string member_id, std::string topic = "t") {
  return {.group = "g",
          .topic = std::move(topic),
          .partition = partition,
          .member_id = std::move(member_id)};
}
PinPartition unpinning(PartitionIndex partition) { return pinning(partition, ""); }

/// Topic t of `partitions`, shared by members "a", "b" … with incarnations 1, 2 …
World shared(std::int32_t partitions, std::vector<std::string> members) {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = partitions});
  Incarnation incarnation = 0;
  for (const std::string& member : members) world.join(member, ++incarnation);
  world.settle();
  return world;
}

const PlanMade& plan_of(const Decision& decision) {
  REQUIRE_FALSE(decision.events.empty());
  return std::get<PlanMade>(decision.events[0]);
}

// ---- settings -------------------------------------------------------------------------------

TEST_CASE("configure refuses a name that is none, a strategy that is none, too many members") {
  World world;
  CHECK(world.refuse(ConfigureGroup{.group = "", .strategy = "range"}, ErrorCode::kInvalidName)
            .message.find("group") != std::string::npos);
  const Rejection unknown = world.refuse(strategy("fair"), ErrorCode::kInvalidStrategy);
  CHECK(unknown.message.find("'fair'") != std::string::npos);
  CHECK(unknown.message.find("sticky") != std::string::npos);
  world.limits.members_per_group_max = 10;
  world.refuse(at_most(11), ErrorCode::kLimitReached);
  world.apply(at_most(10));
}

TEST_CASE("configure refuses a group over the limit of groups, not one that exists") {
  World world;
  world.limits.groups_max = 1;
  world.apply(strategy("range"));
  world.refuse(ConfigureGroup{.group = "h", .strategy = "range"}, ErrorCode::kLimitReached);
  world.apply(strategy("sticky"));
}

TEST_CASE("configure creates a group, whose first plan is made by that strategy") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 4});
  CHECK(names(world.apply(strategy("range"))) == Names{"GroupConfigured"});
  CHECK(world.phase() == GroupPhase::kEmpty);
  CHECK(world.plan().events.empty());  // there is nobody to plan for
  world.join("a", 1);
  world.join("b", 2);
  CHECK(plan_of(world.plan()).strategy == "range");
  CHECK(world.share("a") == Partitions{0, 1});
  CHECK(world.share("b") == Partitions{2, 3});
}

TEST_CASE("configure changes what is given and leaves the rest") {
  World world;
  world.apply(strategy("range"));
  world.apply(at_most(3));
  CHECK(world.group().strategy == "range");
  CHECK(world.group().max_members == 3);
  world.apply(strategy("sticky"));
  CHECK(world.group().max_members == 3);
  world.apply(at_most(0));
  CHECK(world.group().max_members == 0);
}

TEST_CASE("configure to what is so already is success without effect") {
  World world;
  world.apply(ConfigureGroup{.group = "g", .strategy = "range", .max_members = 3});
  CHECK(world.apply(ConfigureGroup{.group = "g", .strategy = "range", .max_members = 3})
            .events.empty());
  CHECK(world.apply(ConfigureGroup{.group = "g"}).events.empty());
}

TEST_CASE("a switch of the strategy is one plan, at once, that asks back only what must move") {
  World world = shared(4, {"a", "b"});
  REQUIRE(world.share("a") == Partitions{0, 2});
  const FencingToken kept = world.token(0);
  world.apply(strategy("range"));
  CHECK(world.group().plan_urgent);
  const Decision planned = world.plan();
  CHECK(plan_of(planned).generation == 2);
  CHECK(plan_of(planned).revoking.size() == 2);
  CHECK(world.plan().events.empty());
  world.settle();
  CHECK(world.share("a") == Partitions{0, 1});
  CHECK(world.share("b") == Partitions{2, 3});
  CHECK(world.token(0) == kept);
  CHECK(world.group().generation == 2);
}

TEST_CASE("a switch to sticky moves nothing in a balanced group") {
  World world = shared(5, {"a", "b"});
  world.apply(strategy("sticky"));
  const Decision planned = world.plan();
  CHECK(names(planned) == Names{"PlanMade"});
  CHECK(plan_of(planned).targets.empty());
  CHECK(plan_of(planned).revoking.empty());
}

TEST_CASE("a limit of members is no reason for a plan") {
  World world = shared(2, {"a"});
  world.apply(at_most(1));
  CHECK(world.phase() == GroupPhase::kStable);
}

TEST_CASE("a full group refuses who would be one more, and nobody who is in it") {
  World world = shared(2, {"a", "b"});
  world.apply(at_most(2));
  const Rejection full = world.refuse(joining("c", 3), ErrorCode::kGroupFull);
  CHECK(full.message.find("--max-members") != std::string::npos);
  CHECK(traits_of(ErrorCode::kGroupFull).retriable);

  CHECK(world.join("a", 1).events.empty());  // the same process again
  JoinGroup resume = joining("a", 1);
  resume.resume = true;
  CHECK(world.apply(resume).events.empty());
  JoinGroup successor = joining("a", 10);  // a new process under an old name
  successor.presence.connection_ended = true;
  CHECK(names(world.apply(successor)) == Names{"MemberReplaced", "PartitionsGranted"});
  world.apply(leaving("b", 2));
  world.join("c", 3);
}

TEST_CASE("a limit below what a group has sends nobody away") {
  World world = shared(3, {"a", "b", "c"});
  world.apply(at_most(1));
  CHECK(world.group().members.size() == 3);
  world.apply(leaving("b", 2));
  world.refuse(joining("b", 4), ErrorCode::kGroupFull);
  world.apply(at_most(0));
  world.join("b", 4);
}

// ---- freezing -------------------------------------------------------------------------------

TEST_CASE("freeze and unfreeze need a group, and are idempotent") {
  World world;
  world.refuse(FreezeGroup{.group = "", .frozen = true}, ErrorCode::kInvalidName);
  world.refuse(frozen(true), ErrorCode::kUnknownResource);
  world.apply(strategy("sticky"));
  CHECK(world.apply(frozen(false)).events.empty());
  CHECK(names(world.apply(frozen(true))) == Names{"GroupFrozen"});
  CHECK(world.apply(frozen(true)).events.empty());
  CHECK(names(world.apply(frozen(false))) == Names{"GroupFrozen"});
}

TEST_CASE("in a frozen group deaths leave partitions unowned, and who joins gets nothing") {
  World world = shared(4, {"a", "b"});
  world.apply(frozen(true));
  world.expire("a");
  world.join("c", 3);
  CHECK(world.plan().events.empty());
  CHECK(world.owner(0) == "");
  CHECK(world.owner(2) == "");
  CHECK(world.share("b") == Partitions{1, 3});
  CHECK(world.share("c").empty());
  CHECK(world.group().generation == 1);
  world.join("a", 4);  // under its old name, in a new seat
  CHECK(world.plan().events.empty());
  CHECK(world.share("a").empty());
}

TEST_CASE("unfreezing makes one plan, at once, of all that happened meanwhile") {
  World world = shared(4, {"a", "b"});
  world.apply(frozen(true));
  world.expire("a");
  world.join("c", 3);
  world.apply(ExpandTopic{.name = "t", .partition_count = 6});
  world.apply(frozen(false));
  CHECK(world.group().plan_urgent);
  CHECK(plan_of(world.plan()).generation == 2);
  CHECK(world.plan().events.empty());
  world.settle();
  CHECK(world.group().generation == 2);
  CHECK(world.share("b") == Partitions{0, 2, 4});
  CHECK(world.share("c") == Partitions{1, 3, 5});
}

TEST_CASE("unfreezing a group in which nothing happened plans nothing") {
  World world = shared(4, {"a", "b"});
  world.apply(frozen(true));
  world.apply(frozen(false));
  CHECK(world.phase() == GroupPhase::kStable);
  CHECK(world.plan().events.empty());
}

TEST_CASE("a hand-over that is under way goes on when its group freezes") {
  World world = shared(2, {"a"});
  world.join("b", 2);
  world.plan();
  REQUIRE(world.at(1).phase == Phase::kRevoking);
  world.apply(frozen(true));
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.settle();
  CHECK(world.owner(1) == "b");
  CHECK(world.phase() == GroupPhase::kStable);
}

TEST_CASE("a new process under an old name keeps its partitions in a frozen group") {
  World world = shared(2, {"a", "b"});
  world.apply(frozen(true));
  JoinGroup successor = joining("a", 10);
  successor.presence.connection_ended = true;
  world.apply(successor);
  CHECK(world.owner(0) == "a");
  CHECK(world.plan().events.empty());
}

TEST_CASE("nothing that operators set moves a partition of a frozen group before it thaws") {
  World world = shared(2, {"a", "b"});
  world.apply(frozen(true));
  world.apply(strategy("range"));
  world.apply(draining("a"));
  world.apply(pinning(0, "b"));
  CHECK(world.plan().events.empty());
  CHECK(world.owner(0) == "a");
  world.apply(frozen(false));
  world.settle();
  CHECK(world.share("b") == Partitions{0, 1});
  CHECK(world.group().generation == 2);
}

// ---- draining -------------------------------------------------------------------------------

TEST_CASE("drain refuses what does not exist, and more names than a group may keep") {
  World world;
  world.refuse(draining("a"), ErrorCode::kUnknownResource);
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.join("b", 2);
  world.refuse(draining(""), ErrorCode::kInvalidName);
  CHECK(world.refuse(draining("pod"), ErrorCode::kUnknownMember).message.find("'pod'") !=
        std::string::npos);
  world.limits.draining_per_group_max = 1;
  world.apply(draining("a"));
  world.refuse(draining("b"), ErrorCode::kLimitReached);
  world.apply(draining("a", false));
  world.apply(draining("b"));
}

TEST_CASE("a member that drains hands all over by ordinary revocation, and stays a member") {
  World world = shared(4, {"a", "b"});
  CHECK(names(world.apply(draining("a"))) == Names{"MemberDrained"});
  CHECK(world.group().plan_urgent);
  const Decision planned = world.plan();
  REQUIRE(plan_of(planned).revoking.size() == 1);
  CHECK(plan_of(planned).revoking[0].member_id == "a");
  CHECK(world.owner(0) == "a");  // until it has released it
  world.settle();
  CHECK(world.share("a").empty());
  CHECK(world.share("b") == Partitions{0, 1, 2, 3});
  CHECK(world.member("a") != nullptr);
  CHECK(world.group().leader()->member_id == "a");
}

TEST_CASE(
    "a member that drains gets nothing from later plans, and its share when it no longer does") {
  World world = shared(4, {"a", "b"});
  world.apply(draining("a"));
  world.settle();
  world.apply(ExpandTopic{.name = "t", .partition_count = 6});
  world.settle();
  CHECK(world.share("a").empty());
  world.apply(draining("a", false));
  CHECK(world.group().plan_urgent);
  world.settle();
  CHECK(world.share("a") == Partitions{0, 2, 4});
}

TEST_CASE("to drain, or not to, again is success without effect") {
  World world = shared(2, {"a", "b"});
  world.apply(draining("a"));
  CHECK(world.apply(draining("a")).events.empty());
  world.apply(draining("a", false));
  CHECK(world.apply(draining("a", false)).events.empty());
  CHECK(world.apply(draining("nobody", false)).events.empty());
}

TEST_CASE("a drain holds for the name: who comes back under it drains, until it is taken back") {
  World world = shared(2, {"a", "b"});
  world.apply(draining("a"));
  world.settle();
  world.apply(leaving("a", 1));
  world.settle();
  CHECK(world.apply(draining("a")).events.empty());  // absent, and draining already
  world.join("a", 3);
  world.settle();
  CHECK(world.share("a").empty());
  world.apply(leaving("a", 3));
  world.settle();
  CHECK(names(world.apply(draining("a", false))) == Names{"MemberDrained"});
  CHECK(world.phase() == GroupPhase::kStable);  // nobody here is concerned
  world.join("a", 4);
  world.settle();
  CHECK(world.share("a") == Partitions{0});
}

TEST_CASE("when all members drain, nobody owns anything, and whoever joins gets all") {
  World world = shared(2, {"a", "b"});
  world.apply(draining("a"));
  world.apply(draining("b"));
  world.settle();
  CHECK(world.group().owned_count == 0);
  CHECK(world.phase() == GroupPhase::kStable);
  world.join("c", 3);
  world.settle();
  CHECK(world.share("c") == Partitions{0, 1});
}

// ---- pins -----------------------------------------------------------------------------------

TEST_CASE("pin refuses groups, topics and partitions that do not exist") {
  World world;
  world.refuse(PinPartition{.group = "", .topic = "t", .member_id = "a"}, ErrorCode::kInvalidName);
  world.refuse(pinning(0, "a"), ErrorCode::kUnknownResource);
  world.apply(strategy("sticky"));
  world.refuse(pinning(0, "a"), ErrorCode::kUnknownResource);
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.refuse(pinning(2, "a"), ErrorCode::kUnknownResource);
  world.refuse(pinning(-1, "a"), ErrorCode::kUnknownResource);
  world.refuse(pinning(0, std::string("a\x01")), ErrorCode::kInvalidName);
  world.apply(pinning(0, "a"));
}

TEST_CASE("pin refuses a member that is there and does not subscribe to the topic") {
  World world = shared(2, {"a"});
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  const Rejection refused = world.refuse(pinning(0, "a", "u"), ErrorCode::kUnknownResource);
  CHECK(refused.message.find("does not subscribe") != std::string::npos);
}

TEST_CASE("pin refuses more pins than a group may have, but a pin can be changed") {
  World world = shared(3, {"a", "b"});
  world.limits.pins_per_group_max = 1;
  world.apply(pinning(0, "b"));
  world.refuse(pinning(1, "b"), ErrorCode::kLimitReached);
  world.apply(pinning(0, "a"));
  world.apply(unpinning(0));
  world.apply(pinning(1, "b"));
}

TEST_CASE("a pinned partition goes to its member, by one hand-over, and stays there") {
  World world = shared(4, {"a", "b"});
  REQUIRE(world.owner(0) == "a");
  CHECK(names(world.apply(pinning(0, "b"))) == Names{"PartitionPinned"});
  CHECK(world.group().plan_urgent);
  world.settle();
  CHECK(world.owner(0) == "b");
  CHECK(world.group().generation == 2);
  world.join("c", 3);
  world.settle();
  CHECK(world.owner(0) == "b");
  world.apply(strategy("range"));
  world.settle();
  CHECK(world.owner(0) == "b");
}

TEST_CASE("pinning to the same member again, or unpinning what is not pinned, has no effect") {
  World world = shared(2, {"a", "b"});
  world.apply(pinning(0, "b"));
  CHECK(world.apply(pinning(0, "b")).events.empty());
  world.apply(unpinning(0));
  CHECK(world.apply(unpinning(0)).events.empty());
}

TEST_CASE("an unpinned partition is the strategy's again") {
  World world = shared(2, {"a", "b"});
  world.apply(pinning(0, "b"));
  world.settle();
  CHECK(world.share("b").size() + world.share("a").size() == 2);
  world.apply(unpinning(0));
  world.settle();
  CHECK(world.owner(0) == "a");
  CHECK(world.owner(1) == "b");
}

TEST_CASE("a pin to an absent member keeps the partition unowned, and follows when it joins") {
  World world = shared(3, {"a", "b"});
  world.apply(pinning(0, "z"));
  world.settle();
  CHECK(world.owner(0) == "");
  CHECK(world.owner(1) != "");
  CHECK(world.phase() == GroupPhase::kStable);
  world.join("z", 26);
  world.settle();
  CHECK(world.owner(0) == "z");
  world.expire("z");
  world.settle();
  CHECK(world.owner(0) == "");  // nobody else's until it is unpinned
  world.apply(unpinning(0));
  world.settle();
  CHECK(world.owner(0) != "");
}

TEST_CASE("a pin to a member that drains, or no longer subscribes, does nothing meanwhile") {
  World world = shared(2, {"a", "b"});
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.apply(pinning(0, "b"));
  world.settle();
  SUBCASE("drains") {
    world.apply(draining("b"));
    world.settle();
    CHECK(world.share("a") == Partitions{0, 1});
    world.apply(draining("b", false));
  }
  SUBCASE("subscribes to another topic") {
    world.join("b", 2, {"u"});
    world.settle();
    CHECK(world.share("a") == Partitions{0, 1});
    world.join("b", 2, {"t"});
  }
  world.settle();
  CHECK(world.owner(0) == "b");
}

TEST_CASE("a pin can be made before anybody is there") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.apply(strategy("round_robin"));
  world.apply(pinning(1, "a"));
  CHECK(world.plan().events.empty());
  world.join("a", 1);
  world.join("b", 2);
  world.settle();
  CHECK(world.owner(1) == "a");
  CHECK(world.owner(0) == "a");  // the deal does not count pins
}

TEST_CASE("the deletion of a topic takes its pins with it, of its namesake it has none") {
  World world = shared(2, {"a", "b"});
  world.apply(pinning(0, "z"));
  CHECK(names(world.apply(DeleteTopic{.name = "t"})) == Names{"GroupTopicDropped", "TopicDeleted"});
  CHECK(world.group().pins.empty());
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.settle();
  CHECK(world.owner(0) == "a");
}

TEST_CASE("pins and drains outlive their group's members, and end with the group") {
  World world = shared(2, {"a"});
  world.apply(pinning(0, "z"));
  world.apply(draining("a"));
  world.settle();
  world.apply(leaving("a", 1));
  CHECK(world.group().pins.size() == 1);
  CHECK(world.group().draining.size() == 1);
  world.apply(DeleteGroup{.group = "g"});
  world.join("a", 3);
  world.settle();
  CHECK(world.share("a") == Partitions{0, 1});
}

}  // namespace
}  // namespace muster::domain
