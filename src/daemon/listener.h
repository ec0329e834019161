// Accepts connections from one listening socket, as many a turn as leaves time for those that are
// there already.
#pragma once

#include <uv.h>

#include <functional>
#include <optional>
#include <string>

#include "daemon/listening_socket.h"

namespace muster::daemon {

class Listener {
 public:
  /// Gets a connected, non-blocking descriptor that it owns from then on.
  using OnAccept = std::function<void(int descriptor, Transport transport, std::string peer)>;

  Listener(uv_loop_t* loop, ListeningSocket socket, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Of a listener that was not stopped.
  const ListenAddress& address() const { return socket_->address(); }

  /// Accepts no more, and frees the address. May be called from the loop's callbacks.
  void stop();

 private:
  static void on_readable(uv_poll_t* handle, int status, int events) noexcept;
  static void on_retry(uv_timer_t* handle) noexcept;

  void watch();
  void accept_some();
  void back_off(int error);

  uv_loop_t* loop_;
  std::optional<ListeningSocket> socket_;  // none after stop()
  OnAccept on_accept_;
  uv_poll_t poll_{};
  uv_timer_t retry_{};
  bool starved_ = false;
};

}  // namespace muster::daemon
