// The gathering window: joins within it make one plan.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

Settings gathering(std::uint32_t window_ms) {
  Settings settings;
  settings.limits.gathering_window_ms = window_ms;
  return settings;
}

}  // namespace

TEST_CASE("gathering: joins within the window make one plan") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(3));
  CHECK(client.ask<wire::JoinReplyT>(joining("a", 1)).gathering);
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.pass(100);
  client.ask<wire::JoinReplyT>(joining("c", 3));
  CHECK(world.group().generation == 0);
  world.pass(100);
  CHECK(world.group().generation == 1);
  CHECK(world.owner(2) == "c");
}

TEST_CASE("gathering: the window is fixed from the first join and never slides") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  for (Incarnation i = 1; i <= 4; ++i) {
    client.ask<wire::JoinReplyT>(joining("m" + std::to_string(i), i));
    world.pass(50);
  }
  CHECK(world.group().generation == 1);
  client.ask<wire::JoinReplyT>(joining("m5", 5));  // a window of its own
  world.pass(150);
  CHECK(world.group().generation == 1);
  world.pass(50);
  CHECK(world.group().generation == 2);
}

TEST_CASE("gathering: 0 is off, the plan is made at the end of the turn") {
  World world(gathering(0));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.send(joining("a", 1));
  client.send(joining("b", 2));
  world.end_turn();
  CHECK(world.group().generation == 1);  // one for both
}

TEST_CASE("gathering: a leave makes a plan at once, which counts those who gather") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  client.ask<wire::JoinReplyT>(joining("b", 2));
  world.pass(200);
  client.send(joining("c", 3));
  client.send(leaving("a", 1));
  client.send(leaving("b", 2));
  world.end_turn();
  CHECK(world.group().generation == 2);
  CHECK(world.owner(0) == "c");
  world.pass(300);
  CHECK(world.group().generation == 2);  // the window has nothing left to plan
}

TEST_CASE("gathering: topics that grow within the window make one plan") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.pass(200);
  wire::ExpandTopicT expand;
  expand.name = "t";
  expand.partitions = 2;
  client.ask<wire::TopicReplyT>(expand);
  expand.partitions = 3;
  client.ask<wire::TopicReplyT>(expand);
  CHECK(world.group().generation == 1);
  world.pass(200);
  CHECK(world.group().generation == 2);
  CHECK(world.owner(2) == "a");
}

TEST_CASE("gathering: topics that a pattern begins or ceases to match are planned") {
  World world(gathering(200));
  WireClient client(world);
  wire::JoinT join = joining("a", 1, {});
  join.patterns = {"t.*"};
  client.ask<wire::JoinReplyT>(join);
  world.pass(200);
  CHECK(world.group().generation == 1);
  client.ask<wire::TopicReplyT>(create_topic(2));
  world.pass(200);
  CHECK(world.owner(1) == "a");
  CHECK(world.group().generation == 2);
  wire::DeleteTopicT remove;
  remove.name = "t";
  client.ask<wire::DoneT>(remove);
  world.pass(200);
  CHECK(world.group().generation == 3);
  CHECK_FALSE(domain::needs_plan(world.state(), world.group()));
}

TEST_CASE("gathering: what a frozen group's topics became is planned when it thaws") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.pass(200);
  wire::FreezeGroupT freeze;
  freeze.group = "g";
  freeze.frozen = true;
  client.ask<wire::DoneT>(freeze);
  wire::ExpandTopicT expand;
  expand.name = "t";
  expand.partitions = 2;
  client.ask<wire::TopicReplyT>(expand);
  world.pass(1'000);
  CHECK(world.group().generation == 1);
  freeze.frozen = false;
  client.ask<wire::DoneT>(freeze);
  world.pass(200);
  CHECK(world.owner(1) == "a");
}

TEST_CASE("gathering: the loop is woken when the window ends") {
  World world(gathering(200));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  CHECK(world.pipeline->wake_in_ms() == 250);
  client.ask<wire::JoinReplyT>(joining("a", 1));
  CHECK(world.pipeline->wake_in_ms() == 200);
  world.pass(150);
  CHECK(world.pipeline->wake_in_ms() == 50);
}

TEST_CASE("gathering: a window that is made shorter holds for the next join, beside a long one") {
  World world(gathering(10'000));
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.pipeline->change(gathering(200));
  wire::JoinT other = joining("b", 2);
  other.group = "other";
  client.ask<wire::JoinReplyT>(std::move(other));
  world.pass(200);
  CHECK(world.group("other").generation == 1);
  CHECK(world.group().generation == 0);
}

}  // namespace muster::coordinator
