// A clock that moves only when a test moves it.
#pragma once

#include <cstdint>

#include "coordinator/seams.h"

namespace muster::fakes {

class ManualClock final : public coordinator::Clock {
 public:
  std::uint64_t monotonic_ms() const override { return monotonic_ms_; }
  std::int64_t wall_ms() const override { return wall_ms_; }

  /// Time goes on, on both clocks.
  void advance(std::uint64_t elapsed_ms) {
    monotonic_ms_ += elapsed_ms;
    wall_ms_ += static_cast<std::int64_t>(elapsed_ms);
  }
  /// Somebody sets the wall clock: forwards or backwards.
  void step_wall(std::int64_t step_ms) { wall_ms_ += step_ms; }

 private:
  std::uint64_t monotonic_ms_ = 5'000;
  std::int64_t wall_ms_ = 1'700'000'000'000;
};

}  // namespace muster::fakes
