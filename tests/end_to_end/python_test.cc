// The worker in Python, which knows of muster only libmuster, by ctypes.
#include <doctest/doctest.h>

#include <csignal>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/worker_process.h"

namespace muster::e2e {
namespace {

struct PythonSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  PythonSetting() { create_topic(client, "orders", 2); }

  std::unique_ptr<WorkerProcess> worker(const std::string& name) const {
    return std::make_unique<WorkerProcess>(
        std::vector<std::string>{"/usr/bin/env", "python3", "-B", PYTHON_WORKER, daemon.address(),
                                 "group", "orders", name},
        std::map<std::string, std::string>{{"MUSTER_LIBRARY", LIBMUSTER}});
  }
};

TEST_CASE("a worker in Python joins, commits, is revoked, releases, and leaves") {
  PythonSetting setting;
  auto python = setting.worker("python-1");
  REQUIRE_MESSAGE(python->says("joined python-1"), python->errors());
  CHECK(wait_until([&] { return python->count("assigned orders/") == 2; }));
  REQUIRE(python->says("committed orders/0"));
  REQUIRE(python->says("committed orders/1"));

  Member second(setting.daemon.address(), {.member_id = "z", .topics = {"orders"}});
  second.join();
  REQUIRE(pump_until({&second}, [&] { return second.held().size() == 1; }));
  CHECK(python->says("revoked orders/1"));
  CHECK(python->count("lost") == 0);
  // Its last commit went before the release.
  const std::string done = python->last("committed orders/1 ");
  CHECK(std::to_string(committed(setting.client, "group", {"orders", 1})) == done);
  const auto token = second.token({"orders", 1});
  CHECK(token > std::stoull(python->last("assigned orders/1 ")));

  // And back again, where it was.
  second.leave();
  REQUIRE(wait_until([&] { return python->count("assigned orders/1") == 2; }));
  CHECK(std::stoull(python->last("assigned orders/1 ")) > token);
  REQUIRE(python->says("committed orders/1 " + std::to_string(std::stoll(done) + 10)));

  python->process().signal(SIGTERM);
  CHECK_MESSAGE(python->process().wait() == 0, python->errors());
  CHECK(python->count("left") == 1);
  CHECK(python->errors() == "");
  const auto log = journal_log(setting.daemon);
  CHECK(std::ranges::any_of(log, [](const nlohmann::json& event) {
    return event.at("type") == "MemberLeft" && event.at("member_id") == "python-1";
  }));
}

TEST_CASE("a worker in Python is told of its removal, and ends") {
  PythonSetting setting;
  auto python = setting.worker("python-1");
  REQUIRE_MESSAGE(python->says("committed orders/1"), python->errors());
  wire::RemoveMemberT remove;
  remove.group = "group";
  remove.member_id = "python-1";
  setting.client.ask<wire::DoneT>(std::move(remove));
  CHECK(python->says("lost orders/0"));
  CHECK(python->says("lost orders/1"));
  CHECK(python->says("ended MEMBER_REMOVED"));
  CHECK(python->process().wait() == 1);
  CHECK(python->errors().find("MEMBER_REMOVED") != std::string::npos);
}

TEST_CASE("a worker in Python whose join waits is ended by a signal") {
  PythonSetting setting;
  Member holder(setting.daemon.address(), {.member_id = "python-1", .topics = {"orders"}});
  holder.join();
  auto python = setting.worker("python-1");
  REQUIRE_MESSAGE(python->says("waiting MEMBER_ID_IN_USE"), python->errors());
  const SteadyClock::time_point told = SteadyClock::now();
  python->process().signal(SIGTERM);
  CHECK_MESSAGE(python->process().wait() == 0, python->errors());
  CHECK(since(told) < Milliseconds{3'000});
}

TEST_CASE("a careless program in Python is no crash") {
  PythonSetting setting;
  const std::map<std::string, std::vector<std::string>> habits{
      {"dropped", {"well"}},
      {"in_a_circle", {"well"}},
      {"collected_in_a_callback", {"well"}},
      {"closed_in_a_callback", {"commit CLOSED", "well"}},
      {"left_open", {"well"}},
      {"interrupted", {"interrupted", "well"}},
  };
  for (const auto& [habit, events] : habits) {
    INFO(habit);
    WorkerProcess python(
        {"/usr/bin/env", "python3", "-B", PYTHON_CARELESS, setting.daemon.address(), habit, habit},
        {{"MUSTER_LIBRARY", LIBMUSTER}, {"MUSTER_MODULE", PYTHON_MODULE}});
    CHECK(python.process().wait() == 0);
    CHECK(python.errors() == "");
    CHECK(python.said() == events);
  }
}

}  // namespace
}  // namespace muster::e2e
