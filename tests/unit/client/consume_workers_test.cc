// The consume loop and its records: in order, never past one that failed, and away from what is not
// its own.
#include <limits>
#include <random>
#include <stdexcept>

#include "tests/unit/client/running_loop.h"

namespace muster::testing {
namespace {

using namespace std::chrono_literals;

TEST_CASE("loop: from the committed offset on, in order, and stored after each record") {
  std::vector<std::int64_t> handled;
  Running loop(
      log_of(8),
      [&](const Partition&, const Record& record) -> std::expected<void, std::string> {
        handled.push_back(record.offset);
        return {};
      },
      at_once());
  loop.workers.assigned(part(0, 7, 4));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 8; }));
  loop.end();
  CHECK(handled == std::vector<std::int64_t>{4, 5, 6, 7});
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{5, 6, 7, 8});
  CHECK(loop.workers.position({"t", 0}) == 8);
}

TEST_CASE("loop: kStopPartition: tried again as often as said, then still, never stored past it") {
  std::atomic<bool> mended = false;
  Running loop(
      log_of(10),
      [&](const Partition& partition, const Record& record) -> std::expected<void, std::string> {
        if (partition.index == 0 && record.offset == 5 && !mended) return std::unexpected("poison");
        return {};
      },
      at_once());
  loop.workers.assigned(part(0));
  loop.workers.assigned(part(1));
  loop.start();
  REQUIRE(comes_true([&] { return loop.workers.stopped().size() == 1; }));
  REQUIRE(comes_true([&] { return loop.seat.last(1) == 10; }));  // the others go on
  CHECK(loop.seat.last(0) == 5);
  CHECK(loop.workers.position({"t", 0}) == 5);
  const auto failures = loop.failed();
  REQUIRE(failures.size() == 3);
  CHECK(failures[0].attempt == 1);
  CHECK(failures[0].then == ConsumeFailure::Then::kRetry);
  CHECK(failures[2].attempt == 3);
  CHECK(failures[2].then == ConsumeFailure::Then::kStopPartition);
  CHECK(failures[2].offset == 5);
  CHECK(failures[2].why == "poison");

  mended = true;
  CHECK_FALSE(loop.workers.restart({"t", 1}));
  CHECK(loop.workers.restart({"t", 0}));
  CHECK(comes_true([&] { return loop.seat.last(0) == 10; }));
  CHECK(loop.workers.stopped().empty());
}

TEST_CASE("loop: kSkipRecord: passed after its retries, and told before it is") {
  Running loop(
      log_of(10),
      [](const Partition&, const Record& record) -> std::expected<void, std::string> {
        if (record.offset == 5) return std::unexpected("poison");
        return {};
      },
      at_once(AfterRetries::kSkipRecord));
  std::int64_t stored_when_told = -1;
  loop.workers.on_failure([&](const ConsumeFailure& failure) {
    if (failure.then == ConsumeFailure::Then::kSkipRecord) stored_when_told = loop.seat.last(0);
  });
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 10; }));
  CHECK(stored_when_told == 5);
}

TEST_CASE("loop: a handler that throws has failed") {
  Running loop(
      log_of(3),
      [](const Partition&, const Record& record) -> std::expected<void, std::string> {
        if (record.offset == 1) throw std::runtime_error("no such table");
        return {};
      },
      at_once());
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.workers.stopped().size() == 1; }));
  CHECK(loop.failed()[0].why == "The handler threw: no such table");
  CHECK(loop.seat.last(0) == 1);
}

TEST_CASE(
    "loop: whatever fails at random, no offset is stored past a record that has not succeeded") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto policy = seed % 2 == 0 ? AfterRetries::kStopPartition : AfterRetries::kSkipRecord;
    std::mt19937_64 random(seed);
    std::set<std::int64_t> succeeded;
    std::set<std::int64_t> skipped;
    std::atomic<bool> wrong = false;
    Running loop(log_of(60),
                 [&](const Partition&, const Record& record) -> std::expected<void, std::string> {
                   for (std::int64_t before = 0; before < record.offset; ++before) {
                     if (!succeeded.contains(before) && !skipped.contains(before)) wrong = true;
                   }
                   if (random() % 3 == 0) return std::unexpected("bad luck");
                   succeeded.insert(record.offset);
                   return {};
                 },
                 {.retries = 1,
                  .first_back_off = 1ms,
                  .longest_back_off = 1ms,
                  .after_retries = policy,
                  .idle_wait = 1ms});
    loop.workers.on_failure([&](const ConsumeFailure& failure) {
      if (failure.then == ConsumeFailure::Then::kSkipRecord) skipped.insert(failure.offset);
    });
    loop.workers.assigned(part(0));
    loop.start();
    REQUIRE(comes_true([&] { return loop.seat.last(0) == 60 || !loop.workers.stopped().empty(); }));
    loop.end();
    CHECK_FALSE(wrong);
    if (policy == AfterRetries::kStopPartition) CHECK(skipped.empty());
    for (const std::int64_t next : loop.seat.stored(0)) {
      for (std::int64_t before = 0; before < next; ++before) {
        REQUIRE((succeeded.contains(before) || skipped.contains(before)));
      }
    }
  }
}

TEST_CASE("loop: a revocation waits for the record in hand, and nothing is begun after it") {
  std::atomic<int> begun = 0;
  std::atomic<bool> go_on = false;
  Running loop(
      log_of(10),
      [&](const Partition&, const Record&) -> std::expected<void, std::string> {
        ++begun;
        comes_true([&] { return go_on.load(); });
        return {};
      },
      at_once());
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return begun == 1; }));
  std::atomic<bool> released = false;
  std::thread callback([&] {
    loop.workers.revoked(part(0));
    released = true;
  });
  std::this_thread::sleep_for(20ms);
  CHECK_FALSE(released);
  go_on = true;
  callback.join();
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{1});  // before it is released
  std::this_thread::sleep_for(20ms);
  CHECK(begun == 1);
  CHECK_FALSE(loop.workers.position({"t", 0}).has_value());
}

TEST_CASE("loop: a revocation under another token than the grant's takes nothing away") {
  Running loop(log_of(3), succeed, at_once());
  loop.workers.assigned(part(0, 9));
  loop.workers.revoked(part(0, 7));
  loop.workers.lost(part(0, 7));
  loop.start();
  CHECK(comes_true([&] { return loop.seat.last(0) == 3; }));
}

TEST_CASE("loop: what is held back or paused waits, and the rest goes on") {
  Running loop(log_of(3), succeed, at_once());
  loop.seat.hold_back(0, true);
  loop.workers.assigned(part(0));
  loop.workers.assigned(part(1));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(1) == 3; }));
  CHECK(loop.seat.stored(0).empty());
  loop.seat.hold_back(0, false);
  CHECK(comes_true([&] { return loop.seat.last(0) == 3; }));
}

TEST_CASE("loop: a fetch that fails is told and tried again, for ever") {
  std::atomic<int> calls = 0;
  Running loop(
      [&](const Partition& partition,
          std::int64_t position) -> std::expected<std::vector<Record>, std::string> {
        if (++calls < 6) return std::unexpected("no route");
        return log_of(3)(partition, position);
      },
      succeed, at_once());
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 3; }));
  const auto failures = loop.failed();
  REQUIRE(failures.size() == 5);
  CHECK_FALSE(failures[4].record.has_value());
  CHECK(failures[4].then == ConsumeFailure::Then::kRetry);
}

TEST_CASE(
    "loop: records before the position are dropped, those that don't ascend are a failed fetch") {
  Running loop(
      [](const Partition&,
         std::int64_t position) -> std::expected<std::vector<Record>, std::string> {
        if (position < 10) return std::vector<Record>{{.offset = 4}, {.offset = 8, .next = 10}};
        return std::vector<Record>{{.offset = 12}, {.offset = 11}};
      },
      succeed, at_once());
  loop.workers.assigned(part(0, 7, 6));
  loop.start();
  REQUIRE(comes_true([&] { return !loop.failed().empty(); }));
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{10});
}

TEST_CASE("loop: seek goes on elsewhere, and ends a standstill") {
  Running loop(
      log_of(10),
      [](const Partition&, const Record& record) -> std::expected<void, std::string> {
        if (record.offset == 2) return std::unexpected("poison");
        return {};
      },
      at_once());
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.workers.stopped().size() == 1; }));
  CHECK(loop.workers.seek({"t", 0}, 6));
  CHECK(comes_true([&] { return loop.workers.position({"t", 0}) == 10; }));
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{1, 2, 7, 8, 9, 10});
  CHECK_FALSE(loop.workers.seek({"t", 5}, 0));
}

TEST_CASE("loop: on_start says where to begin") {
  Running loop(log_of(10), succeed, at_once());
  loop.workers.on_start([](const Partition&) { return std::int64_t{8}; });
  loop.workers.assigned(part(0, 7, 3));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 10; }));
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{9, 10});
}

TEST_CASE("loop: a fetch that throws has failed, and its partition goes on and can be revoked") {
  std::atomic<int> calls = 0;
  Running loop(
      [&](const Partition& partition, std::int64_t position) {
        if (++calls == 1) throw std::runtime_error("no route");
        if (calls == 2) throw 5;  // NOLINT(misc-throw-by-value-catch-by-reference)
        return log_of(3)(partition, position);
      },
      succeed, at_once());
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 3; }));
  const auto failures = loop.failed();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].why == "The fetch threw: no route");
  CHECK(failures[1].why == "The fetch threw what is no std::exception.");
  CHECK(loop.workers.revoked(part(0)));
}

TEST_CASE("loop: on_failure that throws: nothing is skipped before it was told") {
  std::atomic<int> told = 0;
  Running loop(
      log_of(10),
      [](const Partition&, const Record& record) -> std::expected<void, std::string> {
        if (record.offset == 5) return std::unexpected("poison");
        return {};
      },
      at_once(AfterRetries::kSkipRecord));
  loop.workers.on_failure([&](const ConsumeFailure& failure) {
    CHECK(loop.seat.last(0) == 5);
    if (failure.then == ConsumeFailure::Then::kSkipRecord) ++told;
    if (told < 3) throw std::runtime_error("the place for such records is full");
  });
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 10; }));
  CHECK(told == 3);
  CHECK(loop.workers.revoked(part(0)));
}

TEST_CASE("loop: on_start that throws is asked again, and nothing is fetched before it says") {
  std::atomic<int> asked = 0;
  Running loop(log_of(10), succeed, at_once());
  loop.workers.on_start([&](const Partition&) -> std::int64_t {
    if (++asked < 3) throw std::runtime_error("the sink is away");
    return 8;
  });
  loop.workers.assigned(part(0, 7, 3));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 10; }));
  CHECK(loop.seat.stored(0) == std::vector<std::int64_t>{9, 10});
  const auto failures = loop.failed();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].why == "on_start threw: the sink is away");
  CHECK_FALSE(failures[0].record.has_value());
}

TEST_CASE("loop: a record that nothing can follow is a failed fetch") {
  Running loop(
      [](const Partition&, std::int64_t) -> std::expected<std::vector<Record>, std::string> {
        return std::vector<Record>{{.offset = std::numeric_limits<std::int64_t>::max()}};
      },
      succeed, at_once());
  loop.workers.assigned(part(0));
  loop.start();
  CHECK(comes_true([&] { return !loop.failed().empty(); }));
}

}  // namespace
}  // namespace muster::testing
