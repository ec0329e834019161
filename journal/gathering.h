// Units on their way to the journal: gathered into batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "journal/encoded_events.h"

namespace muster::journal {

/// What one transaction of the journal holds.
struct Batch {
  std::uint64_t first_sequence = 0;
  EncodedEvents events;

  std::uint64_t last_sequence() const { return first_sequence + events.size() - 1; }
};

/// A batch is complete when it has this much, whichever is first.
struct BatchLimits {
  std::size_t max_events = 4'096;
  std::size_t max_bytes = std::size_t{256} << 10;  // the pages of the greatest batch stay LMDB's
};

class Gathering {
 public:
  static constexpr std::size_t kMaxEvents = BatchLimits{}.max_events;  // unless told otherwise
  static constexpr std::size_t kMaxBytes = BatchLimits{}.max_bytes;

  explicit Gathering(std::uint64_t next_sequence, const BatchLimits& limits = {})
      : next_sequence_(next_sequence), limits_(limits) {}

  /// A unit is never split (one-command-one-unit): one that does not fit in any batch is a batch of
  /// its own.
  void add(const EncodedEvents& unit);
  /// Takes over all that `later` holds, which goes on where this one ends.
  void add_all_of(Gathering& later);
  /// The last that was ever added.
  std::uint64_t last_sequence() const { return next_sequence_ - 1; }
  bool empty() const { return batches_.empty(); }

  /// The batch with the oldest units. There must be one.
  Batch take();
  /// The memory of a batch that is done with, to be used again.
  void give_back(EncodedEvents events);

 private:
  std::uint64_t next_sequence_;  // of the next event
  BatchLimits limits_;
  std::deque<Batch> batches_;  // oldest first
  EncodedEvents spare_;
};

}  // namespace muster::journal
