// The heart of `muster run`: a consumer on one side, a command for each of its partitions on the
// other, signals from without. All of it meets on the main thread.
#pragma once

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
#include "tools/process_guard.h"
#include "tools/worker.h"

namespace muster::tools {

struct RunOptions {
  std::string server;
  GroupConsumerOptions consumer;
  std::string command;                 // path of the executable
  std::vector<std::string> arguments;  // the first is the name that was given
  bool keep_seat = false;              // close without leaving
};

/// The environment of a command: this process's, with MUSTER_GROUP, MUSTER_TOPIC,
/// MUSTER_PARTITION, MUSTER_OFFSET ("0" when nothing is committed), MUSTER_FENCE, MUSTER_SERVER
/// and MUSTER_MEMBER_ID set.
std::vector<std::string> command_environment(const RunOptions& options, const Partition& partition,
                                             const std::string& member_id);

class RunLoop {
 public:
  /// The calling thread must be the process's only one, and must outlive the loop. It takes
  /// SIGTERM, SIGINT, SIGHUP and SIGCHLD from now on.
  RunLoop(RunOptions options, ProcessGuard guard);
  ~RunLoop();
  RunLoop(const RunLoop&) = delete;
  RunLoop& operator=(const RunLoop&) = delete;

  /// Until a signal ends it (status 0), or the membership ends (its error). Then the commands have
  /// ended too. Does not return, but exits with status 1, when leaving takes longer than 10 s.
  Outcome run();

 private:
  void listen_to_consumer();
  void join();
  void wait();
  int wait_ms() const;
  void take_signals();
  void advance_workers();
  void begin_end(std::optional<Error> why);
  void leave_when_commands_ended();
  void exit_when_late();

  std::expected<WorkerProcess, Error> start_command(const Partition& partition);
  void read_offset(const Partition& partition);
  void release(const Partition& partition);
  /// The partition's worker, made when there is none.
  Worker& worker(const Partition& partition);
  void log(const std::string& text) const;
  void log(const Partition& partition, const std::string& text) const;

  const RunOptions options_;
  const ProcessGuard guard_;
  int signals_ = -1;  // a signalfd
  Inbox inbox_;
  Client client_;
  GroupConsumer consumer_;
  const std::string member_id_;
  std::minstd_rand random_;
  WorkerHooks hooks_;
  std::map<std::pair<std::string, PartitionIndex>, Worker> workers_;
  Errands errands_;
  std::jthread joining_;
  std::jthread leaving_;

  bool ending_ = false;
  SteadyTime ending_since_{};
  bool ended_ = false;
  std::optional<SteadyTime> exit_at_;  // at the latest
  std::optional<Error> why_;           // the failure that ends it
};

}  // namespace muster::tools
