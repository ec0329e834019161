// What the state keeps of grants: when, by which plan, and what that plan was made for. It has to
// outlive the events that say so.
#include "tests/unit/domain/world.h"

namespace muster::domain::grant_notes_test {
namespace {

const GrantNote& note_of(const World& world, PartitionIndex partition) {
  return world.group().grants.at(world.at(partition).last_fence());
}
std::string reason_of(const World& world, PartitionIndex partition) {
  return note_of(world, partition).reason.what;
}

/// Topic t of two partitions, both a's.
World with_owner() {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.plan();
  return world;
}

TEST_CASE("a grant is noted with its plan, and with the first change that this was made for") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  world.join("a", 1);
  world.join("b", 2);
  world.plan();
  const GrantNote& note = note_of(world, 0);
  CHECK(note.time_ms == world.wall_ms);
  CHECK(note.generation == 1);
  CHECK(note.reason.what == "member 'a' joined");
  CHECK(note.reason.sequence == 2);
  CHECK(note.reason.others == 1);
  CHECK(note.partitions == 2);  // one event granted both
}

TEST_CASE("a note lasts until every partition that it is about was granted again") {
  World world = with_owner();
  world.join("b", 2);
  world.plan();
  REQUIRE(world.group().revoking_count == 1);
  CHECK(world.group().grants.size() == 1);
  world.settle();
  CHECK(world.group().grants.size() == 2);
  world.apply(leaving("b", 2));
  CHECK(world.group().grants.size() == 2);  // free, and granted last by the second
  world.plan();
  CHECK(world.group().grants.size() == 2);
  world.expire("a");
  world.join("c", 3);
  world.plan();
  CHECK(world.group().grants.size() == 1);
  CHECK(reason_of(world, 1) == "member 'a' expired");
}

TEST_CASE("what a new process gets back is granted because of it, whatever the last plan was for") {
  World world = with_owner();
  JoinGroup other = joining("a", 7);
  other.takeover = true;
  world.apply(other);
  CHECK(reason_of(world, 0) == "a new process took over as member 'a'");
  CHECK(note_of(world, 0).reason.sequence == world.member("a")->incarnation_sequence);
  CHECK(note_of(world, 0).generation == 1);
  // What is granted later goes by its plan again.
  world.apply(ExpandTopic{.name = "t", .partition_count = 3});
  world.plan();
  CHECK(reason_of(world, 2) == "topic 't' was expanded to 3 partitions");
}

TEST_CASE("a new process with new patterns gets back what it had for the same reason") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.join("a", 1);
  world.plan();
  JoinGroup other = joining("a", 7);
  other.patterns = {"t.*"};
  other.takeover = true;
  world.apply(other);
  CHECK(reason_of(world, 0) == "a new process took over as member 'a'");
}

TEST_CASE("topics that come and go are reasons when nothing else changed") {
  World world;
  JoinGroup join = joining("a", 1, {});
  join.patterns = {"t.*"};
  world.apply(join);
  world.plan();
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.plan();
  CHECK(reason_of(world, 0) == "topic 't' was created");
  CHECK(note_of(world, 0).reason.sequence == world.state().topic("t")->id);
  world.apply(CreateTopic{.name = "t2", .partition_count = 1});
  world.apply(ExpandTopic{.name = "t", .partition_count = 2});
  world.plan();
  CHECK(reason_of(world, 1) == "topic 't' was expanded to 2 partitions");
  CHECK(note_of(world, 1).reason.others == 1);
}

TEST_CASE("a pin is a reason that names its topic") {
  World world = with_owner();
  world.join("b", 2);
  world.settle();
  const PartitionIndex of_a = world.owner(0) == "a" ? 0 : 1;
  world.apply(PinPartition{.group = "g", .topic = "t", .partition = of_a, .member_id = "b"});
  world.settle();
  CHECK(reason_of(world, of_a) ==
        "partition " + std::to_string(of_a) + " of topic 't' was pinned to 'b'");
}

TEST_CASE("notes go with their topic, and with their group") {
  World world = with_owner();
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  world.join("b", 2, {"u"});
  world.plan();
  REQUIRE(world.group().grants.size() == 2);
  world.apply(DeleteTopic{.name = "t"});
  CHECK(world.group().grants.size() == 1);
  world.apply(leaving("a", 1));
  world.apply(leaving("b", 2));
  CHECK(world.group().grants.size() == 1);
  world.apply(DeleteGroup{.group = "g"});
  CHECK(world.state().group("g") == nullptr);  // and require_sound finds nothing left of them
}

// ---- what a deletion keeps ------------------------------------------------------------------

TEST_CASE("a deleted topic's pins and size, and a deleted group's settings, stay in the journal") {
  World world = with_owner();
  world.apply(ConfigureGroup{.group = "g", .strategy = "sticky", .max_members = 9});
  world.apply(CreateTopic{.name = "u", .partition_count = 1});
  for (const char* topic : {"t", "u"}) {
    world.apply(PinPartition{.group = "g", .topic = topic, .partition = 0, .member_id = "z"});
  }
  world.apply(DrainMember{.group = "g", .member_id = "a", .draining = true});
  world.apply(FreezeGroup{.group = "g", .frozen = true});
  const Decision topic = world.apply(DeleteTopic{.name = "t"});
  const auto& dropped = std::get<GroupTopicDropped>(topic.events[0]);
  CHECK(dropped.former_pins ==
        std::vector<FormerPin>{{.at = {.topic = 1, .partition = 0}, .member_id = "z"}});
  CHECK(std::get<TopicDeleted>(topic.events[1]).former_partition_count == 2);
  world.apply(leaving("a", 1));
  const Decision group = world.apply(DeleteGroup{.group = "g"});
  const auto& deleted = std::get<GroupDeleted>(group.events[0]);
  CHECK(deleted.former_strategy == "sticky");
  CHECK(deleted.former_max_members == 9);
  CHECK(deleted.former_frozen);
  CHECK(deleted.former_draining == std::vector<std::string>{"a"});
  REQUIRE(deleted.former_pins.size() == 1);
  CHECK(deleted.former_pins[0].member_id == "z");
}

}  // namespace
}  // namespace muster::domain::grant_notes_test
