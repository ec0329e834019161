// Processes with a consume loop: killed at every step, stuck, and ended; judged by what their sink
// holds and what the group has committed.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/fenced_sink.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr std::int64_t kRecords = 120;

/// A server with the topic "orders" of two partitions, and a sink.
struct LoopSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  TemporaryDirectory directory;

  LoopSetting() { create_topic(client, "orders", 2); }

  std::unique_ptr<Process> start(const std::string& consumer_id,
                                 const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> command{LOOPING_WORKER_BINARY, daemon.address(), "orders", consumer_id,
                                     directory / "."};
    command.push_back("records=" + std::to_string(kRecords));
    command.insert(command.end(), settings.begin(), settings.end());
    return std::make_unique<Process>(ProcessOptions{.command = command,
                                                    .environment = {},
                                                    .stdout_path = directory / "stdout",
                                                    .stderr_path = directory / "stderr"});
  }

  std::vector<Effect> effects(int partition) const {
    return FencedSink(directory / ".", partition).effects();
  }
  bool is_done() const { return effects(0).size() >= kRecords && effects(1).size() >= kRecords; }
  /// Every record took effect once, in order, under tokens that only rise.
  void check_once() const {
    for (const int partition : {0, 1}) {
      const std::vector<Effect> all = effects(partition);
      REQUIRE(all.size() == kRecords);
      for (std::size_t i = 0; i < all.size(); ++i) {
        REQUIRE(all[i].offset == static_cast<std::int64_t>(i));
        if (i > 0) REQUIRE(all[i].fence >= all[i - 1].fence);
      }
    }
  }
  /// What is committed is in the sink: never past a record without its effect.
  void check_commits_behind_effects() {
    for (const int partition : {0, 1}) {
      // Asked first: effects only grow.
      const std::int64_t next = committed(client, "group", {"orders", partition});
      CHECK(next <= static_cast<std::int64_t>(effects(partition).size()));
    }
  }
  std::int64_t committed_of(int partition) {
    return committed(client, "group", {"orders", partition});
  }

  std::size_t owned(const std::string& member_id) {
    wire::ListPartitionsT list;
    list.group = "group";
    std::size_t count = 0;
    for (const auto& each : client.ask<wire::PartitionsReplyT>(std::move(list)).partitions) {
      if (each->owner == member_id) ++count;
    }
    return count;
  }
  void touch(const std::string& name) const { std::ofstream(directory / name).put('x'); }
};

TEST_CASE("killed with -9 at each step of fetch, handle and commit: nothing is lost, each once") {
  LoopSetting setting;
  int crashes = 0;
  for (const char* step :
       {"fetch", "fetched", "handle", "effect", "handled", "commit", "committing", "committed"}) {
    INFO(step);
    const auto worker =
        setting.start("pod-0", {std::string("crash=") + step + ":2", "commit_every=7"});
    if (setting.is_done()) break;
    REQUIRE(worker->wait() == 128 + SIGKILL);
    ++crashes;
    setting.check_commits_behind_effects();
  }
  CHECK(crashes == 8);
  const auto worker = setting.start("pod-0");
  REQUIRE(wait_until([&] { return setting.is_done(); }));
  worker->signal(SIGTERM);
  CHECK(worker->wait() == 0);
  setting.check_once();
  CHECK(setting.committed_of(0) == kRecords);
  CHECK(setting.committed_of(1) == kRecords);
}

TEST_CASE("two workers killed in turn at every step while the other takes over: each record once") {
  LoopSetting setting;
  const std::vector<std::string> steps{"handle", "effect", "handled", "committing", "committed"};
  // All of them together leave records for the last: the survivor dies at its ninetieth, the others
  // at their third, or with the third commit of seven.
  const auto survivor = setting.start("", {"grace_ms=200", "commit_every=7", "crash=effect:90"});
  for (const std::string& step : steps) {
    INFO(step);
    const auto worker =
        setting.start("", {"grace_ms=200", "commit_every=7", "crash=" + step + ":3"});
    REQUIRE(worker->wait() == 128 + SIGKILL);
    REQUIRE_FALSE(setting.is_done());
    setting.check_commits_behind_effects();
  }
  const auto last = setting.start("", {"grace_ms=200"});
  REQUIRE(wait_until([&] { return setting.is_done(); }));
  last->signal(SIGTERM);
  CHECK(last->wait() == 0);
  setting.check_once();
}

TEST_CASE("what is stored is committed when a partition is released, and on leaving") {
  LoopSetting setting;
  const auto first = setting.start("pod-0", {"interval_ms=0"});
  REQUIRE(wait_until([&] { return setting.is_done(); }));
  const auto second = setting.start("pod-1", {"interval_ms=0"});
  REQUIRE(wait_until([&] { return setting.owned("pod-1") == 1; }));
  const int released = setting.committed_of(0) == kRecords ? 0 : 1;
  CHECK(setting.committed_of(released) == kRecords);
  first->signal(SIGTERM);
  CHECK(first->wait() == 0);
  CHECK(setting.committed_of(1 - released) == kRecords);
  second->signal(SIGTERM);
  CHECK(second->wait() == 0);
  setting.check_once();
}

TEST_CASE("a stuck application hands over in its time while its heartbeats go on, and is shown") {
  constexpr Milliseconds kProgress{1'000};
  LoopSetting setting;
  const std::vector<std::string> settings{"progress_ms=1000", "records=100000"};
  const auto stuck = setting.start("pod-0", settings);
  const auto other = setting.start("pod-1", settings);
  REQUIRE(wait_until([&] { return !setting.effects(0).empty() && !setting.effects(1).empty(); }));
  REQUIRE(wait_until([&] { return setting.owned("pod-0") == 1 && setting.owned("pod-1") == 1; }));
  const SteadyClock::time_point since_then = SteadyClock::now();
  setting.touch("stuck-pod-0");
  REQUIRE(wait_until([&] { return setting.owned("pod-1") == 2; }));
  CHECK(since(since_then) >= kProgress - Milliseconds{150});
  CHECK(since(since_then) <= kProgress + Milliseconds{200} + kSchedulingAllowance);

  // It is a member as ever, and everybody sees what it suffers from.
  const nlohmann::json shown = muster_json(setting.daemon, {"group", "describe", "group"});
  REQUIRE(shown.at("members").size() == 2);
  CHECK(shown.at("members").at(0).at("member_id") == "pod-0");
  CHECK(shown.at("members").at(0).at("stalled_ms").get<int>() >= 900);
  CHECK(shown.at("members").at(1).at("stalled_ms").is_null());
  const CommandResult text =
      muster({"--server", setting.daemon.address(), "group", "describe", "group"});
  CHECK(text.out.find("Stuck: pod-0 for ") != std::string::npos);
  for (const nlohmann::json& event : journal_log(setting.daemon)) {
    CHECK(event.at("type") != "MemberExpired");
  }

  std::filesystem::remove(setting.directory / "stuck-pod-0");
  CHECK(wait_until([&] { return setting.owned("pod-0") == 1; }));
  CHECK(wait_until([&] {
    const nlohmann::json now = muster_json(setting.daemon, {"group", "describe", "group"});
    return now.at("members").at(0).at("stalled_ms").is_null();
  }));
  for (const int partition : {0, 1}) {
    const std::vector<Effect> all = setting.effects(partition);
    for (std::size_t i = 0; i < all.size(); ++i) {
      REQUIRE(all[i].offset == static_cast<std::int64_t>(i));
    }
  }
}

}  // namespace
}  // namespace muster::e2e
