// What the soak holds workers' traces against is not always true.
#include "traces.h"

#include <doctest/doctest.h>

namespace muster::soak {
namespace {

using Lines = std::vector<std::string>;

/// Of two processes, the first of which is "a".
std::vector<std::string> of(Lines first, Lines second) {
  return contradictions({{.member_id = "a", .lines = std::move(first)},
                         {.member_id = "b", .lines = std::move(second)}});
}

TEST_CASE("one works after the other: nothing is wrong, whenever the first says what it lost") {
  const auto found = of({"joined", "assigned t/0 5 100", "works t/0 5 110 120", "committed t/0 1 5",
                         "paused t/0", "lost t/0 5 900"},
                        {"assigned t/0 9 200", "works t/0 9 210 220", "works t/0 9 230 240"});
  CHECK(found == Lines{});
}

TEST_CASE("a stopped process that was asked before and answers late is no second owner") {
  const auto found = of({"assigned t/0 5 100", "works t/0 5 190 2500"},
                        {"assigned t/0 9 200", "works t/0 9 210 220"});
  CHECK(found == Lines{});
}

TEST_CASE("who works on after another was told a later token is found") {
  const auto found = of({"assigned t/0 5 100", "works t/0 5 201 205"}, {"assigned t/0 9 200"});
  REQUIRE(found.size() == 1);
  CHECK(found[0] ==
        "single-owner: a (process 0) works on t/0 under token 5 at 201 ns, after 9 was assigned");
  CHECK(of({"assigned t/0 5 100", "works t/0 5 201 205"}, {"assigned t/1 9 200"}) == Lines{});
}

TEST_CASE("a token of two processes, a token that falls, and work on what was lost are found") {
  CHECK(of({"assigned t/0 5 100"}, {"assigned t/0 5 200"}).size() == 1);
  CHECK(of({"assigned t/0 5 100", "assigned t/0 4 200"}, {}).size() == 1);
  CHECK(of({"assigned t/0 5 100", "lost t/0 5 200", "works t/0 5 201 202"}, {}).size() == 1);
  CHECK(of({"works t/0 5 201 202"}, {"works t/0 5 210 212"}).size() == 1);
}

TEST_CASE("a token that the journal has granted to another, or to nobody, is found") {
  const auto grant = [](int sequence, const char* member, int partition) {
    return nlohmann::json{
        {"sequence", sequence},
        {"type", "PartitionsGranted"},
        {"group", "g"},
        {"fence_base", 0},
        {"grants",
         {{{"member_id", member}, {"topics", {{{"topic", "t"}, {"partitions", {partition}}}}}}}}};
  };
  const std::vector<nlohmann::json> log{grant(7, "a", 0), grant(8, "b", 1)};
  const e2e::OwnershipHistory history(log);
  const auto told = [&](const char* line) {
    return not_granted({{.member_id = "a", .lines = {line}}}, history, "g", 7).size();
  };
  CHECK(told("assigned t/0 7 100") == 0);
  CHECK(told("assigned t/1 8 100") == 1);
  CHECK(told("works t/1 8 100 110") == 1);
  CHECK(told("assigned t/0 9 100") == 1);
  CHECK(told("assigned t/0 5 100") == 0);  // before the first sequence that the journal has
}

}  // namespace
}  // namespace muster::soak
