// Integers as the journal writes them: little-endian, whatever the machine.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace muster::journal {

template <std::unsigned_integral Integer>
void append_little_endian(std::string& bytes, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
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
