#include "codec/frame.h"

#include <bit>
#include <cstring>

namespace muster::codec {
namespace {

constexpr std::size_t kAlignment = 8;

std::uint32_t read_length(const char* bytes) {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes, sizeof(length));
  return std::endian::native == std::endian::little ? length : __builtin_bswap32(length);
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  if (start_ > buffer_.size() / 2) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  buffer_.append(bytes);
}

std::expected<std::optional<std::string_view>, BadFrame> FrameReader::next() {
  const std::size_t available = buffer_.size() - start_;
  if (available < kFrameHeaderBytes) return nothing_yet();
  const std::uint32_t length = read_length(buffer_.data() + start_);
  if (length == 0 || length > max_frame_bytes_) {
    return std::unexpected(BadFrame{.announced_bytes = length, .max_bytes = max_frame_bytes_});
  }
  if (available < kFrameHeaderBytes + length) return nothing_yet();
  // FlatBuffers wants 8-byte alignment, which the buffer has and its middle has not: the payload is
  // moved down, over its header and what came before.
  const std::size_t payload = start_ + kFrameHeaderBytes;
  char* const aligned = buffer_.data() + payload / kAlignment * kAlignment;
  std::memmove(aligned, buffer_.data() + payload, length);
  start_ = payload + length;
  return std::string_view(aligned, length);
}

/// A stream that rests holds no memory but an incomplete frame's: most of them rest.
std::nullopt_t FrameReader::nothing_yet() {
  if (start_ == buffer_.size()) {
    std::string().swap(buffer_);
    start_ = 0;
  }
  return std::nullopt;
}

std::string frame(std::string_view payload) {
  std::string framed;
  framed.reserve(kFrameHeaderBytes + payload.size());
  append_frame(framed, payload);
  return framed;
}

void append_frame(std::string& bytes, std::string_view payload) {
  const auto length = static_cast<std::uint32_t>(payload.size());
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>((length >> shift) & 0xff));
  }
  bytes.append(payload);
}

}  // namespace muster::codec
