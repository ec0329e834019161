#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/walk.h"

namespace muster::domain {
namespace {

TEST_CASE("A random walk over all commands keeps every invariant") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    Walk walk(seed);
    for (int i = 0; i < 1'500; ++i) {
      walk.step();
      if (i % 300 == 299) walk.rest();
    }
    CHECK(walk.applied() > 500);  // it does not only knock on closed doors
    CHECK(walk.refused() > 100);
    CHECK(describe(walk.world().replay()) == describe(walk.world().state()));
  }
}

}  // namespace
}  // namespace muster::domain
