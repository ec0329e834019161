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

/// One of them, of structs or of numbers.
template <typename Struct>
Struct element(const flatbuffers::Vector<const Struct*>& vector, flatbuffers::uoffset_t place) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct copy;
  std::memcpy(&copy, vector.Data() + place * sizeof(Struct), sizeof(Struct));
  return copy;
}
template <typename Number>
  requires std::is_arithmetic_v<Number>
Number element(const flatbuffers::Vector<Number>& vector, flatbuffers::uoffset_t place) {
  Number copy;
  std::memcpy(&copy, vector.Data() + place * sizeof(Number), sizeof(Number));
  return flatbuffers::EndianScalar(copy);
}

inline std::vector<std::uint64_t> copies(const flatbuffers::Vector<std::uint64_t>& vector) {
  std::vector<std::uint64_t> numbers(vector.size());
  for (flatbuffers::uoffset_t i = 0; i < vector.size(); ++i) numbers[i] = element(vector, i);
  return numbers;
}

}  // namespace muster::codec
