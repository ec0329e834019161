// Units on their way to the journal: gathered until they are cut into a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "journal/journal.h"

namespace muster::journal {

/// What one transaction of the journal holds.
struct Batch {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::size_t bytes = 0;
  std::vector<Unit> units;
};

/// A batch is cut when it has this much, whichever is first.
struct BatchLimits {
  std::size_t max_events = 4'096;
  std::size_t max_bytes = std::size_t{4} << 20;
};

class Gathering {
 public:
  static constexpr std::size_t kMaxEvents = BatchLimits{}.max_events;  // unless told otherwise
  static constexpr std::size_t kMaxBytes = BatchLimits{}.max_bytes;

  explicit Gathering(std::uint64_t next_sequence, const BatchLimits& limits = {})
      : next_sequence_(next_sequence), limits_(limits) {}

  void add(Unit unit);
  bool empty() const { return units_.empty(); }

  /// The oldest units, as many as fit; one that does not fit in any batch is a batch of its own. A
  /// unit is never split (one-command-one-unit). There must be one.
  Batch cut();

 private:
  std::uint64_t next_sequence_;  // of the next batch
  BatchLimits limits_;
  std::deque<Unit> units_;
};

std::size_t bytes_of(const Unit& unit);

}  // namespace muster::journal
