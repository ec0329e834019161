#include "domain/errors.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace muster {
namespace {

TEST_CASE("Every code has a name of its own, in capitals") {
  std::set<std::string_view> seen;
  const auto check = [&](int first, int last) {
    for (int number = first; number <= last; ++number) {
      const auto code = static_cast<ErrorCode>(number);
      const ErrorTraits& traits = traits_of(code);
      INFO(number);
      CHECK(traits.code == code);
      CHECK(seen.insert(traits.name).second);
      CHECK(traits.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos);
    }
  };
  check(0, static_cast<int>(ErrorCode::kInvalidPlan));
  check(100, static_cast<int>(ErrorCode::kInvalidArgument));
}

TEST_CASE("The seed's three codes keep their numbers") {
  CHECK(static_cast<int>(ErrorCode::kMalformedRequest) == 1);
  CHECK(static_cast<int>(ErrorCode::kInternalError) == 2);
  CHECK(static_cast<int>(ErrorCode::kUnknownResource) == 3);
}

TEST_CASE("A code that this build does not know counts as an internal error") {
  CHECK(traits_of(static_cast<ErrorCode>(9'999)).code == ErrorCode::kInternalError);
}

}  // namespace
}  // namespace muster
