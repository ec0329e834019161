#include "codec/wire.h"

#include <utility>

#include "codec/frame.h"

namespace muster::codec {
namespace {

// A buffer of 4 MiB may hold many tables, but no request nests deeper than this.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxTables = 1'000'000;

template <typename Root>
bool verified(std::string_view payload) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size(), kMaxDepth, kMaxTables);
  return verifier.VerifyBuffer<Root>();
}

template <typename Root, typename Object>
std::string finish(Object& object) {
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(Root::Pack(builder, &object));
  return frame({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

template <typename Root, typename Object>
std::expected<Object, WireError> decode(std::string_view payload, const char* what) {
  if (!verified<Root>(payload)) {
    return std::unexpected(WireError{
        std::string("The frame is not a valid ") + what +
        ": its FlatBuffer does not verify against schemas/wire.fbs."});
  }
  Object object;
  flatbuffers::GetRoot<Root>(payload.data())->UnPackTo(&object);
  return object;
}

}  // namespace

std::string finish_request(wire::RequestT& request) { return finish<wire::Request>(request); }

std::string finish_server_message(wire::ServerMessageT& message) {
  return finish<wire::ServerMessage>(message);
}

std::expected<wire::RequestT, WireError> decode_request(std::string_view payload) {
  return decode<wire::Request, wire::RequestT>(payload, "Request");
}

std::expected<wire::ServerMessageT, WireError> decode_server_message(std::string_view payload) {
  return decode<wire::ServerMessage, wire::ServerMessageT>(payload, "ServerMessage");
}

wire::ErrorT to_wire(const Rejection& rejection) {
  const ErrorTraits& traits = traits_of(rejection.code);
  wire::ErrorT error;
  error.code = static_cast<std::uint16_t>(rejection.code);
  error.name = traits.name;
  error.message = rejection.message;
  error.retriable = traits.retriable;
  error.retry_after_ms = rejection.retry_after_ms;
  error.current_fence = rejection.current_fence;
  return error;
}

Rejection from_wire(const wire::ErrorT& error) {
  return {.code = static_cast<ErrorCode>(error.code),
          .message = error.message,
          .retry_after_ms = error.retry_after_ms,
          .current_fence = error.current_fence};
}

}  // namespace muster::codec
