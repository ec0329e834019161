// Reading a journal, as the coordinator and the tools see it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string_view>
#include <vector>

#include "journal/error.h"
#include "journal/header.h"

namespace muster::journal {

/// A whole state at one sequence, in chunks; the journal does not know what is in them.
struct Snapshot {
  std::uint64_t sequence = 0;  // of the last event that it has in it
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;   // of all chunks
  std::uint64_t digest = 0;  // of the state, as its maker said
  std::int64_t time_ms = 0;  // when it was made
  bool operator==(const Snapshot&) const = default;
};

class Reader {
 public:
  /// `bytes` are valid during the call only. False: stop reading, it is enough.
  using Sink = std::function<bool(std::uint64_t sequence, std::string_view bytes)>;

  virtual ~Reader() = default;

  /// As it is now: beside a live daemon it moves on.
  virtual std::expected<Header, Error> header() = 0;

  /// Hands each record from `from` up to `to` to `sink`, in order; those that come after the call
  /// began are left out. Both may lie outside of what the journal holds, but a `from` before its
  /// first record is an error. Stops at the first record that is missing or damaged, with its
  /// sequence; all before it were handed out.
  virtual std::expected<void, Error> read(std::uint64_t from, std::uint64_t to,
                                          const Sink& sink) = 0;

  /// The snapshots that are whole, ascending. A journal that does not begin with sequence 1 has one
  /// at the sequence before its first record or later. Older ones may be there until they are
  /// dropped.
  virtual std::expected<std::vector<Snapshot>, Error> snapshots() = 0;

  /// Hands out the chunks of a snapshot in order, numbered from 0. kMissing when it is none of
  /// snapshots() (any more), kCorrupt when one is damaged, with the snapshot's sequence.
  virtual std::expected<void, Error> read_snapshot(std::uint64_t sequence, const Sink& sink) = 0;
};

}  // namespace muster::journal
