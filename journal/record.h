// One record: key = the sequence, 8 bytes big-endian, so that LMDB's order is the journal's;
// value = 8 bytes checksum, little-endian, then the event's bytes.
//
// The checksum is XXH3-64 of the bytes, seeded with XXH3-64 of (journal id, sequence): a record
// that is sound in itself but stands in the wrong place, or comes from another journal, is as bad
// as a damaged one.
#pragma once

#include <xxhash.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "journal/header.h"
#include "journal/little_endian.h"

namespace muster::journal {

inline constexpr std::size_t kSequenceKeyBytes = 8;
inline constexpr std::size_t kRecordChecksumBytes = 8;
/// What a record takes in the file besides the event's bytes: key, checksum, LMDB's node and its
/// offset.
inline constexpr std::size_t kBytesAroundRecord = kSequenceKeyBytes + kRecordChecksumBytes + 8 + 2;

using SequenceKey = std::array<char, kSequenceKeyBytes>;

inline SequenceKey sequence_key(std::uint64_t sequence) {
  SequenceKey key{};
  for (std::size_t i = key.size(); i-- > 0; sequence >>= 8) {
    key[i] = static_cast<char>(sequence & 0xff);
  }
  return key;
}

/// Nothing when the key is none of ours.
inline std::optional<std::uint64_t> sequence_of(std::string_view key) {
  if (key.size() != kSequenceKeyBytes) return std::nullopt;
  std::uint64_t sequence = 0;
  for (const char byte : key) sequence = (sequence << 8) | static_cast<unsigned char>(byte);
  return sequence;
}

inline std::uint64_t record_checksum(const JournalId& id, std::uint64_t sequence,
                                     std::string_view bytes) {
  std::array<char, 16 + kSequenceKeyBytes> place{};
  const SequenceKey key = sequence_key(sequence);
  std::memcpy(place.data(), id.data(), id.size());
  std::memcpy(place.data() + id.size(), key.data(), key.size());
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(place.data(), place.size()));
}

/// The event's bytes within a value, or nothing when the checksum does not match.
inline std::optional<std::string_view> checked_bytes(const JournalId& id, std::uint64_t sequence,
                                                     std::string_view value) {
  if (value.size() < kRecordChecksumBytes) return std::nullopt;
  const std::string_view bytes = value.substr(kRecordChecksumBytes);
  if (read_little_endian<std::uint64_t>(value, 0) != record_checksum(id, sequence, bytes)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace muster::journal
