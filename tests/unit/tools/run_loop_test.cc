#include "tools/run_loop.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

using namespace muster;
using namespace muster::tools;

namespace {

RunOptions some_options() {
  RunOptions options;
  options.server = "127.0.0.1:7461";
  options.consumer.group_id = "billing";
  return options;
}

long count(const std::vector<std::string>& environment, const std::string& entry) {
  return std::ranges::count(environment, entry);
}

}  // namespace

TEST_CASE("a command is told its partition, offset and token, and where the server is") {
  const Partition partition{.topic = "a/b", .index = 3, .committed = 100, .fence = 42};
  const auto environment = command_environment(some_options(), partition, "pod-0");
  for (const char* entry :
       {"MUSTER_GROUP=billing", "MUSTER_TOPIC=a/b", "MUSTER_PARTITION=3", "MUSTER_OFFSET=100",
        "MUSTER_FENCE=42", "MUSTER_SERVER=127.0.0.1:7461", "MUSTER_MEMBER_ID=pod-0"}) {
    CAPTURE(entry);
    CHECK(count(environment, entry) == 1);
  }
}

TEST_CASE("nothing committed yet is offset 0") {
  const auto environment = command_environment(some_options(), {.topic = "t", .fence = 1}, "m");
  CHECK(count(environment, "MUSTER_OFFSET=0") == 1);
}

TEST_CASE("a command inherits the environment, but not another command's grant") {
  ::setenv("MUSTER_FENCE", "7", 1);
  ::setenv("MUSTER_TEST_INHERITED", "yes", 1);
  const auto environment = command_environment(some_options(), {.topic = "t", .fence = 42}, "m");
  ::unsetenv("MUSTER_FENCE");
  ::unsetenv("MUSTER_TEST_INHERITED");
  CHECK(count(environment, "MUSTER_FENCE=7") == 0);
  CHECK(count(environment, "MUSTER_FENCE=42") == 1);
  CHECK(count(environment, "MUSTER_TEST_INHERITED=yes") == 1);
}
