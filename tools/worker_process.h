// One running command, the leader of a process group of its own. Nothing of the group outlives the
// command, and nothing of it outlives `muster run`.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "muster/error.hpp"
#include "tools/process_guard.h"

namespace muster::tools {

/// What is executed. The descriptors stay the caller's to close.
struct Launch {
  std::string path;                      // of the executable
  std::vector<std::string> arguments;    // the first is the name it is called by
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
  int input = -1;                        // -1: /dev/null, since several could not share one
  int output = -1;                       // -1: where that of this process goes
  int errors = -1;                       // likewise
};

/// How a command ended.
struct ProcessEnd {
  bool by_signal = false;
  int value = 0;  // exit status or signal number

  bool succeeded() const { return !by_signal && value == 0; }
  /// "exited with status 3", "was ended by signal 9 (Killed)"
  std::string text() const;
};

/// Why a command can't be run, with the exit status that shells and env(1) give for it.
struct NotExecutable {
  int status = 127;  // 127: there is none, 126: it is no program that may be executed
  Error error;
};
/// The executable that a shell would find for this name, in PATH or by its path.
std::expected<std::string, NotExecutable> find_executable(const std::string& name);

/// Lets this process have as many open files as the system allows. Commands start with the limit
/// that was found, for some can't cope with a high one.
void raise_open_files_limit();

/// Movable. Its destruction kills the group and waits for the command. One thread only, which must
/// outlive it: the kernel's parent-death signal is bound to the thread that starts the command.
class WorkerProcess {
 public:
  /// Returns once the command has been executed, or has failed to be. `guard` must outlive it.
  static std::expected<WorkerProcess, Error> start(const Launch& launch, const ProcessGuard& guard);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess();

  /// To the whole group.
  void signal(int number) const;
  /// How the command ended, if it has; then what it left behind in its group is killed.
  std::optional<ProcessEnd> poll_end();
  pid_t pid() const { return pid_; }

 private:
  WorkerProcess(pid_t pid, const ProcessGuard& guard) : pid_(pid), guard_(&guard) {}
  /// Kills, waits, and takes the group from under guard.
  void finish();

  pid_t pid_ = -1;  // -1: ended, or moved from
  const ProcessGuard* guard_ = nullptr;
};

}  // namespace muster::tools
