// range against what Kafka's RangeAssignor does.
#include <doctest/doctest.h>

#include "assign_groups.h"
#include "domain/assign/range.h"

namespace muster::domain {
namespace {

Assignment range(const TestGroup& group) { return Range().assign(input_of(group)); }

TEST_CASE("range gives each subscriber a contiguous range, the extras to the first") {
  CHECK(range({3, {{.partitions = 8, .subscribers = {0, 1, 2}}}}) ==
        Assignment{Owners{0, 0, 0, 1, 1, 1, 2, 2}});
  CHECK(range({3, {{.partitions = 7, .subscribers = {0, 1, 2}}}}) ==
        Assignment{Owners{0, 0, 0, 1, 1, 2, 2}});
}

TEST_CASE("range: Kafka's example of two consumers and two topics of three partitions") {
  CHECK(range({2,
               {{.partitions = 3, .subscribers = {0, 1}},
                {.partitions = 3, .subscribers = {0, 1}}}}) == Assignment{{0, 0, 1}, {0, 0, 1}});
}

TEST_CASE("range: Kafka's example of consumers with mixed topics") {
  CHECK(range({3,
               {{.partitions = 3, .subscribers = {0, 1, 2}},
                {.partitions = 2, .subscribers = {1}}}}) == Assignment{{0, 1, 2}, {1, 1}});
}

TEST_CASE("range leaves the last without any when there are more subscribers than partitions") {
  CHECK(range({3, {{.partitions = 1, .subscribers = {0, 1, 2}}}}) == Assignment{Owners{0}});
  CHECK(range({3, {{.partitions = 2, .subscribers = {0, 1, 2}}}}) == Assignment{Owners{0, 1}});
}

TEST_CASE("range lines up topics of equal size and equal subscribers, whatever lies between") {
  const Assignment plan = range({4,
                                 {{.partitions = 10, .subscribers = {0, 2, 3}},
                                  {.partitions = 5, .subscribers = {0, 1}},
                                  {.partitions = 10, .subscribers = {0, 2, 3}}}});
  CHECK(plan[0] == Owners{0, 0, 0, 0, 2, 2, 2, 3, 3, 3});
  CHECK(plan[0] == plan[2]);
}

TEST_CASE("range deals around pinned partitions as if the others alone were there") {
  CHECK(range({2,
               {{.partitions = 6,
                 .subscribers = {0, 1},
                 .pins = {{.partition = 0, .member = 1}, {.partition = 3}}}}}) ==
        Assignment{Owners{1, 0, 0, kUnassigned, 1, 1}});
  CHECK(range({1, {{.partitions = 1, .subscribers = {0}, .pins = {{.partition = 0}}}}}) ==
        Assignment{Owners{kUnassigned}});
}

TEST_CASE("range leaves a topic to nobody when all of its subscribers drain") {
  CHECK(range({1, {{.partitions = 2}}}) == Assignment{Owners{kUnassigned, kUnassigned}});
}

}  // namespace
}  // namespace muster::domain
