// The journal as the coordinator sees it: asynchronous (stage, flush, "durable up to N"), bytes
// and sequences only. It knows nothing of groups. LMDB stands behind it in the daemon, a simulated
// disk in the simulator; a replicated journal could stand here later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "journal/encoded_events.h"

namespace muster::journal {

class Journal {
 public:
  using DurableListener = std::function<void(std::uint64_t durable_sequence)>;

  virtual ~Journal() = default;

  /// Takes a unit for the batch that gathers: the events of one command, in order, durable together
  /// or not at all (one-command-one-unit). They get the next sequences, without a gap.
  virtual void stage(const EncodedEvents& unit) = 0;

  /// Sends what has gathered on its way: at once, or when what went before it is durable. Never
  /// blocks. A batch that fails stops the process.
  virtual void flush() = 0;

  /// Every event up to here survives kill -9 and power loss (no-loss).
  virtual std::uint64_t durable_sequence() const = 0;

  /// Bytes staged and not yet durable: the coordinator stops reading when they grow (bounded).
  virtual std::size_t pending_bytes() const = 0;

  /// For how long something has been on its way while nothing became durable; 0 when nothing is on
  /// its way. The session clock stands still while this is long (patient-coordinator).
  virtual std::uint64_t flush_age_ms() const = 0;

  /// True while map or filesystem is so full that only the reserve is left: changes are refused
  /// with STORAGE_FULL, but releases, leaves and fences still pass.
  virtual bool storage_full() const = 0;

  /// Whether a unit of so many bytes still fits without touching the reserve. One command may be as
  /// large as a group (what it deletes is kept in its events), so the flag alone is not enough.
  virtual bool has_room_for(std::size_t bytes) const = 0;

  /// What it takes on the disk.
  virtual std::uint64_t file_bytes() const = 0;

  /// Called on the coordinator's thread, with a rising sequence, when more has become durable.
  virtual void on_durable(DurableListener listener) = 0;
};

}  // namespace muster::journal
