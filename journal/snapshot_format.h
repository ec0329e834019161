// How snapshots lie in their tree. Key = the sequence, 8 bytes big-endian, then the chunk's number,
// 4 bytes big-endian; value = 8 bytes checksum, little-endian, then the chunk's bytes.
//
// The description of a snapshot has the number behind all chunks and is written last, and removed
// first: a snapshot is whole exactly while its description is there. As bytes, little-endian:
//   u32 chunks | u64 bytes of all chunks | u64 digest | i64 time, ms
//
// The checksum is XXH3-64 of the bytes, seeded with XXH3-64 of (journal id, key), as with records.
#pragma once

#include <xxhash.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "journal/header.h"
#include "journal/little_endian.h"
#include "journal/reader.h"
#include "journal/record.h"

namespace muster::journal {

inline constexpr std::uint32_t kDescriptionChunk = 0xffffffff;
/// The most that one chunk may have: it is written within one transaction, and read under one.
/// Chunks are much smaller, but for one thing that can't be cut: a member's subscription, which is
/// as large as a request may be.
inline constexpr std::size_t kMaxSnapshotChunkBytes = std::size_t{512} << 20;
inline constexpr std::size_t kSnapshotKeyBytes = kSequenceKeyBytes + 4;

using SnapshotKeyBytes = std::array<char, kSnapshotKeyBytes>;

struct SnapshotKey {
  std::uint64_t sequence = 0;
  std::uint32_t chunk = 0;
};

inline SnapshotKeyBytes snapshot_key(SnapshotKey key) {
  SnapshotKeyBytes bytes{};
  const SequenceKey sequence = sequence_key(key.sequence);
  std::memcpy(bytes.data(), sequence.data(), sequence.size());
  for (std::size_t i = bytes.size(); i-- > kSequenceKeyBytes; key.chunk >>= 8) {
    bytes[i] = static_cast<char>(key.chunk & 0xff);
  }
  return bytes;
}

/// Nothing when the key is none of ours.
inline std::optional<SnapshotKey> snapshot_key_of(std::string_view bytes) {
  if (bytes.size() != kSnapshotKeyBytes) return std::nullopt;
  SnapshotKey key{.sequence = *sequence_of(bytes.substr(0, kSequenceKeyBytes))};
  for (const char byte : bytes.substr(kSequenceKeyBytes)) {
    key.chunk = (key.chunk << 8) | static_cast<unsigned char>(byte);
  }
  return key;
}

inline std::uint64_t chunk_checksum(const JournalId& id, SnapshotKey key, std::string_view bytes) {
  std::array<char, 16 + kSnapshotKeyBytes> place{};
  const SnapshotKeyBytes key_bytes = snapshot_key(key);
  std::memcpy(place.data(), id.data(), id.size());
  std::memcpy(place.data() + id.size(), key_bytes.data(), key_bytes.size());
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(place.data(), place.size()));
}

/// The value that holds `bytes`.
inline std::string chunk_value(const JournalId& id, SnapshotKey key, std::string_view bytes) {
  std::string value;
  value.reserve(kRecordChecksumBytes + bytes.size());
  append_little_endian(value, chunk_checksum(id, key, bytes));
  value.append(bytes);
  return value;
}

/// The bytes within a value, or nothing when the checksum does not match.
inline std::optional<std::string_view> checked_chunk(const JournalId& id, SnapshotKey key,
                                                     std::string_view value) {
  if (value.size() < kRecordChecksumBytes) return std::nullopt;
  const std::string_view bytes = value.substr(kRecordChecksumBytes);
  if (read_little_endian<std::uint64_t>(value, 0) != chunk_checksum(id, key, bytes)) {
    return std::nullopt;
  }
  return bytes;
}

inline std::string encode_description(const Snapshot& snapshot) {
  std::string bytes;
  append_little_endian(bytes, snapshot.chunks);
  append_little_endian(bytes, snapshot.bytes);
  append_little_endian(bytes, snapshot.digest);
  append_little_endian(bytes, static_cast<std::uint64_t>(snapshot.time_ms));
  return bytes;
}

/// Nothing when it is no description.
inline std::optional<Snapshot> decode_description(std::uint64_t sequence, std::string_view bytes) {
  if (bytes.size() != 4 + 3 * 8) return std::nullopt;
  return Snapshot{
      .sequence = sequence,
      .chunks = read_little_endian<std::uint32_t>(bytes, 0),
      .bytes = read_little_endian<std::uint64_t>(bytes, 4),
      .digest = read_little_endian<std::uint64_t>(bytes, 12),
      .time_ms = static_cast<std::int64_t>(read_little_endian<std::uint64_t>(bytes, 20))};
}

}  // namespace muster::journal
