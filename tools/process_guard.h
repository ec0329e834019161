// The guard: a small process beside `muster run` that kills its commands' process groups when
// `muster run` is gone, however it went. The parent-death signal alone would spare what the
// commands have started themselves, and such an orphan would go on with a partition that somebody
// else has been given meanwhile.
#pragma once

#include <sys/types.h>

#include <expected>

#include "muster/error.hpp"

namespace muster::tools {

/// Movable. Its destruction kills the groups that are still enlisted and waits for the guard.
class ProcessGuard {
 public:
  /// Forks the guard. The calling process must not have started a thread yet.
  static std::expected<ProcessGuard, Error> start();

  ProcessGuard(ProcessGuard&& other) noexcept;
  ProcessGuard& operator=(ProcessGuard&&) = delete;
  ~ProcessGuard();

  /// Puts a process group under guard. Async-signal-safe: called between fork and exec by the
  /// process that leads the group. False when the guard is gone.
  bool enlist(pid_t group) const noexcept;
  /// Takes it out again. Called before its leader is reaped: afterwards its number may be
  /// another's.
  void dismiss(pid_t group) const noexcept;

 private:
  ProcessGuard(pid_t pid, int pipe) : pid_(pid), pipe_(pipe) {}

  pid_t pid_ = -1;
  int pipe_ = -1;  // its end tells the guard that this process is gone
};

}  // namespace muster::tools
