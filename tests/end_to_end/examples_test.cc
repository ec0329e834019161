// The client's examples do what they say.
#include <doctest/doctest.h>

#include <csignal>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/worker_process.h"

namespace muster::e2e {
namespace {

struct ExamplesSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  ExamplesSetting() { create_topic(client, "orders", 4); }
};

TEST_CASE("example: basic use joins, commits, and goes on where it was") {
  const ExamplesSetting setting;
  for (const std::string next : {"10", "20"}) {
    WorkerProcess example({EXAMPLE_BASIC_USE, setting.daemon.address()});
    REQUIRE_MESSAGE(example.process().wait() == 0, example.errors());
    CHECK(example.count("consumer-1 joined") == 1);
    for (const std::string partition : {"0", "1", "2", "3"}) {
      CHECK(example.last("orders/" + partition + ": next offset ") == next);
    }
  }
}

TEST_CASE("example: of several consumers each partition has one, while they come and go") {
  const ExamplesSetting setting;
  WorkerProcess example({EXAMPLE_SEVERAL_CONSUMERS, setting.daemon.address()});
  REQUIRE_MESSAGE(example.process().wait() == 0, example.errors());
  CHECK(example.count("  consumer-1 is assigned") >= 4);
  CHECK(example.count("  consumer-1 gives back") >= 2);
  CHECK(example.count("  consumer-1 has lost") == 0);
}

TEST_CASE("example: offsets only rise under a token, and batches are whole") {
  const ExamplesSetting setting;
  WorkerProcess example({EXAMPLE_OFFSET_MANAGEMENT, setting.daemon.address()});
  REQUIRE_MESSAGE(example.process().wait() == 0, example.errors());
  CHECK(example.last("orders/0 goes on at ") == "0");
  CHECK(example.last("orders/0 is at ") == "100 (batch-17)");
  CHECK(example.last("4 partitions are at ") == "200");
}

TEST_CASE("example: the complete demo hands over, and ends cleanly") {
  ExamplesSetting setting;
  WorkerProcess one({EXAMPLE_COMPLETE_DEMO, setting.daemon.address(), "one"});
  REQUIRE(wait_until([&] { return one.count("assigned") == 4; }));
  REQUIRE(wait_until([&] { return committed(setting.client, "demo", {"orders", 1}) > 0; }));
  WorkerProcess two({EXAMPLE_COMPLETE_DEMO, setting.daemon.address(), "two"});
  CHECK(wait_until([&] { return one.count("revoked") == 2 && two.count("assigned") == 2; }));
  one.process().signal(SIGTERM);
  CHECK(one.process().wait() == 0);
  CHECK(wait_until([&] { return two.count("assigned") == 4; }));
  two.process().signal(SIGTERM);
  CHECK(two.process().wait() == 0);
  CHECK(one.count("lost") + two.count("lost") == 0);
}

}  // namespace
}  // namespace muster::e2e
