// Wire messages as plain structs: the object types that flatc makes from schemas/wire.fbs, with
// the two functions each direction needs. Every incoming buffer is verified before it is read.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "codec/commit_reply_shapes.h"
#include "domain/errors.h"

namespace muster::codec {

/// Oldest and newest protocol version that this build speaks.
inline constexpr std::uint16_t kOldestProtocolVersion = 1;
inline constexpr std::uint16_t kNewestProtocolVersion = 1;

/// What is wrong with a buffer that is not a message.
struct WireError {
  std::string message;
};

/// A framed request, ready to be sent. `body` is one of the request tables' object types
/// (wire::JoinT …).
template <typename Body>
std::string encode_request(std::uint64_t correlation_id, Body body);

/// A framed message from the server. `body` is one of the reply or push object types.
template <typename Body>
std::string encode_server_message(std::uint64_t correlation_id, Sequence sequence, Body body);

/// Encodes messages from the server, one after the other in the same memory.
class ServerMessageEncoder {
 public:
  /// Framed. Valid until the next call.
  std::string_view encode(std::uint64_t correlation_id, Sequence sequence,
                          const wire::ServerBodyUnion& body);

 private:
  std::string_view build(std::uint64_t correlation_id, Sequence sequence,
                         const wire::ServerBodyUnion& body);

  flatbuffers::FlatBufferBuilder builder_;
  std::string framed_;
  CommitReplyShapes commit_replies_;
};

/// Verifies and unpacks one frame's payload.
std::expected<wire::RequestT, WireError> decode_request(std::string_view payload);
std::expected<wire::ServerMessageT, WireError> decode_server_message(std::string_view payload);

/// A refusal as it goes over the wire, and back.
wire::ErrorT to_wire(const Rejection& rejection);
Rejection from_wire(const wire::ErrorT& error);

// ---- implementation of the templates ---------------------------------------------------------

std::string finish_request(wire::RequestT& request);
std::string finish_server_message(wire::ServerMessageT& message);

template <typename Body>
std::string encode_request(std::uint64_t correlation_id, Body body) {
  wire::RequestT request;
  request.correlation_id = correlation_id;
  request.body.Set(std::move(body));
  return finish_request(request);
}

template <typename Body>
std::string encode_server_message(std::uint64_t correlation_id, Sequence sequence, Body body) {
  wire::ServerMessageT message;
  message.correlation_id = correlation_id;
  message.sequence = sequence;
  message.body.Set(std::move(body));
  return finish_server_message(message);
}

}  // namespace muster::codec
