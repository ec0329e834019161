#include "end_to_end/deadline.h"

#include <algorithm>
#include <thread>

namespace muster::e2e {
namespace {

constexpr Milliseconds kPollInterval{3};

}  // namespace

Milliseconds since(SteadyClock::time_point start) {
  return std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - start);
}

Milliseconds until(SteadyClock::time_point end) {
  return std::max(Milliseconds{0},
                  std::chrono::duration_cast<Milliseconds>(end - SteadyClock::now()));
}

bool wait_until(const std::function<bool()>& predicate, Milliseconds patience) {
  const SteadyClock::time_point end = SteadyClock::now() + patience;
  while (!predicate()) {
    if (SteadyClock::now() >= end) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

bool holds_for(const std::function<bool()>& predicate, Milliseconds period) {
  return !wait_until([&] { return !predicate(); }, period);
}

}  // namespace muster::e2e
