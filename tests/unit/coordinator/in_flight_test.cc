#include "coordinator/in_flight.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace muster::coordinator {
namespace {

TEST_CASE("Requests in flight are known by their numbers, in whatever order they come and go") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    InFlight in_flight;
    std::set<std::uint64_t> known;
    const std::uint64_t numbers = 1 + random() % 40;
    const bool upwards = random() % 2 == 0;
    std::uint64_t last = 0;
    for (int step = 0; step < 200; ++step) {
      if (random() % 2 == 0) {
        const std::uint64_t id = upwards ? ++last : random() % numbers;
        REQUIRE(in_flight.insert(id) == known.insert(id).second);
        REQUIRE_FALSE(in_flight.insert(id));
      } else if (!known.empty()) {
        const bool oldest = random() % 4 != 0;
        const std::uint64_t id = oldest ? *known.begin() : random() % (numbers + last);
        in_flight.erase(id);
        known.erase(id);
      }
      REQUIRE(in_flight.size() == known.size());
    }
  }
}

}  // namespace
}  // namespace muster::coordinator
