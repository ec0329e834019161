// A worker on a test's bench: real processes, and a time that the test tells.
#pragma once

#include <string>
#include <vector>

#include "process_fixture.h"
#include "tools/worker.h"

namespace muster::tools {

using namespace std::chrono_literals;

inline Partition grant(FencingToken fence, std::optional<std::int64_t> committed = std::nullopt) {
  return {
      .topic = "outbox", .index = 0, .committed = committed, .fence = fence, .release_within = 60s};
}

/// A worker whose commands are a script, with all that it did. Time is what the test says.
struct WorkerBench {
  explicit WorkerBench(std::string script_text, WorkerOptions options = {.name = "outbox/0"})
      : script(std::move(script_text)), worker(hooks, std::move(options)) {}

  std::string script;
  ScratchFile file;
  ProcessGuard guard = std::move(*ProcessGuard::start());
  std::vector<std::int64_t> started_at;  // offsets
  std::vector<std::vector<PartitionIndex>> started_with;
  Partitions asked;
  std::vector<pid_t> pids;
  std::vector<pid_t> ended;
  std::vector<FencingToken> released;
  int offsets_asked = 0;
  std::vector<std::string> given_up;
  std::vector<std::string> logged;
  WorkerHooks hooks{
      .start =
          [this](const Partitions& partitions) {
            started_at.push_back(partitions.front().committed.value_or(0));
            started_with.push_back(numbers(partitions));
            auto process = WorkerProcess::start(shell(script, file.path()), guard);
            if (process) pids.push_back(process->pid());
            return process;
          },
      .ended = [this](pid_t pid) { ended.push_back(pid); },
      .read_offsets =
          [this](const Partitions& partitions) {
            ++offsets_asked;
            asked = partitions;
          },
      .release = [this](const Partition& partition) { released.push_back(partition.fence); },
      .give_up = [this](const std::string& why) { given_up.push_back(why); },
      .log = [this](const std::string& text) { logged.push_back(text); },
      .draw = [] { return 1.0; }};
  SteadyTime now{};
  Worker worker;

  static std::vector<PartitionIndex> numbers(const Partitions& partitions) {
    std::vector<PartitionIndex> numbers;
    for (const Partition& each : partitions) numbers.push_back(each.index);
    return numbers;
  }
  /// As the server would.
  void answer_offset(std::int64_t committed) {
    for (Partition& each : asked) each.committed = committed;
    worker.offsets_read(asked, now);
  }

  bool ends() {
    return eventually([&] {
      worker.advance(now);
      return !worker.running();
    });
  }
  bool wrote_line() {
    return eventually([&] { return file.text().ends_with("\n"); });
  }
};

inline constexpr const char* kDeaf =
    "trap '' TERM; echo ready > $OUT; while :; do sleep 0.02; done";
inline constexpr const char* kPolite =
    "trap 'echo ended > $OUT; exit 0' TERM; echo ready > $OUT; while :; do sleep 0.02; done";

}  // namespace muster::tools
