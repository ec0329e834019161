#include "domain/assert.h"

#include <cstdio>
#include <cstdlib>

namespace muster {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "muster: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace muster
