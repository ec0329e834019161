#include "domain/nearest_name.h"

#include <doctest/doctest.h>

#include <vector>

namespace muster::domain {
namespace {

TEST_CASE("A letter left out, put in, exchanged or swapped is one edit") {
  CHECK(edit_distance("billing", "billing", 3) == 0);
  CHECK(edit_distance("biling", "billing", 3) == 1);
  CHECK(edit_distance("billling", "billing", 3) == 1);
  CHECK(edit_distance("bikling", "billing", 3) == 1);
  CHECK(edit_distance("blliing", "billing", 3) == 2);
  CHECK(edit_distance("ibllign", "billing", 3) == 2);
  CHECK(edit_distance("Billing", "billing", 3) == 0);
  CHECK(edit_distance("", "abc", 3) == 3);
}

TEST_CASE("A distance beyond what is asked about is not counted out") {
  CHECK(edit_distance("orders", "billing", 2) == 3);
  CHECK(edit_distance("a", "abcdefgh", 2) == 3);
}

TEST_CASE("The nearest name is offered, and none where none is near") {
  const std::vector<std::string> known{"group", "topic", "offset", "status"};
  CHECK(nearest_name("gruop", known) == "group");
  CHECK(nearest_name("topics", known) == "topic");
  CHECK(nearest_name("satus", known) == "status");
  CHECK(nearest_name("fence", known).empty());
  CHECK(nearest_name("x", known).empty());
  CHECK(nearest_name("gruop", {}).empty());
}

TEST_CASE("Of several near names the nearest is meant, then the first") {
  const std::vector<std::string> known{"order-12", "order-2", "order-3"};
  CHECK(nearest_name("ordr-3", known) == "order-3");
  CHECK(nearest_name("order-4", known) == "order-2");
}

}  // namespace
}  // namespace muster::domain
