#include "daemon/system_entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "domain/assert.h"

namespace muster::daemon {

std::uint64_t SystemEntropy::draw() {
  std::uint64_t value = 0;
  ssize_t taken = -1;
  // Up to 256 bytes come whole; only the wait for the first seed after boot can be interrupted.
  do {
    taken = getrandom(&value, sizeof(value), 0);
  } while (taken < 0 && errno == EINTR);
  MUSTER_ASSERT(taken == sizeof(value));
  return value;
}

}  // namespace muster::daemon
