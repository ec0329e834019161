#include "codec/wire.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "codec/frame.h"
#include "codec/wire_view.h"

namespace muster::codec {
namespace {

// A buffer of 4 MiB may hold many tables, but no request nests deeper than this.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxTables = 1'000'000;

// Honest requests unpack to a few times their frame; see unpacked_bytes.
constexpr std::size_t kMaxUnpackedBytes = 64 * 1024 * 1024;

std::size_t bytes_of(const flatbuffers::String* text) { return text == nullptr ? 0 : text->size(); }
std::size_t strings_of(const flatbuffers::String* topic) { return bytes_of(topic); }
std::size_t strings_of(const wire::PartitionName* name) { return bytes_of(name->topic()); }
std::size_t strings_of(const wire::EndReport* report) { return bytes_of(report->topic()); }
std::size_t strings_of(const wire::ResetOffset* reset) { return bytes_of(reset->metadata()); }
std::size_t strings_of(const auto* item) {
  return bytes_of(item->topic()) + bytes_of(item->metadata());
}

std::size_t unpacked_bytes(const auto* entries) {
  constexpr std::size_t kFixedBytes = 128;  // the entry itself
  std::size_t bytes = 0;
  if (entries == nullptr) return bytes;
  for (const auto* entry : *entries) bytes += kFixedBytes + strings_of(entry);
  return bytes;
}

/// The name of a topic is repeated for each of its partitions.
std::size_t unpacked_bytes(const wire::ResetOffsets& reset) {
  std::size_t bytes = 0;
  for (const wire::ResetTopic* topic : *reset.topics()) {
    bytes += unpacked_bytes(topic->offsets()) + bytes_of(topic->topic()) * topic->offsets()->size();
  }
  return bytes;
}

/// How much memory the lists of a request take once unpacked. A buffer may refer to one string or
/// table a million times, and unpacking repeats it each time: a frame could grow to terabytes.
std::size_t unpacked_bytes(const wire::Request& request) {
  if (const auto* join = request.body_as_Join()) return unpacked_bytes(join->topics());
  if (const auto* release = request.body_as_Release()) return unpacked_bytes(release->items());
  if (const auto* commit = request.body_as_Commit()) return unpacked_bytes(commit->items());
  if (const auto* report = request.body_as_ReportEnds()) return unpacked_bytes(report->items());
  if (const auto* reset = request.body_as_ResetOffsets()) return unpacked_bytes(*reset);
  if (const auto* fetch = request.body_as_FetchOffsets()) {
    return unpacked_bytes(fetch->partitions());
  }
  return 0;
}

template <typename Root>
bool verified(std::string_view payload) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size(), kMaxDepth, kMaxTables);
  return verifier.VerifyBuffer<Root>();
}

/// FlatBuffers' verifier sees to it that a list is within its buffer, but not that its structs lie
/// where their 64-bit fields may: see copies.h.
bool list_aligned(const auto& list) {
  const auto start = reinterpret_cast<std::uintptr_t>(list.Data());
  return list.size() == 0 || start % sizeof(std::uint64_t) == 0;
}

bool aligned(const auto& topics) {
  return std::ranges::all_of(topics,
                             [](const auto* topic) { return list_aligned(*topic->partitions()); });
}

/// Structs have no strings, and nobody has a reason to share a list of them: there are no more of
/// them than the payload has room for.
bool lists_shared(const wire::Request& request, std::size_t payload_bytes) {
  const wire::Commit* commit = request.body_as_Commit();
  if (commit == nullptr || commit->topics() == nullptr) return false;
  std::size_t bytes = 0;
  for (const wire::TopicOffsets* topic : *commit->topics()) {
    bytes += topic->offsets()->size() * sizeof(wire::PlainOffset);
  }
  return bytes > payload_bytes;
}

bool lists_aligned(const wire::Request& request) {
  const wire::Commit* commit = request.body_as_Commit();
  if (commit == nullptr || commit->topics() == nullptr) return true;
  return std::ranges::all_of(*commit->topics(),
                             [](const auto* topic) { return list_aligned(*topic->offsets()); });
}

bool lists_aligned(const wire::ServerMessage& message) {
  if (const auto* reply = message.body_as_JoinReply()) return aligned(*reply->held());
  if (const auto* assigned = message.body_as_Assigned()) return aligned(*assigned->granted());
  if (const auto* revoke = message.body_as_Revoke()) return aligned(*revoke->partitions());
  if (const auto* lost = message.body_as_Lost()) return aligned(*lost->partitions());
  return true;
}

template <typename Root, typename Object>
std::string finish(Object& object) {
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(Root::Pack(builder, &object));
  return frame({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

WireError not_valid(const char* what) {
  return {std::string("The frame is not a valid ") + what +
          ": its FlatBuffer does not verify against schemas/wire.fbs."};
}

template <typename Object>
Object unpack(const auto& root) {
  Object object;
  root.UnPackTo(&object);
  return object;
}

}  // namespace

std::string finish_request(wire::RequestT& request) { return finish<wire::Request>(request); }

std::string finish_server_message(wire::ServerMessageT& message) {
  return finish<wire::ServerMessage>(message);
}

std::string_view ServerMessageEncoder::encode(std::uint64_t correlation_id, Sequence sequence,
                                              const wire::ServerBodyUnion& body) {
  const wire::CommitReplyT* commit = body.AsCommitReply();
  if (commit == nullptr || correlation_id == 0 || sequence == 0) {
    return build(correlation_id, sequence, body);
  }
  const std::string_view known = commit_replies_.encode(correlation_id, sequence, *commit);
  if (!known.empty()) return known;
  const std::string_view built = build(correlation_id, sequence, body);
  commit_replies_.remember(*commit, built);
  return built;
}

std::string_view ServerMessageEncoder::build(std::uint64_t correlation_id, Sequence sequence,
                                             const wire::ServerBodyUnion& body) {
  constexpr std::size_t kKeptBytes = 64 * 1024;  // one giant reply's memory is given back
  if (framed_.size() > kKeptBytes) {
    std::string().swap(framed_);
    builder_.Reset();
  }
  builder_.Clear();
  const auto packed = body.Pack(builder_);
  builder_.Finish(wire::CreateServerMessage(builder_, correlation_id, sequence, body.type, packed));
  framed_.clear();
  append_frame(framed_,
               {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()});
  return framed_;
}

std::expected<const wire::Request*, WireError> view_request(std::string_view payload) {
  if (!verified<wire::Request>(payload)) return std::unexpected(not_valid("Request"));
  const auto& request = *flatbuffers::GetRoot<wire::Request>(payload.data());
  if (!lists_aligned(request)) return std::unexpected(not_valid("Request"));
  if (unpacked_bytes(request) > kMaxUnpackedBytes || lists_shared(request, payload.size())) {
    return std::unexpected(WireError{
        "The request repeats shared strings or lists until they are too much to hold: ask for less "
        "at a time."});
  }
  return &request;
}

std::expected<wire::RequestT, WireError> decode_request(std::string_view payload) {
  const auto request = view_request(payload);
  if (!request) return std::unexpected(request.error());
  return unpack<wire::RequestT>(**request);
}

std::expected<const wire::ServerMessage*, WireError> view_server_message(std::string_view payload) {
  if (!verified<wire::ServerMessage>(payload)) return std::unexpected(not_valid("ServerMessage"));
  const auto& message = *flatbuffers::GetRoot<wire::ServerMessage>(payload.data());
  if (!lists_aligned(message)) return std::unexpected(not_valid("ServerMessage"));
  return &message;
}

std::expected<wire::ServerMessageT, WireError> decode_server_message(std::string_view payload) {
  const auto message = view_server_message(payload);
  if (!message) return std::unexpected(message.error());
  return unpack<wire::ServerMessageT>(**message);
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
