// The journal's header: who this journal is and how far it reaches. Written in the same
// transaction as the records that it counts, so that both are durable together or not at all.
//
// As bytes, little-endian:
//   u32 format | u8 n, n bytes: the oldest muster that reads this format | 16 bytes journal id |
//   u64 fence base | u64 boot | u64 first sequence | u64 last sequence | u64 transaction |
//   u8 backup (0 or 1) | u64 XXH3-64 of all bytes before it
// In every later format the first two fields and the checksum at the end stay as they are, so that
// an old program can always say what it lacks.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "journal/error.h"

namespace muster::journal {

inline constexpr std::uint32_t kFormat = 1;
/// The first muster that reads kFormat; an older one names it when it refuses the journal.
inline constexpr std::string_view kFormatNeeds = "0.1.0";

/// 128 random bits, drawn when the journal is created.
using JournalId = std::array<std::uint8_t, 16>;

JournalId draw_journal_id();

/// 32 hexadecimal digits.
std::string text(const JournalId& id);

struct Header {
  JournalId journal_id{};
  std::uint64_t fence_base = 0;      // token = fence base + sequence (fence-rises)
  std::uint64_t boot = 0;            // how often the journal was opened for writing
  std::uint64_t first_sequence = 1;  // of the oldest record; last_sequence + 1 when there is none
  std::uint64_t last_sequence = 0;
  /// LMDB's number of the transaction that wrote this header. LMDB's own meta pages carry no
  /// checksum: a damaged one that leads to an older state of the file is noticed by this.
  std::uint64_t transaction = 0;
  /// A copy that must not be served as it is: workers may hold tokens and leases of a future that
  /// it knows nothing of. `muster journal restore` makes a journal of it that may (fence-rises).
  bool backup = false;

  bool operator==(const Header&) const = default;
};

std::string encode_header(const Header& header);

/// kCorrupt or kNewerFormat.
std::expected<Header, Error> decode_header(std::string_view bytes);

}  // namespace muster::journal
