// A real musterd on a free port, with a data directory of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "end_to_end/process.h"
#include "end_to_end/temporary_directory.h"

namespace muster::e2e {

class Daemon {
 public:
  /// Starts musterd and waits until it listens. `arguments` come after --data-dir and --listen.
  /// With `disk_mib`, its data directory is a filesystem of its own of that size, in memory, which
  /// lasts as long as the process: see can_mount.
  explicit Daemon(std::vector<std::string> arguments = {}, int disk_mib = 0);

  /// Whether this machine lets a test mount a filesystem for one process. If not, a line on stdout
  /// says that the test case is SKIPPED, which tests/run_tests counts; the test case returns.
  static bool can_mount();
  /// How many test cases can_mount has skipped.
  static unsigned skipped_without_disk();

  /// "127.0.0.1:PORT"; stays the same across restarts.
  const std::string& address() const { return address_; }
  std::string data_directory() const { return directory_ / "data"; }
  /// A file of the data directory as seen from outside the process.
  std::string data_file(const std::string& name) const;

  /// All that it has logged so far, over all runs.
  std::string log() const;

  /// Starts it again on the same directory and port, after kill9 or terminate; waits until it
  /// listens.
  void start();
  /// For the next start.
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }
  void kill9();
  /// SIGTERM; the exit status.
  int terminate();
  void stop() const;    // SIGSTOP
  void resume() const;  // SIGCONT

  /// Its memory now, without what it has mapped of files (the journal).
  std::size_t anonymous_bytes() const;

  Process& process() { return *process_; }

 private:
  TemporaryDirectory directory_;
  std::vector<std::string> arguments_;
  int disk_mib_ = 0;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<Process> process_;
};

/// The command that starts musterd on `data_directory`.
std::vector<std::string> daemon_command(const std::string& data_directory,
                                        const std::string& listen,
                                        const std::vector<std::string>& arguments);

}  // namespace muster::e2e
