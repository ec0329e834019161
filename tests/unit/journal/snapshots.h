// Snapshots of a test's own making: the journal does not know what is in them.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "journal/store.h"
#include "journal/upkeep.h"

namespace muster::journal::test {

inline std::string chunk_bytes(std::uint64_t sequence, std::uint32_t chunk) {
  return std::string(1'000 + chunk * 7'000, static_cast<char>('A' + (sequence + chunk) % 26));
}

inline Snapshot description(std::uint64_t sequence, std::uint32_t chunks) {
  Snapshot snapshot{.sequence = sequence,
                    .chunks = chunks,
                    .bytes = 0,
                    .digest = sequence * 31,
                    .time_ms = static_cast<std::int64_t>(sequence)};
  for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
    snapshot.bytes += chunk_bytes(sequence, chunk).size();
  }
  return snapshot;
}

/// Does all of `work`, in as many transactions as it takes; their number.
inline int tend(Store& store, std::deque<Upkeep> work, const UpkeepLimits& limits = {}) {
  int transactions = 0;
  while (!work.empty()) {
    const auto done = store.append(store.header().last_sequence + 1, {}, work, limits);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    ++transactions;
  }
  return transactions;
}

inline std::deque<Upkeep> chunks_of(std::uint64_t sequence, std::uint32_t chunks) {
  std::deque<Upkeep> work;
  for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
    work.push_back(PutChunk{sequence, chunk, chunk_bytes(sequence, chunk)});
  }
  return work;
}

/// A whole snapshot.
inline void put_snapshot(Store& store, std::uint64_t sequence, std::uint32_t chunks = 3) {
  std::deque<Upkeep> work = chunks_of(sequence, chunks);
  work.push_back(FinishSnapshot{description(sequence, chunks)});
  tend(store, std::move(work));
}

}  // namespace muster::journal::test
