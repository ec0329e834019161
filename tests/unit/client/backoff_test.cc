#include "client/src/backoff.h"

#include <doctest/doctest.h>

#include <limits>

namespace muster {
namespace {

TEST_CASE("waits grow to two seconds and begin anew after a success") {
  Backoff longest([] { return std::uint64_t{0} - 1; });
  Backoff backoff([] { return std::uint64_t{0}; });
  CHECK(backoff.next_ms() == 50);  // the least that chance can give, always
  std::uint64_t before_ms = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::uint64_t wait_ms = longest.next_ms();
    CHECK(wait_ms >= 50);
    CHECK(wait_ms <= 2'000);
    before_ms = wait_ms;
  }
  longest.reset();
  CHECK(longest.next_ms() <= 100);
  CHECK(before_ms > 0);
}

TEST_CASE("two clients that fail together do not come back together") {
  std::uint64_t seed = 0;
  Backoff one([&seed] { return seed += 37; });
  Backoff other([&seed] { return seed += 37; });
  CHECK(one.next_ms() != other.next_ms());
}

}  // namespace
}  // namespace muster
