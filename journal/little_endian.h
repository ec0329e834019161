// Integers as the journal writes them: little-endian, whatever the machine.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace muster::journal {

template <std::unsigned_integral Integer>
std::array<char, sizeof(Integer)> little_endian(Integer value) {
  std::array<char, sizeof(Integer)> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>((value >> (8 * i)) & 0xff);
  }
  return bytes;
}

template <std::unsigned_integral Integer>
void append_little_endian(std::string& bytes, Integer value) {
  const auto more = little_endian(value);
  bytes.append(more.data(), more.size());
}

/// `bytes` holds at least sizeof(Integer) bytes from `offset` on.
template <std::unsigned_integral Integer>
Integer read_little_endian(std::string_view bytes, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    value = static_cast<Integer>((value << 8) | static_cast<unsigned char>(bytes[offset + i]));
  }
  return value;
}

}  // namespace muster::journal
