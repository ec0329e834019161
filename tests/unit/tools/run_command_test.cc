#include "tools/run_command.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

using namespace muster;
using namespace muster::tools;

namespace {

const CommandSettings kRunSettings{
    .group = "billing", .server = "127.0.0.1:7461", .member_id = "pod-0"};

long count(const std::vector<std::string>& environment, const std::string& entry) {
  return std::ranges::count(environment, entry);
}

}  // namespace

TEST_CASE("a command is told its partition, offset and token, and where the server is") {
  const Partition partition{.topic = "a/b", .index = 3, .committed = 100, .fence = 42};
  const auto environment = command_environment(kRunSettings, &partition);
  for (const char* entry :
       {"MUSTER_GROUP=billing", "MUSTER_TOPIC=a/b", "MUSTER_PARTITION=3", "MUSTER_OFFSET=100",
        "MUSTER_FENCE=42", "MUSTER_SERVER=127.0.0.1:7461", "MUSTER_MEMBER_ID=pod-0"}) {
    CAPTURE(entry);
    CHECK(count(environment, entry) == 1);
  }
}

TEST_CASE("nothing committed yet is offset 0") {
  const Partition partition{.topic = "t", .fence = 1};
  const auto environment = command_environment(kRunSettings, &partition);
  CHECK(count(environment, "MUSTER_OFFSET=0") == 1);
}

TEST_CASE("a command inherits the environment, but not another command's grant") {
  ::setenv("MUSTER_FENCE", "7", 1);
  ::setenv("MUSTER_TEST_INHERITED", "yes", 1);
  const Partition partition{.topic = "t", .fence = 42};
  const auto environment = command_environment(kRunSettings, &partition);
  ::unsetenv("MUSTER_FENCE");
  ::unsetenv("MUSTER_TEST_INHERITED");
  CHECK(count(environment, "MUSTER_FENCE=7") == 0);
  CHECK(count(environment, "MUSTER_FENCE=42") == 1);
  CHECK(count(environment, "MUSTER_TEST_INHERITED=yes") == 1);
}

TEST_CASE("a command of all partitions has none in its environment") {
  ::setenv("MUSTER_PARTITION", "7", 1);
  const auto environment = command_environment(kRunSettings, nullptr);
  ::unsetenv("MUSTER_PARTITION");
  CHECK(count(environment, "MUSTER_GROUP=billing") == 1);
  CHECK(std::ranges::none_of(environment, [](const std::string& entry) {
    return entry.starts_with("MUSTER_PARTITION=") || entry.starts_with("MUSTER_FENCE=");
  }));
}

TEST_CASE("a command of all partitions reads them as JSON lines") {
  const std::vector<Partition> partitions = {
      {.topic = "a\"b", .index = 3, .committed = 100, .fence = 42}, {.topic = "t", .fence = 1}};
  const std::string lines =
      "{\"topic\":\"a\\\"b\",\"partition\":3,\"offset\":100,\"fence\":42}\n"
      "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"fence\":1}\n";
  CHECK(assignment_lines(partitions) == lines);
  const auto file = assignment_file(partitions);
  REQUIRE(file);
  std::string read(1'000, '\0');
  const ssize_t size = ::read(file->number(), read.data(), read.size());
  REQUIRE(size > 0);
  read.resize(static_cast<std::size_t>(size));
  CHECK(read == lines);
}
