#include "codec/commit_reply_shapes.h"

#include <cstring>

#include "codec/frame.h"

namespace muster::codec {

std::string_view CommitReplyShapes::encode(std::uint64_t correlation_id, Sequence sequence,
                                           const wire::CommitReplyT& reply) {
  if (reply.outcomes.size() > kMostOutcomes) return {};
  Shape& shape = shapes_[reply.outcomes.size()];
  if (shape.framed.empty()) return {};
  char* const to = shape.framed.data();
  const auto write = [&](std::size_t place, std::uint64_t number) {  // four bytes off its alignment
    number = flatbuffers::EndianScalar(number);
    std::memcpy(to + place, &number, sizeof(number));
  };
  write(shape.correlation_id, correlation_id);
  write(shape.sequence, sequence);
  static_assert(sizeof(wire::CommitOutcome) == 1);
  if (!reply.outcomes.empty()) {
    std::memcpy(to + shape.outcomes, reply.outcomes.data(), reply.outcomes.size());
  }
  return shape.framed;
}

void CommitReplyShapes::remember(const wire::CommitReplyT& reply, std::string_view framed) {
  if (reply.outcomes.size() > kMostOutcomes) return;
  Shape& shape = shapes_[reply.outcomes.size()];
  shape.framed = framed;
  const auto place_of = [&](const void* part) {
    return static_cast<std::size_t>(static_cast<const char*>(part) - shape.framed.data());
  };
  const auto& message =
      *flatbuffers::GetRoot<wire::ServerMessage>(shape.framed.data() + kFrameHeaderBytes);
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(message);
  shape.correlation_id = place_of(table.GetAddressOf(wire::ServerMessage::VT_CORRELATION_ID));
  shape.sequence = place_of(table.GetAddressOf(wire::ServerMessage::VT_SEQUENCE));
  shape.outcomes = place_of(message.body_as_CommitReply()->outcomes()->Data());
}

}  // namespace muster::codec
