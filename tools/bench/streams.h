// Many connections to one server on one thread, for generators of load: bytes that are sent gather
// until the next wait, so that a connection costs one write and one read a batch.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/src/address.h"
#include "client/src/socket.h"
#include "muster/error.hpp"

namespace muster::tools {

/// False once what is under way is to be left.
using GoesOn = std::function<bool()>;

class Streams {
 public:
  /// Connects all of them, one after the other, within 30 s, and says the greeting on each at once:
  /// servers wait for it only so long. Fewer if it was not to go on.
  static std::expected<Streams, Error> open(const Address& address, std::size_t count,
                                            std::string_view greeting, const GoesOn& goes_on);

  Streams(Streams&& other) noexcept;
  Streams& operator=(Streams&& other) noexcept;
  ~Streams();

  std::size_t count() const { return streams_.size(); }

  /// All of them; they are of no further use.
  void close() { streams_.clear(); }

  /// Gathers bytes for a stream.
  void send(std::size_t stream, std::string_view bytes) {
    Stream& to = streams_[stream];
    if (to.unsent.empty()) unwritten_.push_back(stream);
    to.unsent.append(bytes);
  }

  /// What came on a stream; it may send.
  using Take = std::function<void(std::size_t stream, std::string_view bytes)>;

  /// Writes what has gathered; waits up to `timeout_ms` for bytes and hands them over, a stream at
  /// a time; and writes what was sent meanwhile, as soon as a stream's bytes have been taken. The
  /// error is a connection's end. True: something came.
  std::expected<bool, Error> wait(int timeout_ms, const Take& take);

 private:
  struct Stream {
    Socket socket;
    std::string unsent;
    bool waits_to_write = false;
  };

  Streams() = default;
  std::expected<void, Error> adopt(Socket socket);
  std::expected<void, Error> write(std::size_t stream);
  std::expected<void, Error> write_gathered();
  void watch(std::size_t stream, bool to_write);

  int epoll_ = -1;
  std::vector<Stream> streams_;
  std::vector<std::size_t> unwritten_;  // may name a stream that has been written meanwhile
  std::vector<char> buffer_;
};

}  // namespace muster::tools
