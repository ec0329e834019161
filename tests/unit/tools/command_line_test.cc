#include <doctest/doctest.h>

#include <vector>

#include "tools/commands.h"

using namespace muster::tools;

namespace {

int status_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "muster");
  return run_command_line(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("wrong usage exits with 2") {
  CHECK(status_of({}) == 2);
  CHECK(status_of({"nonsense"}) == 2);
  CHECK(status_of({"topic"}) == 2);
  CHECK(status_of({"topic", "create", "x"}) == 2);
  CHECK(status_of({"status", "--output", "xml"}) == 2);
  CHECK(status_of({"offset", "commit", "g", "no-partition", "5"}) == 2);
  CHECK(status_of({"run", "--group", "g", "--topic", "t"}) == 2);
  CHECK(status_of({"run", "--group", "g", "--", "x"}) == 2);  // neither topic nor pattern
  CHECK(status_of({"run", "--group", "g", "--topic", "t", "--session-timeout", "30", "--", "x"}) ==
        2);
}

TEST_CASE("operators' commands refuse what can't be meant") {
  CHECK(status_of({"group", "configure"}) == 2);
  CHECK(status_of({"group", "configure", "g", "--strategy", "fair"}) == 2);
  CHECK(status_of({"group", "configure", "g", "--max-members", "-1"}) == 2);
  CHECK(status_of({"group", "configure", "g", "--max-members", "many"}) == 2);
  CHECK(status_of({"group", "freeze"}) == 2);
  CHECK(status_of({"group", "drain-member", "g"}) == 2);
  CHECK(status_of({"group", "pin", "g", "t/0"}) == 2);
  CHECK(status_of({"group", "pin", "g", "t/0", ""}) == 2);  // an unset variable takes no pin off
  CHECK(status_of({"group", "pin", "g", "t", "m"}) == 2);
  CHECK(status_of({"group", "unpin", "g", "t/-1"}) == 2);
}

TEST_CASE("operators' commands fail with 1 when there is no server") {
  const char* nowhere = "unix:/nonexistent/muster.sock";
  CHECK(status_of({"--server", nowhere, "group", "configure", "g"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "configure", "g", "--max-members", "0"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "freeze", "g"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "unfreeze", "g"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "remove-member", "g", "m"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "drain-member", "g", "m"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "undrain-member", "g", "m"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "pin", "g", "t/0", "m"}) == 1);
  CHECK(status_of({"--server", nowhere, "group", "unpin", "g", "t/0"}) == 1);
}

TEST_CASE("an unset MUSTER_FENCE does not turn a worker into an administrator") {
  CHECK(status_of({"offset", "commit", "g", "t/0", "5", "--fence", ""}) == 2);
  CHECK(status_of({"offset", "commit", "g", "t/0", "5", "--fence", "0"}) == 2);
}

TEST_CASE("help exits with 0 for every command") {
  CHECK(status_of({"--help"}) == 0);
  CHECK(status_of({"offset", "commit", "--help"}) == 0);
  CHECK(status_of({"run", "--help"}) == 0);
  for (const char* verb : {"configure", "freeze", "unfreeze", "remove-member", "drain-member",
                           "undrain-member", "pin", "unpin"}) {
    CHECK(status_of({"group", verb, "--help"}) == 0);
  }
}

TEST_CASE("--server and --output are understood on either side of the subcommand") {
  const char* nowhere = "unix:/nonexistent/muster.sock";
  CHECK(status_of({"--server", nowhere, "--output", "json", "status"}) == 1);
  CHECK(status_of({"status", "--server", nowhere, "--output", "json"}) == 1);
  CHECK(status_of({"group", "--server", nowhere, "list", "--output", "json"}) == 1);
}

TEST_CASE("a group or topic may be named like a command") {
  const char* nowhere = "unix:/nonexistent/muster.sock";
  CHECK(status_of({"--server", nowhere, "group", "describe", "status"}) == 1);
  CHECK(status_of({"--server", nowhere, "topic", "delete", "list"}) == 1);
}

TEST_CASE("what follows -- belongs to the command of run, whatever it looks like") {
  // It fails for want of the executable, which it only looks for when all of it was understood.
  CHECK(status_of({"run", "--group", "g", "--topic", "t", "--topic", "u", "--",
                   "/nonexistent/command", "--group", "status", "--", "-x"}) == 127);
  CHECK(status_of({"run", "--group", "g", "--topic-pattern", "orders-.*", "--",
                   "/nonexistent/command"}) == 127);
}
