// The event loop, cut into turns: every socket that is ready is read first, then the turn ends
// once. libuv runs timers before it polls, so the only timer here does nothing but wake the loop:
// whatever is due is done at the end of a turn, after the sockets have spoken
// (patient-coordinator, §4 rule 8).
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>

namespace muster::daemon {

class Loop {
 public:
  struct Turn {
    std::function<void()> begin;                // before sockets are polled
    std::function<std::uint64_t()> wake_in_ms;  // how long the poll may sleep at most
    std::function<void()> end;                  // after all ready sockets were read
    std::function<void()> woken;                // wake() was called, from any thread
  };

  Loop();
  /// Every other handle on the loop has been closed before.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* uv() { return &loop_; }

  /// Turns until stop() is called.
  void run(Turn turn);
  /// Ends run() after the current turn.
  void stop();
  /// Makes `woken` run on the loop's thread soon. The one member that any thread may call.
  void wake() noexcept;

 private:
  static void on_prepare(uv_prepare_t* handle) noexcept;
  static void on_check(uv_check_t* handle) noexcept;
  static void on_woken(uv_async_t* handle) noexcept;

  uv_loop_t loop_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_timer_t timer_{};
  uv_async_t async_{};
  Turn turn_;  // empty while run() is not on the stack: handles that are closed then see no turn
};

}  // namespace muster::daemon
