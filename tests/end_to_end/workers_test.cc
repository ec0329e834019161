// Real worker processes on the client library, killed, stopped and woken up.
#include <doctest/doctest.h>

#include <csignal>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/worker_process.h"

namespace muster::e2e {
namespace {

// A server with the topic "orders", and a worker process under the name "stays".
struct WorkersSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  std::unique_ptr<WorkerProcess> stays;

  explicit WorkersSetting(std::int32_t partitions = 2) {
    create_topic(client, "orders", partitions);
    stays = start({.consumer_id = "stays"});
    REQUIRE(stays->says("joined"));
  }

  std::unique_ptr<WorkerProcess> start(const WorkerOptions& options) const {
    return std::make_unique<WorkerProcess>(daemon, options);
  }

  // Partitions that the member owns, as the server tells.
  std::vector<int> owned(const std::string& member_id) {
    wire::ListPartitionsT list;
    list.group = "group";
    std::vector<int> numbers;
    for (const auto& partition : client.ask<wire::PartitionsReplyT>(std::move(list)).partitions) {
      if (partition->owner == member_id) numbers.push_back(partition->partition);
    }
    return numbers;
  }

  bool settles(const std::string& member_id, std::size_t count, Milliseconds patience = kPatience) {
    return wait_until([&] { return owned(member_id).size() == count; }, patience);
  }
};

TEST_CASE("an unnamed worker killed with -9 loses its partitions within its disconnect grace") {
  WorkersSetting setting;
  auto worker = setting.start({.disconnect_grace_ms = 600});
  REQUIRE(worker->says("assigned"));
  REQUIRE(setting.settles("stays", 1));
  worker->process().kill9();
  const SteadyClock::time_point killed = SteadyClock::now();
  REQUIRE(setting.settles("stays", 2));
  CHECK(since(killed) >= Milliseconds{550});
  CHECK(since(killed) <= Milliseconds{600 + 100} + kSchedulingAllowance);
}

TEST_CASE("a stopped worker loses its partitions, and woken up it is fenced and told") {
  WorkersSetting setting;
  auto worker = setting.start({.session_timeout_ms = 1'000});
  REQUIRE(worker->says("committed"));
  REQUIRE(setting.settles("stays", 1));
  const SteadyClock::time_point stopped = SteadyClock::now();
  worker->process().signal(SIGSTOP);
  REQUIRE(setting.settles("stays", 2));
  CHECK(since(stopped) <= Milliseconds{1'000 + 100} + kSchedulingAllowance);

  // The new owner works on; then the old one wakes up.
  REQUIRE(wait_until([&] { return setting.stays->count("committed") > 0; }));
  worker->process().signal(SIGCONT);
  CHECK(worker->says("refused orders/"));
  CHECK(worker->says("lost orders/"));
  const std::vector<std::string> lines = worker->said();
  const auto woken = std::ranges::find_if(
      lines, [](const std::string& line) { return line.starts_with("refused orders/"); });
  for (auto line = woken; line != lines.end() && !line->starts_with("assigned"); ++line) {
    CHECK_FALSE(line->starts_with("committed"));  // not one commit of the zombie went through
  }
}

TEST_CASE("a named worker killed and started again within its session moves nothing") {
  WorkersSetting setting;
  auto worker = setting.start({.consumer_id = "pod-0"});
  REQUIRE(worker->says("assigned"));
  REQUIRE(setting.settles("stays", 1));
  const std::vector<int> before = setting.owned("pod-0");
  const std::size_t revoked = setting.stays->count("revoked");
  const std::size_t assigned = setting.stays->count("assigned");
  worker->process().kill9();
  worker = setting.start({.consumer_id = "pod-0"});
  REQUIRE(worker->says("committed"));
  CHECK(setting.owned("pod-0") == before);
  CHECK(setting.stays->count("revoked") == revoked);
  CHECK(setting.stays->count("assigned") == assigned);
  for (const nlohmann::json& event : journal_log(setting.daemon)) {
    CHECK(event.at("type") != "MemberExpired");
  }
}

TEST_CASE("a stopped twin under the same name, continued later, is fenced") {
  WorkersSetting setting(1);
  setting.stays->process().signal(SIGTERM);
  REQUIRE(setting.stays->process().wait() == 0);
  auto first = setting.start({.consumer_id = "pod-0", .session_timeout_ms = 1'500});
  REQUIRE(first->says("committed"));
  first->process().signal(SIGSTOP);
  auto second = setting.start({.consumer_id = "pod-0", .session_timeout_ms = 1'500});
  REQUIRE(second->says("committed"));  // once the lease of the first can have ended
  first->process().signal(SIGCONT);
  CHECK(first->says("lost orders/0"));
  CHECK(first->says("ended FENCED"));
  const std::size_t commits = second->count("committed");
  CHECK(wait_until([&] { return second->count("committed") > commits + 5; }));
  CHECK(second->count("lost") == 0);
  CHECK(setting.owned("pod-0").size() == 1);
}

TEST_CASE("workers outlive a daemon that is killed and restarted, and nothing moves") {
  WorkersSetting setting;
  auto worker = setting.start({.consumer_id = "pod-0"});
  REQUIRE(worker->says("committed"));
  REQUIRE(setting.settles("stays", 1));
  const std::vector<int> before = setting.owned("pod-0");
  setting.daemon.kill9();
  setting.daemon.start();
  const std::size_t commits = worker->count("committed");
  REQUIRE(wait_until([&] { return worker->count("committed") > commits + 5; }));
  CHECK(worker->count("lost") == 0);
  CHECK(setting.stays->count("lost") == 0);
  const nlohmann::json group = muster_json(setting.daemon, {"group", "describe", "group"});
  CHECK(group.at("members").size() == 2);
  for (const nlohmann::json& member : group.at("members")) {
    if (member.at("member_id") == "pod-0") CHECK(member.at("owned").at("orders") == before);
  }
}

TEST_CASE("workers outlive a daemon that is stopped for longer than every session") {
  WorkersSetting setting;
  auto worker = setting.start({.consumer_id = "pod-0", .session_timeout_ms = 1'000});
  REQUIRE(worker->says("committed"));
  REQUIRE(setting.settles("stays", 1));
  setting.daemon.stop();
  REQUIRE(worker->says("paused"));  // the lease lapsed: it stops working by itself
  CHECK(holds_for([&] { return worker->process().running(); }, Milliseconds{2'000}));
  setting.daemon.resume();
  CHECK(worker->says("resumed"));
  const std::size_t commits = worker->count("committed");
  CHECK(wait_until([&] { return worker->count("committed") > commits + 5; }));
  CHECK(worker->count("lost") == 0);
  CHECK(setting.owned("pod-0").size() == 1);
}

}  // namespace
}  // namespace muster::e2e
