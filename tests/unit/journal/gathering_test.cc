#include "journal/gathering.h"

#include <doctest/doctest.h>

namespace muster::journal {
namespace {

EncodedEvents unit_of(std::size_t events, std::size_t bytes_each = 1) {
  EncodedEvents unit;
  for (std::size_t i = 0; i < events; ++i) unit.append(std::string(bytes_each, 'x'));
  return unit;
}

}  // namespace

TEST_CASE("a batch takes all that fits, and numbers it on without a gap") {
  Gathering gathering(11);
  gathering.add(unit_of(2, 100));
  gathering.add(unit_of(3, 10));
  const Batch first = gathering.take();
  CHECK(first.first_sequence == 11);
  CHECK(first.last_sequence() == 15);
  CHECK(first.events.bytes() == 230);
  CHECK(first.events[1].size() == 100);
  CHECK(first.events[2].size() == 10);
  CHECK(gathering.empty());

  gathering.add(unit_of(1));
  CHECK(gathering.take().first_sequence == 16);
}

TEST_CASE("a batch ends before the unit that would make it too many events") {
  Gathering gathering(1);
  gathering.add(unit_of(Gathering::kMaxEvents - 1));
  gathering.add(unit_of(1));
  gathering.add(unit_of(2));
  CHECK(gathering.take().last_sequence() == Gathering::kMaxEvents);
  CHECK(gathering.take().events.size() == 2);
}

TEST_CASE("a batch ends before the unit that would make it too many bytes") {
  Gathering gathering(1);
  gathering.add(unit_of(2, Gathering::kMaxBytes / 2 - 1));
  gathering.add(unit_of(3, 1));
  const Batch batch = gathering.take();
  CHECK(batch.events.size() == 2);
  CHECK(batch.last_sequence() == 2);
}

TEST_CASE("all of a later one joins the last batch while it fits, and keeps its numbers") {
  Gathering gathering(1);
  Gathering later(1);
  later.add(unit_of(2, 10));
  gathering.add_all_of(later);
  CHECK(later.empty());
  CHECK(gathering.last_sequence() == 2);
  later.add(unit_of(3));
  later.add(unit_of(Gathering::kMaxEvents));
  gathering.add_all_of(later);
  CHECK(later.empty());
  CHECK(gathering.take().last_sequence() == 5);
  CHECK(gathering.take().first_sequence == 6);
  CHECK(gathering.empty());
  CHECK(gathering.last_sequence() == Gathering::kMaxEvents + 5);
  later.add(unit_of(1));
  gathering.add_all_of(later);
  CHECK(gathering.take().first_sequence == Gathering::kMaxEvents + 6);
}

TEST_CASE("a unit larger than any batch is a batch of its own, not split") {
  Gathering gathering(1);
  gathering.add(unit_of(1));
  gathering.add(unit_of(Gathering::kMaxEvents + 7));
  gathering.add(unit_of(1, Gathering::kMaxBytes + 1));
  gathering.add(unit_of(1));
  CHECK(gathering.take().last_sequence() == 1);
  CHECK(gathering.take().events.size() == Gathering::kMaxEvents + 7);
  CHECK(gathering.take().events.bytes() == Gathering::kMaxBytes + 1);
  CHECK(gathering.take().events.size() == 1);
}

TEST_CASE("memory that was given back begins the next batch empty") {
  Gathering gathering(1);
  gathering.add({"one", "two"});
  gathering.give_back(gathering.take().events);
  gathering.add({"three"});
  const Batch batch = gathering.take();
  CHECK(batch.first_sequence == 3);
  REQUIRE(batch.events.size() == 1);
  CHECK(batch.events[0] == "three");
}

}  // namespace muster::journal
