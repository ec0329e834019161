// Records that finish in any order: nothing passes one that is not done.
#include "muster/processed_tracker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace muster {
namespace {

/// All that is known of each record, asked anew each time.
class NaiveTracker {
 public:
  explicit NaiveTracker(std::int64_t position) : position_(position) {}

  void started(std::int64_t offset, std::int64_t next) { records_[offset] = {.next = next}; }
  void done(std::int64_t offset) { records_.at(offset).done = true; }
  void failed(std::int64_t offset) { records_.at(offset).failed = true; }

  std::int64_t processed_up_to() const {
    std::int64_t up_to = position_;
    for (const auto& [offset, record] : records_) {
      if (!record.done) return up_to;
      up_to = record.next;
    }
    return up_to;
  }
  std::optional<std::int64_t> first_failed() const {
    for (const auto& [offset, record] : records_) {
      if (record.failed && !record.done) return offset;
    }
    return std::nullopt;
  }
  std::size_t outstanding() const {
    std::size_t count = 0;
    for (const auto& [offset, record] : records_) {
      if (record.next > processed_up_to()) ++count;
    }
    return count;
  }

 private:
  struct Record {
    std::int64_t next = 0;
    bool done = false;
    bool failed = false;
  };
  std::int64_t position_;
  std::map<std::int64_t, Record> records_;
};

TEST_CASE("tracker: records that finish in order move it on one by one") {
  ProcessedTracker tracker(10);
  CHECK(tracker.processed_up_to() == 10);
  CHECK(tracker.started(10));
  CHECK(tracker.started(11));
  CHECK(tracker.done(10));
  CHECK(tracker.processed_up_to() == 11);
  CHECK(tracker.done(11));
  CHECK(tracker.processed_up_to() == 12);
  CHECK(tracker.outstanding() == 0);
}

TEST_CASE("tracker: what finishes behind an open record waits for it") {
  ProcessedTracker tracker(0);
  for (std::int64_t offset = 0; offset < 4; ++offset) tracker.started(offset);
  tracker.done(3);
  tracker.done(1);
  CHECK(tracker.processed_up_to() == 0);
  CHECK(tracker.outstanding() == 4);
  tracker.done(0);
  CHECK(tracker.processed_up_to() == 2);
  tracker.done(2);
  CHECK(tracker.processed_up_to() == 4);
}

TEST_CASE("tracker: a failed record holds everything until it is done or skipped") {
  ProcessedTracker tracker(0);
  for (std::int64_t offset = 0; offset < 3; ++offset) tracker.started(offset);
  tracker.done(0);
  CHECK(tracker.failed(1));
  tracker.done(2);
  CHECK(tracker.processed_up_to() == 1);
  CHECK(tracker.first_failed() == 1);
  SUBCASE("done by a retry") { CHECK(tracker.done(1)); }
  SUBCASE("skipped on purpose") { CHECK(tracker.skip(1)); }
  CHECK(tracker.processed_up_to() == 3);
  CHECK(tracker.first_failed() == std::nullopt);
}

TEST_CASE("tracker: only what has failed can be skipped") {
  ProcessedTracker tracker(0);
  tracker.started(0);
  CHECK_FALSE(tracker.skip(0));
  CHECK_FALSE(tracker.skip(1));
  CHECK(tracker.processed_up_to() == 0);
}

TEST_CASE("tracker: offsets may leave gaps, and records may say where to go on") {
  ProcessedTracker tracker(100);
  CHECK(tracker.started(120, 160));
  CHECK(tracker.started(160));
  CHECK(tracker.started(200));
  tracker.done(120);
  CHECK(tracker.processed_up_to() == 160);
  tracker.done(160);
  CHECK(tracker.processed_up_to() == 161);
}

TEST_CASE("tracker: what makes no sense has no effect") {
  ProcessedTracker tracker(10);
  CHECK_FALSE(tracker.started(9));
  CHECK_FALSE(tracker.started(10, 10));
  CHECK(tracker.started(10, 20));
  CHECK_FALSE(tracker.started(15));
  CHECK_FALSE(tracker.done(11));
  CHECK_FALSE(tracker.failed(11));
  CHECK(tracker.done(10));
  CHECK_FALSE(tracker.done(10));
  CHECK_FALSE(tracker.failed(10));
  CHECK(tracker.processed_up_to() == 20);
}

TEST_CASE("tracker: in random orders it says what the naive model says, and never goes back") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    std::mt19937_64 random(seed);
    const auto chance = [&](std::uint64_t percent) { return random() % 100 < percent; };
    const auto position = static_cast<std::int64_t>(random() % 1'000);
    ProcessedTracker tracker(position);
    NaiveTracker naive(position);
    std::vector<std::int64_t> open;
    std::int64_t next = position;
    std::int64_t before = position;
    for (int step = 0; step < 200; ++step) {
      if (open.empty() || chance(40)) {
        const std::int64_t offset =
            next + (chance(20) ? static_cast<std::int64_t>(random() % 5) : 0);
        next = offset + 1 + (chance(20) ? static_cast<std::int64_t>(random() % 5) : 0);
        REQUIRE(tracker.started(offset, next));
        naive.started(offset, next);
        open.push_back(offset);
      } else {
        const std::size_t chosen = random() % open.size();
        const std::int64_t offset = open[chosen];
        if (chance(25)) {
          REQUIRE(tracker.failed(offset));
          naive.failed(offset);
        } else {
          // done, or skipped where it had failed: the same to whoever commits.
          if (!chance(50) || !tracker.skip(offset)) REQUIRE(tracker.done(offset));
          naive.done(offset);
          open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
        }
      }
      REQUIRE(tracker.processed_up_to() == naive.processed_up_to());
      REQUIRE(tracker.first_failed() == naive.first_failed());
      REQUIRE(tracker.outstanding() == naive.outstanding());
      REQUIRE(tracker.processed_up_to() >= before);
      before = tracker.processed_up_to();
      if (!open.empty()) {
        REQUIRE(tracker.processed_up_to() <= *std::ranges::min_element(open));
      }
    }
  }
}

}  // namespace
}  // namespace muster
