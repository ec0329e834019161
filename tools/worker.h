// The life of a command that works on partitions, one or all that are held: when it is started,
// told to end, frozen, killed, started again. It decides from what the consumer and the process
// report, and is told the time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muster/partition.hpp"
#include "tools/arguments.h"
#include "tools/worker_process.h"

namespace muster::tools {

using SteadyTime = std::chrono::steady_clock::time_point;
using Partitions = std::vector<Partition>;

/// Which partition it is, whatever its grant.
PartitionArgument place_of(const Partition& partition);

/// Through which a worker acts. Called on the thread that calls the worker.
struct WorkerHooks {
  /// Runs the command for these partitions, each at its `committed` and under its `fence`.
  std::function<std::expected<WorkerProcess, Error>(const Partitions&)> start;
  /// The process has ended: takes in what it has printed, before the worker draws conclusions.
  std::function<void(pid_t)> ended;
  /// Asks what is committed now; the answer comes as offsets_read or offsets_unknown.
  std::function<void(const Partitions&)> read_offsets;
  /// The command is gone: gives a revoked partition back.
  std::function<void(const Partition&)> release;
  /// The command has failed more often than it may.
  std::function<void(const std::string& why)> give_up;
  std::function<void(const std::string&)> log;
  /// A number in [0, 1): spreads the restarts of many commands.
  std::function<double()> draw;
};

struct WorkerOptions {
  std::string name = {};  // stands before what is logged
  /// A command of many partitions is restarted for changes that have come to rest for this long,
  /// or that go on for ten times as long. 0: each is acted on at once.
  std::chrono::milliseconds gather{0};
  /// From SIGTERM to SIGKILL when the command is restarted for a change.
  std::chrono::milliseconds restart_grace{0};
  std::optional<unsigned> restarts_max = std::nullopt;  // in a row, after failures
};

/// Restarts after a failure wait 0.5 s, doubled with each failure up to 30 s, of which the later
/// half is random. A command that ran for 30 s starts the count anew.
class Worker {
 public:
  Worker(const WorkerHooks& hooks, WorkerOptions options)
      : hooks_(hooks), options_(std::move(options)) {}

  void assigned(const Partition& partition, SteadyTime now);
  /// SIGTERM; SIGKILL when three quarters of `release_within` have passed. At once when the
  /// command is frozen: its lease has lapsed, so that nothing it does may count.
  void revoked(const Partition& partition, SteadyTime now);
  /// SIGKILL: somebody else may have the partition already.
  void lost(const Partition& partition, SteadyTime now);
  /// SIGSTOP while the lease is lapsed; SIGCONT when all partitions of the command are resumed.
  void paused(const Partition& partition);
  void resumed(const Partition& partition, SteadyTime now);
  /// `muster run` is stopped by its user, who would not have the command go on without it, and
  /// goes on.
  void freeze();
  void thaw();
  /// `muster run` ends: as revoked, but nothing is released and nothing started any more.
  void stop(SteadyTime now, std::chrono::milliseconds grace);
  void kill();

  /// The partitions that were asked about, with what is committed.
  void offsets_read(const Partitions& partitions, SteadyTime now);
  void offsets_unknown(const Error& error, SteadyTime now);

  /// Takes note of the command's end, and does what is due.
  void advance(SteadyTime now);
  /// When advance has something to do without an end; nothing: never.
  std::optional<SteadyTime> due() const;
  bool running() const { return process_.has_value(); }
  /// The command has exited with 0 for every partition that is held, and there are some.
  bool finished() const;
  /// Neither a partition nor a command: it can be forgotten.
  bool vacant() const { return !process_ && grants_.empty(); }

 private:
  struct Grant {
    Partition partition;
    bool finished = false;  // the command exited with 0: quiet while it is held
    bool revoked = false;   // released when the command is gone
    bool paused = false;
    bool offset_known = true;  // false: the command may have committed since

    bool wants_command() const { return !finished && !revoked; }
  };

  Grant* find(const Partition& partition);
  /// The process was started for it, under this token or an older one.
  bool works_on(const PartitionArgument& place) const;
  bool paused() const;
  bool wants_command() const;
  Partitions to_work_on() const;

  void change(SteadyTime now);
  void advance_change(SteadyTime now);
  void start_command(SteadyTime now);
  void command_ended(const ProcessEnd& end, SteadyTime now);
  void give_back_revoked();
  std::size_t finish_worked_on();
  void failed(const std::string& why, SteadyTime now);
  void retry_later(const std::string& why, SteadyTime now);
  void ask_to_end(SteadyTime now, std::chrono::milliseconds grace);
  void log(const std::string& text) const;

  const WorkerHooks& hooks_;
  const WorkerOptions options_;
  std::map<PartitionArgument, Grant> grants_;
  std::optional<WorkerProcess> process_;
  pid_t pid_ = -1;                                       // its
  std::map<PartitionArgument, FencingToken> worked_on_;  // by the process
  SteadyTime started_at_;
  bool asked_to_end_ = false;  // its end is no failure and no success
  std::optional<SteadyTime> kill_at_;
  std::optional<SteadyTime> change_at_;   // restart, or start, with what is held then
  std::optional<SteadyTime> changed_at_;  // the first change that waits
  std::optional<SteadyTime> retry_at_;
  bool asking_ = false;         // for offsets
  unsigned waits_ = 0;          // after failures in a row
  unsigned failed_starts_ = 0;  // and how many of these were the command's
  bool ending_ = false;         // `muster run` ends
};

}  // namespace muster::tools
