// The coordinator's clock: the machine's own.
#pragma once

#include <cstdint>

#include "coordinator/seams.h"

namespace muster::daemon {

class SystemClock final : public coordinator::Clock {
 public:
  /// CLOCK_BOOTTIME: unlike CLOCK_MONOTONIC it goes on while the machine is suspended, as the
  /// client's lease does.
  std::uint64_t monotonic_ms() const override;
  std::int64_t wall_ms() const override;
};

}  // namespace muster::daemon
