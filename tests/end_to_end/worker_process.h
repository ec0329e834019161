// Runs a worker program, the tests' own (worker.cc) or another, and reads what it says.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "end_to_end/daemon.h"
#include "end_to_end/process.h"

namespace muster::e2e {

struct WorkerOptions {
  std::string consumer_id = {};  // empty: a random one
  int session_timeout_ms = 30'000;
  int disconnect_grace_ms = 0;  // 0: the default
  std::string group = "group";
  std::string topic = "orders";
};

class WorkerProcess {
 public:
  /// `server`: the daemon, or what stands in front of it.
  WorkerProcess(const std::string& server, const WorkerOptions& options);
  WorkerProcess(const Daemon& daemon, const WorkerOptions& options)
      : WorkerProcess(daemon.address(), options) {}
  /// Another program that says one line an event.
  explicit WorkerProcess(std::vector<std::string> command,
                         std::map<std::string, std::string> environment = {});

  /// Lines that it said, from the beginning.
  std::vector<std::string> said() const;
  /// Waits until it has said a line that begins so; false if it never does.
  bool says(const std::string& beginning, Milliseconds patience = kPatience) const;
  /// How many lines begin so.
  std::size_t count(const std::string& beginning) const;
  /// The rest of the last line that begins so; empty when there is none.
  std::string last(const std::string& beginning) const;
  /// What it complained of.
  std::string errors() const { return read_file(directory_ / "stderr"); }

  Process& process() { return *process_; }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
};

}  // namespace muster::e2e
