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

class Gathering {
 public:
  /// A batch is cut when it has this much, whichever is first.
  static constexpr std::size_t kMaxEvents = 4'096;
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

  explicit Gathering(std::uint64_t next_sequence) : next_sequence_(next_sequence) {}

  void add(Unit unit);
  bool empty() const { return units_.empty(); }

  /// The oldest units, as many as fit; one that does not fit in any batch is a batch of its own. A
  /// unit is never split (one-command-one-unit). There must be one.
  Batch cut();

 private:
  std::uint64_t next_sequence_;  // of the next batch
  std::deque<Unit> units_;
};

std::size_t bytes_of(const Unit& unit);

}  // namespace muster::journal
