// The elements of a verified vector, wherever they lie.
//
// FlatBuffers' verifier sees to it that a vector is within its buffer, but not that its elements
// lie where their type may: a buffer made with intent can put a struct of 64-bit numbers at any
// multiple of four. So they are copied before they are read.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace muster::codec {

/// Of structs: their generated members take care of the byte order.
template <typename Struct>
std::vector<Struct> copies(const flatbuffers::Vector<const Struct*>& vector) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  std::vector<Struct> elements(vector.size());
  if (!elements.empty()) {
    std::memcpy(elements.data(), vector.Data(), elements.size() * sizeof(Struct));
  }
  return elements;
}

inline std::vector<std::uint64_t> copies(const flatbuffers::Vector<std::uint64_t>& vector) {
  std::vector<std::uint64_t> numbers(vector.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::memcpy(&numbers[i], vector.Data() + i * sizeof(std::uint64_t), sizeof(std::uint64_t));
    numbers[i] = flatbuffers::EndianScalar(numbers[i]);
  }
  return numbers;
}

}  // namespace muster::codec
