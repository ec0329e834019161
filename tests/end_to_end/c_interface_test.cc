// The C interface, used by programs that know nothing else of muster.
#include <doctest/doctest.h>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/process.h"

namespace muster::e2e {
namespace {

TEST_CASE("a program in C11 uses every function of the C interface") {
  Daemon daemon{{"--gathering-window-ms", "0", "--leader-plan-timeout-ms", "500"}};
  WireClient client{daemon.address()};
  create_topic(client, "orders", 4);
  create_topic(client, "extras", 1);
  wire::ConfigureGroupT configure;
  configure.group = "c";
  configure.strategy = "leader";
  client.ask<wire::DoneT>(std::move(configure));
  wire::PinPartitionT pin;
  pin.group = "c";
  pin.topic = "orders";
  pin.partition = 3;
  pin.member_id = "absent";
  client.ask<wire::DoneT>(std::move(pin));

  const TemporaryDirectory directory;
  Process program({.command = {C_PROGRAM, daemon.address(), std::to_string(daemon.process().pid())},
                   .environment = {},
                   .stdout_path = directory / "stdout",
                   .stderr_path = directory / "stderr"});
  const auto status = program.wait(3 * kPatience);
  if (!status) daemon.resume();
  CHECK_MESSAGE(status == 0, read_file(directory / "stderr"));
  CHECK(read_file(directory / "stdout") == "every function did what it says\n");
}

}  // namespace
}  // namespace muster::e2e
