// The life of one partition's command: when it is started, told to end, frozen, killed, started
// again. It decides from what the consumer and the process report, and is told the time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "muster/partition.hpp"
#include "tools/worker_process.h"

namespace muster::tools {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Through which a worker acts. Called on the thread that calls the worker.
struct WorkerHooks {
  /// Runs the command for a partition at `committed`, under `fence`.
  std::function<std::expected<WorkerProcess, Error>(const Partition&)> start;
  /// Asks what is committed now; the answer comes as offset_read or offset_unknown.
  std::function<void(const Partition&)> read_offset;
  /// The command is gone: gives a revoked partition back.
  std::function<void(const Partition&)> release;
  std::function<void(const Partition&, const std::string&)> log;
  /// A number in [0, 1): spreads the restarts of many commands.
  std::function<double()> draw;
};

/// Restarts after a failure wait 0.5 s, doubled with each failure up to 30 s, of which the later
/// half is random. A command that ran for 30 s starts the count anew.
class Worker {
 public:
  explicit Worker(const WorkerHooks& hooks) : hooks_(hooks) {}

  void assigned(const Partition& partition, SteadyTime now);
  /// SIGTERM; SIGKILL when three quarters of `release_within` have passed. At once when the
  /// command is frozen: its lease has lapsed, so that nothing it does may count.
  void revoked(const Partition& partition, SteadyTime now);
  /// SIGKILL: somebody else may have the partition already.
  void lost(const Partition& partition);
  /// SIGSTOP while the lease is lapsed, then SIGCONT.
  void paused();
  void resumed(const Partition& partition, SteadyTime now);
  /// `muster run` ends: as revoked, but nothing is released and nothing started any more.
  void stop(SteadyTime now, std::chrono::milliseconds grace);
  void kill();

  void offset_read(FencingToken fence, std::optional<std::int64_t> committed, SteadyTime now);
  void offset_unknown(FencingToken fence, const Error& error, SteadyTime now);

  /// Takes note of the command's end, and does what is due.
  void advance(SteadyTime now);
  /// When advance has something to do without an end; nothing: never.
  std::optional<SteadyTime> due() const;
  bool running() const { return process_.has_value(); }
  /// Neither a partition nor a command: it can be forgotten.
  bool vacant() const { return !process_ && !grant_; }

 private:
  void start_command(SteadyTime now);
  void command_ended(const ProcessEnd& end, SteadyTime now);
  void ask_to_end(SteadyTime now, std::chrono::milliseconds grace);
  void give_back();
  void retry_later(const std::string& why, SteadyTime now);
  bool wants_command() const { return grant_ && !ending_ && !finished_ && !paused_; }

  const WorkerHooks& hooks_;
  std::optional<Partition> grant_;  // what is held
  std::optional<WorkerProcess> process_;
  FencingToken process_fence_ = 0;  // under which the command runs
  SteadyTime started_at_;
  std::optional<SteadyTime> kill_at_;
  std::optional<SteadyTime> retry_at_;
  unsigned failures_ = 0;
  bool finished_ = false;  // the command exited with 0: quiet while it is held
  bool paused_ = false;
  bool ending_ = false;   // revoked, or `muster run` ends
  bool revoked_ = false;  // release when the command is gone
};

}  // namespace muster::tools
