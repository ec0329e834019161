#include "journal/gathering.h"

#include <doctest/doctest.h>

namespace muster::journal {
namespace {

Unit unit_of(std::size_t events, std::size_t bytes_each = 1) {
  return Unit(events, std::string(bytes_each, 'x'));
}

}  // namespace

TEST_CASE("a batch takes all that fits, and numbers it on without a gap") {
  Gathering gathering(11);
  gathering.add(unit_of(2, 100));
  gathering.add(unit_of(3, 10));
  const Batch first = gathering.cut();
  CHECK(first.first_sequence == 11);
  CHECK(first.last_sequence == 15);
  CHECK(first.bytes == 230);
  CHECK(first.units.size() == 2);
  CHECK(gathering.empty());

  gathering.add(unit_of(1));
  CHECK(gathering.cut().first_sequence == 16);
}

TEST_CASE("a batch ends before the unit that would make it too many events") {
  Gathering gathering(1);
  gathering.add(unit_of(Gathering::kMaxEvents - 1));
  gathering.add(unit_of(1));
  gathering.add(unit_of(2));
  CHECK(gathering.cut().last_sequence == Gathering::kMaxEvents);
  CHECK(gathering.cut().units.size() == 1);
}

TEST_CASE("a batch ends before the unit that would make it too many bytes") {
  Gathering gathering(1);
  gathering.add(unit_of(2, Gathering::kMaxBytes / 2 - 1));
  gathering.add(unit_of(3, 1));
  const Batch batch = gathering.cut();
  CHECK(batch.units.size() == 1);
  CHECK(batch.last_sequence == 2);
}

TEST_CASE("a unit larger than any batch is a batch of its own, not split") {
  Gathering gathering(1);
  gathering.add(unit_of(1));
  gathering.add(unit_of(Gathering::kMaxEvents + 7));
  gathering.add(unit_of(1, Gathering::kMaxBytes + 1));
  gathering.add(unit_of(1));
  CHECK(gathering.cut().last_sequence == 1);
  const Batch large = gathering.cut();
  CHECK(large.units.size() == 1);
  CHECK(large.units[0].size() == Gathering::kMaxEvents + 7);
  CHECK(gathering.cut().bytes == Gathering::kMaxBytes + 1);
  CHECK(gathering.cut().units.size() == 1);
}

}  // namespace muster::journal
