// Small journals to test with.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/file_reader.h"
#include "journal/store.h"

namespace muster::journal::test {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// Small enough that a test allocates next to nothing.
inline StoreOptions small_options(std::uint64_t map_bytes = 256 * kMiB) {
  return {
      .map_bytes = map_bytes,
      .room = {.reserve_bytes = kMiB / 4, .full_below_bytes = kMiB / 2, .clear_above_bytes = kMiB}};
}

inline Store open_store(const std::string& directory,
                        const StoreOptions& options = small_options()) {
  auto store = Store::open(directory, options);
  REQUIRE_MESSAGE(store.has_value(), store.error().message);
  return std::move(*store);
}

/// What record `sequence` of a test holds: now and then it is too large for a page.
inline std::string event_bytes(std::uint64_t sequence) {
  const std::size_t bytes = sequence % 97 == 0 ? 9'000 : 20 + sequence % 200;
  return std::string(bytes, static_cast<char>('a' + sequence % 26));
}

/// Appends the next `count` records, one transaction each `batch` of them.
inline void append_events(Store& store, std::uint64_t count, std::uint64_t batch = 50) {
  std::uint64_t next = store.header().last_sequence + 1;
  for (const std::uint64_t end = next + count; next < end;) {
    const std::uint64_t first = next;
    EncodedEvents events;
    while (next < end && next < first + batch) events.append(event_bytes(next++));
    const auto appended = store.append(first, events);
    REQUIRE_MESSAGE(appended.has_value(), appended.error().message);
  }
}

/// All that can be read, and why no more.
struct ReadBack {
  std::map<std::uint64_t, std::string> records;
  std::expected<void, Error> outcome;
};

inline ReadBack read_back(Reader& reader, std::uint64_t from = 1, std::uint64_t to = UINT64_MAX) {
  ReadBack result;
  result.outcome = reader.read(from, to, [&](std::uint64_t sequence, std::string_view bytes) {
    result.records.emplace(sequence, bytes);
    return true;
  });
  return result;
}

inline FileReader open_reader(const std::string& directory) {
  auto reader = FileReader::open(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  return std::move(*reader);
}

}  // namespace muster::journal::test
