#include "client/src/wake.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "domain/assert.h"

namespace muster {

std::uint64_t boottime_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

Wake::Wake() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MUSTER_ASSERT(descriptor_ >= 0);  // a process without free descriptors can't go on
}

Wake::~Wake() { close(descriptor_); }

void Wake::signal() {
  const std::uint64_t one = 1;
  // Refused only when the counter is full: then it is signalled already.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof(one));
}

void Wake::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(descriptor_, &count, sizeof(count));
}

Alarm::Alarm() : descriptor_(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  MUSTER_ASSERT(descriptor_ >= 0);
}

Alarm::~Alarm() { close(descriptor_); }

void Alarm::set(std::uint64_t at_ms) {
  itimerspec when{};  // all zero: disarmed
  if (at_ms != std::numeric_limits<std::uint64_t>::max()) {
    const std::uint64_t ms = std::max<std::uint64_t>(at_ms, 1);
    when.it_value.tv_sec = static_cast<time_t>(ms / 1'000);
    when.it_value.tv_nsec = static_cast<long>(ms % 1'000) * 1'000'000;
  }
  const int status = timerfd_settime(descriptor_, TFD_TIMER_ABSTIME, &when, nullptr);
  MUSTER_ASSERT(status == 0);
}

}  // namespace muster
