// A stream socket to a server, owned: non-blocking, closed on exec, without SIGPIPE, without
// Nagle's delay.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "client/src/address.h"
#include "muster/error.hpp"

namespace muster {

/// When a blocking call gives up.
using Deadline = std::chrono::steady_clock::time_point;

/// Its errors are kUnavailable (the connection can't be made, or ended) and kTimedOut. After an
/// error the socket is of no further use. Movable; one thread at a time.
class Socket {
 public:
  Socket() = default;
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  /// Resolves, and tries the endpoints in turn until one is connected or the deadline passes.
  static std::expected<Socket, Error> connect(const Address& address, Deadline deadline);

  /// The same without waiting: once poll says that the descriptor is writable, finish_connect
  /// tells how it went. `name` is what error messages call the server.
  static std::expected<Socket, Error> begin_connect(const Endpoint& endpoint, std::string name);
  std::expected<void, Error> finish_connect();

  /// Reads what is there: 0 means nothing yet. The end of the stream is kUnavailable.
  std::expected<std::size_t, Error> read_some(char* buffer, std::size_t size);
  /// Writes what fits: 0 means nothing now.
  std::expected<std::size_t, Error> write_some(std::string_view bytes);

  /// Waits until something can be read, then reads it: at least one byte.
  std::expected<std::size_t, Error> read(char* buffer, std::size_t size, Deadline deadline);
  /// Writes all of it.
  std::expected<void, Error> write(std::string_view bytes, Deadline deadline);

  bool is_open() const { return descriptor_ >= 0; }
  /// For poll(2); still owned by the socket.
  int descriptor() const { return descriptor_; }
  void close();

 private:
  Socket(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  std::expected<void, Error> wait(short events, Deadline deadline) const;
  std::unexpected<Error> broken(const char* doing, int error_number) const;

  int descriptor_ = -1;
  std::string name_;  // the server, for messages
};

}  // namespace muster
