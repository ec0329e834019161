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

// Tables and strings of a buffer may be referred to many times, and each time they unpack anew. An
// honest client gains a factor of about 10 (a long topic name that all items of a commit share).
constexpr std::size_t kMaxUnpackedTimes = 16;

std::size_t text_bytes(const flatbuffers::String* text) { return text ? text->size() : 0; }

template <typename Texts, typename Bytes>
std::size_t sum_of(const Texts* texts, Bytes bytes) {
  std::size_t sum = 0;
  if (texts == nullptr) return 0;
  for (const auto* text : *texts) sum += bytes(*text);
  return sum;
}

/// What the vectors of a request, the only places where one reference may stand many times, unpack
/// to.
std::size_t unpacked_bytes(const wire::Request& request) {
  if (const auto* join = request.body_as_Join()) {
    return sum_of(join->topics(),
                  [](const auto& topic) { return sizeof(std::string) + topic.size(); });
  }
  if (const auto* release = request.body_as_Release()) {
    return sum_of(release->items(), [](const wire::ReleaseItem& item) {
      return sizeof(wire::ReleaseItemT) + text_bytes(item.topic()) + text_bytes(item.metadata());
    });
  }
  if (const auto* commit = request.body_as_Commit()) {
    return sum_of(commit->items(), [](const wire::CommitItem& item) {
      return sizeof(wire::CommitItemT) + text_bytes(item.topic()) + text_bytes(item.metadata());
    });
  }
  if (const auto* fetch = request.body_as_FetchOffsets()) {
    return sum_of(fetch->partitions(), [](const wire::PartitionName& name) {
      return sizeof(wire::PartitionNameT) + text_bytes(name.topic());
    });
  }
  return 0;
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
    return std::unexpected(WireError{std::string("The frame is not a valid ") + what +
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
  if (verified<wire::Request>(payload) &&
      unpacked_bytes(*flatbuffers::GetRoot<wire::Request>(payload.data())) / kMaxUnpackedTimes >
          payload.size()) {
    return std::unexpected(WireError{
        "The frame is refused: it unpacks to more than " + std::to_string(kMaxUnpackedTimes) +
        " times its size, for it refers to the same text again and again. Use smaller requests."});
  }
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
