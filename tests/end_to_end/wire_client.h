// A client that speaks frames and nothing more: it can say what a real client never would.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "codec/frame.h"
#include "codec/wire.h"
#include "end_to_end/deadline.h"

namespace muster::e2e {

/// The connection ended, or patience did, before the reply came.
struct NoReply : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class WireClient {
 public:
  /// Connects to "HOST:PORT" or "unix:PATH", and says hello unless told not to. Throws NoReply.
  explicit WireClient(const std::string& address, bool says_hello = true);
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  /// Any bytes at all. False when the server has closed the connection.
  bool send_bytes(std::string_view bytes);

  /// Sends a request (a wire::…T object); its correlation id.
  template <typename Body>
  std::uint64_t send(Body body) {
    const std::uint64_t correlation_id = ++last_correlation_id_;
    send_bytes(codec::encode_request(correlation_id, std::move(body)));
    return correlation_id;
  }

  /// The reply to a request, or nothing: too late, or the connection has ended.
  std::optional<wire::ServerMessageT> reply(std::uint64_t correlation_id,
                                            Milliseconds patience = kPatience);

  /// Sends a request; its reply, whatever it is. Throws NoReply.
  template <typename Body>
  wire::ServerMessageT call(Body body) {
    return require_reply(send(std::move(body)));
  }
  wire::ServerMessageT require_reply(std::uint64_t correlation_id);

  /// Sends a request and requires a reply of the given type.
  template <typename Reply, typename Body>
  Reply ask(Body body) {
    wire::ServerMessageT message = call(std::move(body));
    if (const wire::ErrorT* error = message.body.AsError()) {
      REQUIRE_MESSAGE(false, "refused: ", error->name, ": ", error->message);
    }
    const bool is_expected = message.body.type == wire::ServerBodyUnionTraits<Reply>::enum_value;
    REQUIRE_MESSAGE(is_expected, "a reply of type ", static_cast<int>(message.body.type));
    return std::move(*static_cast<Reply*>(message.body.value));
  }

  /// Sends a request and requires that it is refused.
  template <typename Body>
  wire::ErrorT refusal(Body body) {
    const wire::ServerMessageT message = call(std::move(body));
    const wire::ErrorT* error = message.body.AsError();
    REQUIRE_MESSAGE(error != nullptr, "not refused");
    return *error;
  }

  /// The next push, whatever it is.
  std::optional<wire::ServerMessageT> push(Milliseconds patience = kPatience);

  /// The error of the next Closing; pushes before it are skipped.
  std::optional<wire::ErrorT> closing(Milliseconds patience = kPatience);

  /// True once the server has closed the connection.
  bool ended(Milliseconds patience = kPatience);

  /// Ends the connection as a crash would: without a word.
  void close();

  int descriptor() const { return socket_; }

 private:
  // Reads what comes within `patience`, at least one piece; false at the end of the connection.
  bool receive(Milliseconds patience);
  void sort(wire::ServerMessageT message);

  int socket_ = -1;
  bool ended_ = false;
  std::uint64_t last_correlation_id_ = 0;
  codec::FrameReader reader_;
  std::map<std::uint64_t, wire::ServerMessageT> replies_;
  std::deque<wire::ServerMessageT> pushes_;
};

/// A connected socket to "HOST:PORT" or "unix:PATH"; -1 when it is refused.
int connect_to(const std::string& address);

}  // namespace muster::e2e
