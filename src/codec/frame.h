// Frames: a 4-byte little-endian length, then that many bytes of one FlatBuffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace muster::codec {

inline constexpr std::size_t kFrameHeaderBytes = 4;
inline constexpr std::size_t kDefaultMaxFrameBytes = 4 * 1024 * 1024;

/// The announced length of a frame is over the limit, or is 0: the stream can't be read on.
struct BadFrame {
  std::uint32_t announced_bytes = 0;
  std::size_t max_bytes = 0;
};

/// Cuts a stream of bytes into frames. Holds at most one incomplete frame.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_frame_bytes = kDefaultMaxFrameBytes)
      : max_frame_bytes_(max_frame_bytes) {}

  /// Takes bytes as they arrive, in pieces of any size.
  void feed(std::string_view bytes);

  /// The next whole frame's payload, or nothing until more bytes come. The view is valid until
  /// the next call of any member; its start is aligned for FlatBuffers. After BadFrame the reader
  /// is of no further use.
  std::expected<std::optional<std::string_view>, BadFrame> next();

 private:
  std::nullopt_t nothing_yet();

  std::size_t max_frame_bytes_;
  std::string buffer_;     // the frame handed out last, and what is not handed out yet
  std::size_t start_ = 0;  // of the latter
};

/// Header and payload in one string.
std::string frame(std::string_view payload);
/// The same, behind what `bytes` has.
void append_frame(std::string& bytes, std::string_view payload);

}  // namespace muster::codec
