#include "domain/named_map.h"

#include <doctest/doctest.h>

#include <random>

namespace muster::domain {
namespace {

TEST_CASE("What has a name is found, also by the name that was asked for last") {
  std::mt19937_64 random(1);
  NamedMap<int> map;
  std::map<std::string, int> known;
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = "group-" + std::to_string(random() % 4);
    switch (random() % 4) {
      case 0:
        map.try_emplace(name, int{step});
        known.try_emplace(name, step);
        break;
      case 1:
        if (random() % 2 == 0) break;
        map.erase(name);
        known.erase(name);
        break;
      default: {
        const int* found = map.find(name);
        const auto there = known.find(name);
        REQUIRE((found == nullptr) == (there == known.end()));
        if (found != nullptr) REQUIRE(*found == there->second);
      }
    }
  }
}

TEST_CASE("A map that was moved finds nothing any more, and the other all of it") {
  NamedMap<int> map;
  map["a"] = 1;
  REQUIRE(map.find("a") != nullptr);
  NamedMap<int> moved(std::move(map));
  CHECK(map.find("a") == nullptr);  // NOLINT(bugprone-use-after-move): that is the question
  REQUIRE(moved.find("a") != nullptr);
  NamedMap<int> assigned;
  assigned["b"] = 2;
  REQUIRE(assigned.find("b") != nullptr);
  assigned = std::move(moved);
  CHECK(assigned.find("b") == nullptr);
  CHECK(*assigned.find("a") == 1);
}

}  // namespace
}  // namespace muster::domain
