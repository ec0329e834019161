// Topics: created, expanded, deleted; offsets hang on the topic's id.
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;

TEST_CASE("A topic's id is the sequence that created it") {
  World world;
  world.apply(CreateTopic{.name = "a", .partition_count = 1});
  world.apply(CreateTopic{.name = "b", .partition_count = 2});
  CHECK(world.state().topic("b")->id == 2);
  CHECK(world.state().topic(TopicId{2})->name == "b");
}

TEST_CASE("Expanding to the same count is a retry: success without effect") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 2});
  CHECK(names(world.apply(ExpandTopic{.name = "t", .partition_count = 3})) ==
        Names{"TopicExpanded"});
  CHECK(world.apply(ExpandTopic{.name = "t", .partition_count = 3}).events.empty());
}

TEST_CASE("A topic made anew under an old name starts clean, under a new id") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  world.apply(committing({{.topic = "t", .partition = 0, .offset = 8, .metadata = "m"}}));
  world.apply(DeleteTopic{.name = "t"});
  CHECK(world.group().partitions.empty());
  world.apply(CreateTopic{.name = "t", .partition_count = 1});
  CHECK_FALSE(world.at(0).has_commit());
  CHECK(world.state().topic("t")->id == world.state().sequence);
}

TEST_CASE("Deleting a topic journals what each group loses by it, in one unit") {
  World world;
  world.apply(CreateTopic{.name = "t", .partition_count = 40});
  world.apply(CreateTopic{.name = "kept", .partition_count = 1});
  for (const char* group : {"g", "h"}) {
    world.apply(CommitOffsets{.group = group,
                              .items = {{.topic = "t", .partition = 33, .offset = 8},
                                        {.topic = "kept", .partition = 0, .offset = 1},
                                        {.topic = "t", .partition = 0, .offset = 9}}});
  }
  world.apply(CommitOffsets{.group = "other", .items = {{.topic = "kept", .offset = 2}}});
  const Decision deleted = world.apply(DeleteTopic{.name = "t"});
  CHECK(names(deleted) == Names{"GroupTopicDropped", "GroupTopicDropped", "TopicDeleted"});
  const auto& dropped = std::get<GroupTopicDropped>(deleted.events[0]);
  CHECK(dropped.group == "g");
  REQUIRE(dropped.former.size() == 2);
  CHECK(dropped.former[0].at.partition == 0);
  CHECK(dropped.former[1].at.partition == 33);
  CHECK(dropped.former[1].offset == 8);
  CHECK(world.at(0, "kept").committed == 1);
}

TEST_CASE("A table of partitions takes room only where something is known") {
  PartitionTable table;
  CHECK(table.find(-1) == nullptr);
  CHECK(table.find(0) == nullptr);
  table.at(99'999).committed = 1;
  CHECK(table.find(0) == nullptr);
  CHECK(table.find(100'000) == nullptr);
  std::vector<PartitionIndex> visited;
  table.for_each([&](PartitionIndex i, const PartitionState&) { visited.push_back(i); }, 99'990);
  REQUIRE(visited.size() == 10);
  CHECK(visited.front() == 99'990);
  CHECK(visited.back() == 99'999);
}

}  // namespace
}  // namespace muster::domain
