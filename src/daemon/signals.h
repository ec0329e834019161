// SIGTERM and SIGINT ask for a graceful stop; the second of either ends the process at once.
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

}  // namespace muster::daemon
