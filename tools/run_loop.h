// The heart of `muster run`: a consumer on one side, the commands of its partitions on the other,
// signals from without. All of it meets on the main thread.
#pragma once

#include <poll.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "muster/muster.hpp"
#include "tools/commands.h"
#include "tools/inbox.h"
#include "tools/line_writer.h"
#include "tools/offset_commits.h"
#include "tools/output_relay.h"
#include "tools/process_guard.h"
#include "tools/run_log.h"
#include "tools/worker.h"

namespace muster::tools {

struct RunOptions {
  std::string server;
  GroupConsumerOptions consumer;
  std::string command;                 // path of the executable
  std::vector<std::string> arguments;  // the first is the name that was given
  bool keep_seat = false;              // close without leaving
  bool one_process = false;            // one command for all partitions instead of one for each
  bool exit_when_done = false;         // leave when every command has exited with 0
  bool prefix_output = false;          // lines begin with "[TOPIC/PARTITION] "
  bool commit_from_stdout = false;
  std::optional<unsigned> restarts_max = std::nullopt;  // of a command, after failures in a row
};

/// How `muster run` exits, beside 0 and what every command of `muster` exits with.
enum class RunStatus {
  kFailed = 1,
  kMembershipEnded = 3,  // removed by an operator, or replaced by another process of the same id
  kGaveUp = 4,           // a command failed more often than restarts_max allows
};

class RunLoop {
 public:
  /// The calling thread must be the process's only one, and must outlive the loop. It takes
  /// SIGTERM, SIGINT, SIGHUP, SIGTSTP and SIGCHLD from now on.
  RunLoop(RunOptions options, ProcessGuard guard);
  ~RunLoop();
  RunLoop(const RunLoop&) = delete;
  RunLoop& operator=(const RunLoop&) = delete;

  /// Until a signal ends it or all is done (status 0), a command fails too often (kGaveUp), or the
  /// membership ends (its error). Then the commands have ended too. Does not return, but exits with
  /// status 1, when leaving takes longer than 10 s.
  Outcome run();
  /// For the error that run() has returned.
  RunStatus failure_status() const;

 private:
  void listen_to_consumer();
  void join();
  void wait();
  int wait_ms() const;
  void take_signals();
  void stop_as_asked();
  void advance_workers();
  void give_up(const std::string& why);
  bool done() const;
  void end_when_done();
  void begin_end(std::optional<Error> why);
  void leave_when_commands_ended();
  void leave();
  void exit_when_late();

  std::expected<WorkerProcess, Error> start_command(const Partitions& partitions);
  std::expected<WorkerProcess, Error> launch(Launch command, const Partitions& partitions);
  void read_offsets(const Partitions& partitions);
  void release(const Partition& partition);
  /// The worker that this partition belongs to.
  Worker& worker(const Partition& partition);
  void log(const Partition& partition, const std::string& text);

  const RunOptions options_;
  const ProcessGuard guard_;
  int signals_ = -1;  // a signalfd
  Inbox inbox_;
  LineWriter output_;
  LineWriter errors_;
  OutputRelay relay_;
  Client client_;
  GroupConsumer consumer_;
  const std::string member_id_;
  RunLog log_;
  Errands errands_;
  OffsetCommits commits_;
  std::minstd_rand random_;
  WorkerHooks hooks_;
  /// By partition; the one process for all has the empty name.
  std::map<PartitionArgument, Worker> workers_;
  std::vector<pollfd> watched_;
  std::jthread joining_;
  std::jthread leaving_;

  bool joined_ = false;
  std::optional<SteadyTime> done_since_;  // with exit_when_done
  bool ending_ = false;
  SteadyTime ending_since_{};
  bool ended_ = false;
  std::optional<SteadyTime> exit_at_;  // at the latest
  std::optional<Error> why_;           // the failure that ends it
  bool gave_up_ = false;
};

}  // namespace muster::tools
