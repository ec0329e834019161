#include "daemon/descriptors.h"

#include <doctest/doctest.h>

using muster::daemon::fit_connections;
using muster::daemon::kReservedDescriptors;

TEST_CASE("a connection limit that fits is taken as it is") {
  CHECK(fit_connections(100, true, 100 + kReservedDescriptors) == 100);
}

TEST_CASE("a connection limit that was asked for and does not fit is refused with what would fit") {
  const auto fitted = fit_connections(20'000, true, 1'024);
  REQUIRE(!fitted);
  CHECK(fitted.error().find("20000") != std::string::npos);
  CHECK(fitted.error().find(std::to_string(1'024 - kReservedDescriptors)) != std::string::npos);
}

TEST_CASE("the default connection limit is lowered to what fits") {
  CHECK(fit_connections(20'000, false, 1'024) == 1'024 - kReservedDescriptors);
}

TEST_CASE("a process without descriptors to spare is refused even with the default") {
  CHECK(!fit_connections(20'000, false, kReservedDescriptors));
}

TEST_CASE("the descriptor limit is never lowered") {
  const std::size_t before = muster::daemon::raise_descriptor_limit(1);
  CHECK(muster::daemon::raise_descriptor_limit(before) >= before);
  CHECK(muster::daemon::raise_descriptor_limit(1) >= before);
}
