// The seams through which the coordinator reaches the world, together with journal::Journal: the
// daemon puts libuv and LMDB behind them, the simulator its own time, network and chance. Nothing
// else in src/coordinator touches a clock, a socket, a disk or a random number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/plan_task.h"

namespace muster::coordinator {

/// Names a connection; never reused within a run. 0 is none.
using ConnectionId = std::uint64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic, and going on during suspend if the platform can; any origin.
  virtual std::uint64_t monotonic_ms() const = 0;
  /// Since 1970-01-01 UTC; may jump. Information only.
  virtual std::int64_t wall_ms() const = 0;
};

class Connections {
 public:
  virtual ~Connections() = default;
  /// Appends bytes to what the connection has unsent. They leave in one write at the end of the
  /// turn or of the batch. Ignored when the connection is gone.
  virtual void write(ConnectionId connection, std::string_view bytes) = 0;
  /// Sends what is unsent, then closes. on `disconnected` is not reported for it.
  virtual void close(ConnectionId connection) = 0;
  /// Stops and starts reading from one connection (back-pressure). Both are idempotent.
  virtual void pause_reading(ConnectionId connection) = 0;
  virtual void resume_reading(ConnectionId connection) = 0;
  /// Bytes written and not yet taken by the socket.
  virtual std::size_t unsent_bytes(ConnectionId connection) const = 0;
  /// Whether everything that the socket had to give in this turn has been read.
  virtual bool drained(ConnectionId connection) const = 0;
};

/// Computes plans beside the coordinator, which goes on meanwhile: domain::compute, on a thread of
/// its own.
class Planner {
 public:
  virtual ~Planner() = default;
  /// Takes a task; several are computed one after the other. When one is done, the coordinator's
  /// loop is woken.
  virtual void start(domain::PlanTask task) = 0;
  /// The next plan that is done, in any order. Asked at the end of every turn.
  virtual std::optional<domain::ComputedPlan> take() = 0;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t draw() = 0;
};

}  // namespace muster::coordinator
