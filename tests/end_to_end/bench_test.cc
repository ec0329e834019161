// muster bench: every load for a moment, on the test's daemon and on one of its own. It says what
// programs want to know, and leaves nothing behind.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/wire_client.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;

std::vector<std::string> bench_command(const std::string& load) {
  return {"bench",       load,        "--connections",
          "3",           "--groups",  "2",
          "--in-flight", "2",         "--partitions-per-commit",
          "2",           "--members", "7",
          "--duration",  "200ms",     "--output",
          "json"};
}

/// What every load's report has to say.
Json require_report(const CommandResult& result) {
  CAPTURE(result.out);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  const Json report = Json::parse(result.out);  // and nothing beside it
  for (const char* key : {"requests_per_s", "commits_per_s", "p50_us", "p99_us", "max_us"}) {
    REQUIRE(report.at(key).is_number());
  }
  CHECK(report.at("requests_per_s") > 0);
  CHECK(report.at("p50_us") <= report.at("p99_us"));
  CHECK(report.at("p99_us") <= report.at("max_us"));
  CHECK(report.at("errors") == 0);
  CHECK(report.at("first_error").is_null());
  return report;
}

std::string beside_musterd() {
  return std::filesystem::path(MUSTERD_BINARY).parent_path().string();
}

void require_nothing_left(const Daemon& daemon) {
  const Json status = muster_json(daemon, {"status"});
  CHECK(status.at("topics") == 0);
  CHECK(status.at("groups") == 0);
  CHECK(status.at("members") == 0);
}

}  // namespace

TEST_CASE("every load of bench reports on a running server and leaves nothing behind") {
  const Daemon daemon;
  for (const char* load : {"commit", "fetch", "heartbeat", "join-storm", "handover", "recover"}) {
    CAPTURE(load);
    auto command = bench_command(load);
    command.insert(command.end(), {"--server", daemon.address()});
    const Json report = require_report(muster(command));
    CHECK((report.at("commits_per_s") > 0) == (report.at("load") == "commit"));
    if (report.at("load") == "recover") CHECK(report.at("moved") == 0);
    require_nothing_left(daemon);
  }
  require_digest_equals_replay(daemon);
}

TEST_CASE("commits of bench are durable, rise, and carry tokens") {
  const Daemon daemon;
  auto command = bench_command("commit");
  command.insert(command.end(), {"--server", daemon.address()});
  const Json report = require_report(muster(command));
  std::uint64_t offsets = 0;
  for (const Json& event : journal_log(daemon)) {
    if (event.at("type") != "OffsetsCommitted") continue;
    for (const Json& item : event.at("offsets")) {
      ++offsets;
      CHECK(item.at("fence") > 0);
    }
  }
  const double reported =
      report.at("commits_per_s").get<double>() * report.at("measured_s").get<double>();
  CHECK(static_cast<double>(offsets) == doctest::Approx(reported).epsilon(0.01));
}

TEST_CASE("without a server bench starts one of its own, and takes it away again") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "tmp");
  for (const char* load : {"commit", "handover", "recover"}) {
    CAPTURE(load);
    std::vector<std::string> command{MUSTER_BINARY};
    for (const std::string& argument : bench_command(load)) command.push_back(argument);
    require_report(run_to_end(
        command, {{"TMPDIR", directory / "tmp"}, {"PATH", beside_musterd() + ":/usr/bin:/bin"}}));
    CHECK(std::filesystem::is_empty(directory / "tmp"));
  }
}

/// A load that lasts until something ends it, when it has said its first line about how far it is.
class EndlessLoad {
 public:
  EndlessLoad(const Daemon& daemon, const std::string& load)
      : process_({.command = {MUSTER_BINARY, "bench", load, "--members", "20", "--duration", "1h",
                              "--output", "json", "--server", daemon.address()},
                  .environment = {},
                  .stdout_path = directory_ / "stdout",
                  .stderr_path = directory_ / "stderr"}) {
    REQUIRE(wait_until([&] { return !read_file(directory_ / "stderr").empty(); }));
  }

  void interrupt() { process_.signal(SIGINT); }
  CommandResult wait() {
    const auto status = process_.wait();
    REQUIRE(status.has_value());
    return {.status = *status,
            .out = read_file(directory_ / "stdout"),
            .err = read_file(directory_ / "stderr")};
  }

 private:
  TemporaryDirectory directory_;
  Process process_;
};

TEST_CASE("an interrupted load reports what it has measured, and leaves nothing behind") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  for (const char* name : {"commit", "join-storm", "handover", "recover"}) {
    CAPTURE(name);
    EndlessLoad load(daemon, name);
    load.interrupt();
    CHECK(require_report(load.wait()).at("interrupted") == true);
    require_nothing_left(daemon);
  }
}

TEST_CASE("a load that its server leaves reports what it has measured, and why it ended") {
  Daemon daemon;
  EndlessLoad load(daemon, "commit");
  daemon.kill9();
  const CommandResult result = load.wait();
  CHECK(result.status == 1);
  const Json report = Json::parse(result.out);
  CHECK(report.at("requests_per_s") > 0);
  CHECK(report.at("errors") == 1);
  CHECK(report.at("first_error").get<std::string>().find(daemon.address()) != std::string::npos);
}

TEST_CASE("bench needs neither input nor anybody who listens") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "tmp");
  for (const char* closed : {"<&-", "2>/dev/full", "<&- >&- 2>&-"}) {
    CAPTURE(closed);
    const std::string bench =
        std::string(MUSTER_BINARY) + " bench commit --connections 2 --duration 1100ms " + closed;
    const CommandResult result =
        run_to_end({"/bin/sh", "-c", bench},
                   {{"TMPDIR", directory / "tmp"}, {"PATH", beside_musterd() + ":/usr/bin:/bin"}});
    CHECK(result.status == 0);
    CHECK(std::filesystem::is_empty(directory / "tmp"));
  }
}

TEST_CASE("bench for people: rates, percentiles, and a histogram") {
  const Daemon daemon;
  const CommandResult result =
      muster({"bench", "heartbeat", "--duration", "1", "--server", daemon.address()});
  CAPTURE(result.out);
  REQUIRE(result.status == 0);
  CHECK(result.out.find("heartbeat: 16 connections × 1 in flight, 1 group") == 0);
  CHECK(result.out.find("until the reply: p50 ") != std::string::npos);
  CHECK(result.out.find("█") != std::string::npos);
}

TEST_CASE("bench refuses what can't be") {
  CHECK(muster({"bench", "sing"}).status == 2);
  CHECK(muster({"bench", "commit", "--in-flight", "0"}).status == 2);
  const CommandResult alone = muster({"bench", "handover", "--groups", "5", "--members", "3"});
  CHECK(alone.status == 2);
  CHECK(alone.err.find("every group needs at least one") != std::string::npos);
  const CommandResult large =
      muster({"bench", "commit", "--connections", "64", "--partitions-per-commit", "4000",
              "--server", "127.0.0.1:1"});
  CHECK(large.status == 1);
  CHECK(large.err.find("Ask for fewer, or for more --groups") != std::string::npos);
  const CommandResult nobody = muster({"bench", "commit", "--server", "127.0.0.1:1"});
  CHECK(nobody.status == 1);
  CHECK(nobody.out.empty());
  CHECK(nobody.err.find("UNAVAILABLE") != std::string::npos);
}

}  // namespace muster::e2e
