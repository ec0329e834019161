#include "daemon/system_clock.h"

#include <ctime>

#include "domain/assert.h"

namespace muster::daemon {
namespace {

std::int64_t read_ms(clockid_t clock) {
  timespec time{};
  const int result = clock_gettime(clock, &time);
  MUSTER_ASSERT(result == 0);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000 + time.tv_nsec / 1'000'000;
}

}  // namespace

std::uint64_t SystemClock::monotonic_ms() const {
  return static_cast<std::uint64_t>(read_ms(CLOCK_BOOTTIME));
}

std::int64_t SystemClock::wall_ms() const { return read_ms(CLOCK_REALTIME); }

}  // namespace muster::daemon
