// SIGTERM and SIGINT ask for a graceful stop; the second of either ends the process at once. SIGHUP
// asks for the configuration to be read again.
#pragma once

#include <uv.h>

#include <array>
#include <functional>

namespace muster::daemon {

class StopSignals {
 public:
  /// Calls `on_stop` on the loop's thread at the first SIGTERM or SIGINT. From then on both have
  /// the kernel's default action again, so that a second one ends the process even if the loop is
  /// stuck. SIGPIPE is ignored from now on: a peer that is gone shows as a failed write.
  StopSignals(uv_loop_t* loop, std::function<void(int signal)> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static void on_signal(uv_signal_t* handle, int signal) noexcept;

  uv_loop_t* loop_;
  std::function<void(int)> on_stop_;
  std::array<uv_signal_t, 2> handles_{};
};

/// Call it first of all, before there are threads: a SIGHUP waits from now on until there is a
/// ReloadSignal. A start that folds a long journal is no time to die of one.
void hold_reload_signals();

/// SIGHUP asks for the configuration to be read again.
class ReloadSignal {
 public:
  /// Calls `on_reload` on the loop's thread at each SIGHUP, also for one that came before. After
  /// its destruction, while the daemon stops, SIGHUP is ignored.
  ReloadSignal(uv_loop_t* loop, std::function<void()> on_reload);
  ~ReloadSignal();
  ReloadSignal(const ReloadSignal&) = delete;
  ReloadSignal& operator=(const ReloadSignal&) = delete;

 private:
  uv_loop_t* loop_;
  std::function<void()> on_reload_;
  uv_signal_t handle_{};
};

}  // namespace muster::daemon
