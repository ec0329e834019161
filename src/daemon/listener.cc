#include "daemon/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/handles.h"
#include "daemon/peer_address.h"
#include "domain/assert.h"

namespace muster::daemon {
namespace {

constexpr int kAcceptsPerTurn = 256;
constexpr std::uint64_t kRetryMs = 100;

// A host that vanished without a word is found out within a minute, and its descriptor freed.
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveProbes = 3;

/// Hints, all of them: a socket that refuses one still works.
void tune(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof(int));
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds, sizeof(int));
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof(int));
  // Writes are coalesced here, a whole turn at a time: the kernel must not wait for more.
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/// Nothing can be accepted until somebody frees what is missing.
bool starvation(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(uv_loop_t* loop, ListeningSocket socket, OnAccept on_accept)
    : loop_(loop), socket_(std::move(socket)), on_accept_(std::move(on_accept)) {
  const int polled = uv_poll_init(loop, &poll_, socket_->descriptor());
  MUSTER_ASSERT(polled == 0);
  const int timed = uv_timer_init(loop, &retry_);
  MUSTER_ASSERT(timed == 0);
  poll_.data = retry_.data = this;
  watch();
}

Listener::~Listener() {
  stop();
  close_and_wait(loop_, {as_handle(&poll_), as_handle(&retry_)});
}

void Listener::stop() {
  uv_poll_stop(&poll_);
  uv_timer_stop(&retry_);
  socket_.reset();
}

void Listener::watch() {
  const int started = uv_poll_start(&poll_, UV_READABLE, on_readable);
  MUSTER_ASSERT(started == 0);
}

void Listener::on_readable(uv_poll_t* handle, int, int) noexcept {
  static_cast<Listener*>(handle->data)->accept_some();
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t peer_bytes = sizeof(peer);
    const int descriptor = accept4(socket_->descriptor(), reinterpret_cast<sockaddr*>(&peer),
                                   &peer_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EAGAIN) return;
      if (starvation(errno)) return back_off(errno);
      continue;  // that one was gone before it was accepted; the next may be there
    }
    starved_ = false;
    if (socket_->transport() == Transport::kTcp) tune(descriptor);
    on_accept_(descriptor, socket_->transport(), host_of(peer));
  }
}

/// The socket stays readable all the time: without a pause the loop would spin.
void Listener::back_off(int error) {
  if (!starved_) {
    spdlog::warn("can't accept on {}: {}; clients wait until descriptors or memory are free",
                 to_string(address()), std::strerror(error));
  }
  starved_ = true;
  uv_poll_stop(&poll_);
  const int started = uv_timer_start(&retry_, on_retry, kRetryMs, 0);
  MUSTER_ASSERT(started == 0);
}

void Listener::on_retry(uv_timer_t* handle) noexcept {
  static_cast<Listener*>(handle->data)->watch();
}

}  // namespace muster::daemon
