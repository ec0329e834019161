// Streams that speak muster's protocol: hello has been said on each, and what comes is messages,
// verified and read where they lie.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/frame.h"
#include "codec/wire.h"
#include "muster/error.hpp"
#include "tools/bench/streams.h"

namespace muster::tools {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

class Wires {
 public:
  /// Connects and greets, within 30 s. `server` is HOST:PORT or unix:PATH. Not all of them are
  /// there if it was not to go on.
  static std::expected<Wires, Error> open(const std::string& server, std::size_t count,
                                          const GoesOn& goes_on);

  std::size_t count() const { return streams_.count(); }

  /// Ends all connections, without a word; they are of no further use.
  void close() { streams_.close(); }

  /// Gathers a request for a stream; it leaves with the next wait, or with the batch under way.
  void send(std::size_t stream, std::string_view frame) { streams_.send(stream, frame); }
  template <typename Request>
  void send(std::size_t stream, std::uint64_t correlation_id, Request request) {
    send(stream, codec::encode_request(correlation_id, std::move(request)));
  }

  using Take = std::function<void(std::size_t stream, const wire::ServerMessage& message)>;

  /// Waits up to `timeout_ms` for messages and hands them over. True: some came. The error is a
  /// connection's end, or what the server said before it.
  std::expected<bool, Error> wait(int timeout_ms, const Take& take);

  /// When the messages were read that are being taken.
  SteadyTime read_at() const { return read_at_; }

 private:
  explicit Wires(Streams streams) : streams_(std::move(streams)), frames_(streams_.count()) {}
  std::expected<void, Error> await_greetings(const GoesOn& goes_on);
  std::expected<void, Error> take_frames(std::size_t stream, const Take& take);

  Streams streams_;
  std::vector<codec::FrameReader> frames_;
  SteadyTime read_at_;
};

/// The refusal that a message carries, which must be one.
Error refusal_of(const wire::ServerMessage& message);

}  // namespace muster::tools
