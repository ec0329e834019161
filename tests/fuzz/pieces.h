// A fuzzer's input as a list of pieces: two bytes of length, then so many bytes, until it ends. So
// one input can be several frames or events, and a mutation in one leaves the others alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::fuzz {

class Pieces {
 public:
  Pieces(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::optional<std::string_view> next() {
    if (rest_.size() < 2) return std::nullopt;
    const std::size_t announced = static_cast<unsigned char>(rest_[0]) |
                                  static_cast<std::size_t>(static_cast<unsigned char>(rest_[1]))
                                      << 8;
    const std::string_view piece = rest_.substr(2, std::min(announced, rest_.size() - 2));
    rest_.remove_prefix(2 + piece.size());
    return piece;
  }

 private:
  std::string_view rest_;
};

/// What a piece of fuzz_journal changes, by its first byte: bytes of the file, at a place that
/// three bytes say; or the event of a record, which the next byte names.
inline constexpr char kBytesPiece = 0;
inline constexpr char kEventPiece = 1;

inline void append_piece(std::string& input, std::string_view piece) {
  input.push_back(static_cast<char>(piece.size() & 0xff));
  input.push_back(static_cast<char>((piece.size() >> 8) & 0xff));
  input += piece;
}

}  // namespace muster::fuzz
