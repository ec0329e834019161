// bounded: what a peer makes the server hold has a limit, and reading waits at it.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

Settings with(auto change) {
  Settings settings = without_gathering();
  change(settings);
  return settings;
}

std::string many_topics_of(WireClient& client, int count) {
  for (int i = 0; i < count; ++i) {
    client.send(create_topic(1, "topic-" + std::to_string(i) + std::string(200, 'x')));
  }
  client.world().turn();
  return "topic";
}

}  // namespace

TEST_CASE("back-pressure: at the limit of requests in flight reading pauses, and goes on later") {
  World world(with([](Settings& settings) { settings.max_in_flight_requests = 3; }));
  WireClient client(world);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(client.send(create_topic(1, "t" + std::to_string(i))));
  CHECK(world.connections.paused(client.id()));
  CHECK(world.state().topics.size() == 3);
  for (int i = 0; i < 3; ++i) world.turn();
  CHECK(!world.connections.paused(client.id()));
  for (const std::uint64_t id : ids) CHECK(client.answered(id));
  CHECK(world.state().topics.size() == 8);
}

TEST_CASE("back-pressure: reading waits while the journal has too much to make durable") {
  World world(with([](Settings& settings) { settings.max_pending_journal_bytes = 100; }));
  WireClient client(world);
  WireClient other(world);
  client.send(create_topic(1, "t1"));
  client.send(create_topic(1, "t2"));
  world.end_turn();
  const auto waits = other.send(create_topic(1, "t3"));
  CHECK(world.connections.paused(other.id()));
  CHECK(world.state().topic("t3") == nullptr);
  world.turn();
  world.turn();
  CHECK(!world.connections.paused(other.id()));
  CHECK(other.answered(waits));
}

TEST_CASE("back-pressure: answers that wait for the disk count, however few the requests") {
  World world(with([](Settings& settings) {
    settings.max_frame_bytes = 16 * 1024;
    settings.max_unsent_bytes = 32 * 1024;
  }));
  WireClient client(world);
  WireClient admin(world);
  many_topics_of(admin, 100);
  admin.send(create_topic(1, "slow"));
  world.end_turn();
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(client.send(wire::ListTopicsT()));
  CHECK(world.connections.paused(client.id()));
  for (int i = 0; i < 20; ++i) world.turn();
  CHECK(client.closing_reason() == ErrorCode::kNone);  // it reads: it is not slow
  for (const std::uint64_t id : ids) CHECK(client.answered(id));
}

TEST_CASE("back-pressure: a peer that does not read what it asked for is not read either") {
  World world(with([](Settings& settings) { settings.max_unsent_bytes = 4'096; }));
  WireClient client(world);
  world.connections.set_reads(client.id(), false);
  for (int i = 0; i < 100; ++i) {
    client.send(wire::StatusT());
    world.turn();
  }
  CHECK(world.connections.paused(client.id()));
  CHECK(!client.closed());
  CHECK(world.connections.unsent_bytes(client.id()) <= 4'096);
  world.connections.set_reads(client.id(), true);
  for (int i = 0; i < 100; ++i) world.turn();
  CHECK(!world.connections.paused(client.id()));
}

TEST_CASE("back-pressure: a slow reader is closed with a typed error when pushes fill its room") {
  World world(with([](Settings& settings) { settings.max_unsent_bytes = 2'000; }));
  WireClient slow(world);
  WireClient other(world);
  slow.ask<wire::TopicReplyT>(create_topic(4));
  slow.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  (void)slow.all_pushes();
  world.connections.set_reads(slow.id(), false);
  for (Incarnation i = 2; i < 40 && !slow.closed(); ++i) {
    other.ask<wire::JoinReplyT>(joining("b", i));
    wire::ExpandTopicT expand;
    expand.name = "t";
    expand.partitions = 4 + 2 * static_cast<std::int32_t>(i);
    other.ask<wire::TopicReplyT>(expand);
    other.ask<wire::DoneT>(leaving("b", i));
  }
  world.turn();
  REQUIRE(slow.closed());
  world.connections.set_reads(slow.id(), true);
  CHECK(slow.closing_reason() == ErrorCode::kSlowReader);
  CHECK(world.member("a") != nullptr);  // its seat stays for its grace
  WireClient again(world);
  CHECK(listed(again.ask<wire::JoinReplyT>(resuming("a", 1)).held).size() > 4);
}

TEST_CASE("bounded: a member that joins again and again leaves nothing behind") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  for (int i = 0; i < 2'000; ++i) {
    client.send(joining("a", 1));
    if (i % 100 == 99) world.turn();
  }
  world.turn();
  world.turn();
  CHECK(world.group().members.size() == 1);
  world.pass(29'900);
  CHECK(world.member("a") != nullptr);
  world.pass(300);
  CHECK(world.member("a") == nullptr);
}

}  // namespace muster::coordinator
