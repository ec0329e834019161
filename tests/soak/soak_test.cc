// Real daemons, workers on the real client library and a bad network, disturbed at random for as
// long as wanted. Then the disturbances end, and the journal and the workers' own words are
// compared:
//
//   soak [--minutes N] [--test-case FILTER]
//                            (1, half of it with kills, half of it with a disk that gets full)
//
// Last line: `N passed, N failed`.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "end_to_end/ballast.h"
#include "end_to_end/command_line.h"
#include "end_to_end/ownership.h"
#include "end_to_end/worker_process.h"
#include "flaky_network.h"
#include "traces.h"

namespace muster::soak {
namespace {

using e2e::Milliseconds;
using e2e::SteadyClock;
using nlohmann::json;

constexpr int kPartitions = 8;
constexpr int kWorkers = 4;
constexpr int kSessionMs = 1'500;
// Longer than the release deadline and all sessions, by far (no-orphan).
constexpr Milliseconds kSettles{60'000};

double minutes = 1;
constexpr double kMinutesLeast = 0.01;
constexpr double kMinutesMost = 7 * 24 * 60;

/// Processes of one name, one after the other.
class Worker {
 public:
  Worker(std::string address, int number) : address_(std::move(address)), number_(number) {
    start();
  }

  void start() {
    runs_.push_back(std::make_unique<e2e::WorkerProcess>(
        address_, e2e::WorkerOptions{.consumer_id = "worker-" + std::to_string(number_),
                                     .session_timeout_ms = kSessionMs,
                                     .disconnect_grace_ms = kSessionMs / 2}));
  }
  bool running() { return runs_.back()->process().running(); }
  e2e::WorkerProcess& now() { return *runs_.back(); }

  void collect(std::vector<Trace>& traces) const {
    for (const auto& run : runs_) {
      traces.push_back({.member_id = "worker-" + std::to_string(number_), .lines = run->said()});
    }
  }

 private:
  std::string address_;
  int number_;
  std::vector<std::unique_ptr<e2e::WorkerProcess>> runs_;
};

class Soak {
 public:
  explicit Soak(int disk_mib)
      : daemon_({"--gathering-window-ms", "50", "--rebalance-timeout-default-ms", "2000",
                 "--snapshot-every-bytes", "262144"},
                disk_mib),
        network_(daemon_.address(), random_()) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed_));
    e2e::WireClient client(daemon_.address());
    e2e::create_topic(client, "orders", kPartitions);
    for (int i = 0; i < kWorkers; ++i) workers_.emplace_back(network_.address(), i);
    network_.misbehave(true);
  }

  e2e::Daemon& daemon() { return daemon_; }
  Worker& some_worker() { return workers_[random_() % kWorkers]; }
  Milliseconds up_to(int most_ms) {
    return Milliseconds(static_cast<std::int64_t>(random_() % static_cast<unsigned>(most_ms)));
  }
  std::uint64_t chance(std::uint64_t one_of) { return random_() % one_of; }

  void disturb_a_worker() {
    Worker& worker = some_worker();
    if (chance(2) == 0) {
      worker.now().process().kill9();
      std::this_thread::sleep_for(up_to(500));
      worker.start();
    } else {
      worker.now().process().signal(SIGSTOP);
      std::this_thread::sleep_for(up_to(2'500));
      worker.now().process().signal(SIGCONT);
    }
  }
  void disturb_the_daemon() {
    if (chance(2) == 0) {
      daemon_.kill9();
      std::this_thread::sleep_for(up_to(300));
      daemon_.start();
    } else {
      daemon_.stop();
      std::this_thread::sleep_for(up_to(2'500));
      daemon_.resume();
    }
  }
  void cut_the_network() { network_.cut(); }

  void go_on_for(double share, const std::function<void()>& disturb) {
    const auto end =
        SteadyClock::now() + Milliseconds(static_cast<std::int64_t>(minutes * share * 60'000));
    while (SteadyClock::now() < end) {
      std::this_thread::sleep_for(up_to(400));
      disturb();
      ++disturbances_;
      // One whose membership ended for good is a process that a supervisor starts again.
      for (Worker& worker : workers_) {
        if (!worker.running() || worker.now().count("ended") > 0) worker.start();
      }
    }
  }

  /// no-orphan: every partition is worked on by somebody.
  void calm_down() {
    network_.misbehave(false);
    const std::vector<std::int64_t> before = committed();
    REQUIRE_MESSAGE(e2e::wait_until(
                        [&] {
                          const std::vector<std::int64_t> now = committed();
                          for (std::size_t i = 0; i < now.size(); ++i) {
                            if (now[i] <= before[i]) return false;
                          }
                          return true;
                        },
                        kSettles),
                    "no-orphan: a partition that nobody works on");
    for (Worker& worker : workers_) {
      worker.now().process().signal(SIGTERM);
      CHECK(worker.now().process().wait() == 0);
    }
  }

  /// What the workers were told is held against each other (single-owner), and against the
  /// journal, in whose order a partition has one owner at a time, whose tokens rise and whose
  /// commits present the current one (single-owner, fence-rises, fenced-commit, no-loss).
  void judge() {
    const std::vector<json> log = e2e::journal_log(daemon_);
    const e2e::OwnershipHistory history(log);
    std::vector<Trace> traces;
    for (const Worker& worker : workers_) worker.collect(traces);
    for (const std::string& wrong : contradictions(traces)) FAIL_CHECK(wrong);
    const std::uint64_t first = log.front().at("sequence");
    for (const std::string& wrong : not_granted(traces, history, "group", first)) FAIL_CHECK(wrong);
    const std::set<Commit> acknowledged = acknowledged_commits(traces);
    require_no_loss(acknowledged, log);
    e2e::require_digest_equals_replay(daemon_);
    std::printf(
        "%d disturbances, %zu events, %zu grants, %zu processes of workers, %zu times at work, "
        "%zu acknowledged commits\n",
        disturbances_, log.size(), history.grants(), traces.size(), times_at_work(traces),
        acknowledged.size());
    CHECK(history.grants() > kPartitions);
    CHECK(acknowledged.size() > kPartitions);
    CHECK(times_at_work(traces) >= acknowledged.size());
  }

 private:
  /// On a full disk history is let go, but never an offset.
  void require_no_loss(const std::set<Commit>& acknowledged, const std::vector<json>& log) {
    const bool is_whole = log.front().at("sequence") == 1;
    const std::set<Commit> journaled = journaled_commits(log, "orders");
    const std::vector<std::int64_t> in_the_end = committed();
    for (const Commit& commit : acknowledged) {
      const auto& [place, offset, token] = commit;
      CAPTURE(place);
      CAPTURE(offset);
      CAPTURE(token);
      const auto partition = static_cast<std::size_t>(place.back() - '0');
      CHECK_MESSAGE((!is_whole || journaled.contains(commit)), "no-loss: not in the journal");
      CHECK_MESSAGE(in_the_end[partition] >= offset, "no-loss: the offset fell");
    }
  }

  std::vector<std::int64_t> committed() {
    e2e::WireClient client(daemon_.address());
    std::vector<std::int64_t> offsets;
    for (int partition = 0; partition < kPartitions; ++partition) {
      offsets.push_back(e2e::committed(client, "group", {"orders", partition}));
    }
    return offsets;
  }

  std::uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
  e2e::Daemon daemon_;
  FlakyNetwork network_;
  std::vector<Worker> workers_;
  int disturbances_ = 0;
};

}  // namespace

TEST_CASE("daemon and workers are killed and stopped under a bad network") {
  Soak soak(0);
  soak.go_on_for(0.5, [&] {
    const std::uint64_t which = soak.chance(5);
    if (which == 0) {
      soak.cut_the_network();
    } else if (which == 1) {
      soak.disturb_the_daemon();
    } else {
      soak.disturb_a_worker();
    }
  });
  soak.calm_down();
  soak.judge();
}

TEST_CASE("the disk gets full and has room again while workers come and go") {
  constexpr int kDiskMib = 400;
  if (!e2e::Daemon::can_mount()) return;
  Soak soak(kDiskMib);
  std::optional<e2e::Ballast> ballast;
  soak.go_on_for(0.5, [&] {
    if (soak.chance(3) != 0) {
      soak.disturb_a_worker();
    } else if (ballast) {
      ballast.reset();
    } else {
      ballast.emplace(soak.daemon().data_file("ballast"), 320 * e2e::kMiB);
    }
  });
  ballast.reset();
  soak.calm_down();
  soak.judge();
}

namespace {

/// What was run, for the last line.
doctest::TestRunStats ran{};

struct Counting : doctest::IReporter {
  explicit Counting(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& stats) override { ran = stats; }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("counting", 1, Counting);

}  // namespace

int run(int count, char** arguments) {
  std::string filter;
  CLI::App app{"Disturbs real daemons and workers, and compares what they say with the journal."};
  app.add_option("--minutes", minutes, "Half of it with kills, half with a disk that gets full (1)")
      ->check(CLI::Range(kMinutesLeast, kMinutesMost));
  app.add_option("--test-case", filter, "Only those of such a name");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  doctest::Context context;
  if (!filter.empty()) context.addFilter("test-case", filter.c_str());
  const int status = context.run();
  const unsigned skipped = e2e::Daemon::skipped_without_disk();
  std::printf("%u passed, %u failed\n",
              ran.numTestCasesPassingFilters - ran.numTestCasesFailed - skipped,
              ran.numTestCasesFailed);
  return status;
}

}  // namespace muster::soak

int main(int count, char** arguments) { return muster::soak::run(count, arguments); }
