#include "client/src/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "domain/assert.h"

namespace muster {
namespace {

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR;
}

/// Rounded up, so that a deadline is not polled for in a busy loop.
int poll_timeout_ms(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  constexpr std::int64_t kLongest = 60'000;
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kLongest));
}

}  // namespace

Socket::~Socket() { close(); }

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  name_ = std::move(other.name_);
  return *this;
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::unexpected<Error> Socket::broken(const char* doing, int error_number) const {
  return std::unexpected(make_error(ErrorCode::kUnavailable,
                                    std::string(doing) + " the server " + name_ +
                                        " failed: " + std::strerror(error_number) +
                                        ". Check that musterd runs there and can be reached."));
}

std::expected<Socket, Error> Socket::connect(const Address& address, Deadline deadline) {
  const auto endpoints = resolve(address);
  if (!endpoints) return std::unexpected(endpoints.error());
  MUSTER_ASSERT(!endpoints->empty());
  Error last;
  for (const Endpoint& endpoint : *endpoints) {
    auto socket = begin_connect(endpoint, to_text(address));
    if (!socket) {
      last = std::move(socket.error());
      continue;
    }
    auto connected = socket->wait(POLLOUT, deadline);
    if (connected) connected = socket->finish_connect();
    if (connected) return socket;
    last = std::move(connected.error());
  }
  return std::unexpected(std::move(last));
}

std::expected<Socket, Error> Socket::begin_connect(const Endpoint& endpoint, std::string name) {
  const int family = endpoint.storage.ss_family;
  Socket socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), std::move(name));
  if (!socket.is_open()) return socket.broken("Opening a socket to", errno);
  if (family != AF_UNIX) {
    const int on = 1;
    setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  const auto* where = reinterpret_cast<const sockaddr*>(&endpoint.storage);
  if (::connect(socket.descriptor_, where, endpoint.length) < 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return socket.broken("Connecting to", errno);
  }
  return socket;
}

std::expected<void, Error> Socket::finish_connect() {
  int error_number = 0;
  socklen_t size = sizeof(error_number);
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error_number, &size) < 0) {
    error_number = errno;
  }
  if (error_number != 0) return broken("Connecting to", error_number);
  return {};
}

std::expected<std::size_t, Error> Socket::read_some(char* buffer, std::size_t size) {
  const ssize_t count = ::recv(descriptor_, buffer, size, 0);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && would_block(errno)) return 0;
  if (count < 0) return broken("Reading from", errno);
  return std::unexpected(
      make_error(ErrorCode::kUnavailable, "The server " + name_ + " closed the connection."));
}

std::expected<std::size_t, Error> Socket::write_some(std::string_view bytes) {
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (would_block(errno)) return 0;
  return broken("Writing to", errno);
}

std::expected<std::size_t, Error> Socket::read(char* buffer, std::size_t size, Deadline deadline) {
  while (true) {
    const auto count = read_some(buffer, size);
    if (!count || *count > 0) return count;
    if (auto ready = wait(POLLIN, deadline); !ready) return std::unexpected(ready.error());
  }
}

std::expected<void, Error> Socket::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto count = write_some(bytes);
    if (!count) return std::unexpected(count.error());
    bytes.remove_prefix(*count);
    if (bytes.empty()) break;
    if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
  }
  return {};
}

std::expected<void, Error> Socket::wait(short events, Deadline deadline) const {
  while (true) {
    pollfd watched{.fd = descriptor_, .events = events, .revents = 0};
    const int ready = ::poll(&watched, 1, poll_timeout_ms(deadline));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return broken("Waiting for", errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      return std::unexpected(make_error(
          ErrorCode::kTimedOut, "The server " + name_ +
                                    " did not answer in time. What was asked may have happened or "
                                    "not: check before you repeat it, or raise the timeout."));
    }
  }
}

}  // namespace muster
