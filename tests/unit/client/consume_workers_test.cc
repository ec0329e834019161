// The consume loop: in order, never past a record that failed, and away from what is not its own.
#include "client/src/consume_workers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "client/src/wake.h"

namespace muster {
namespace {

using namespace std::chrono_literals;

Partition part(PartitionIndex index, FencingToken fence = 7, std::int64_t committed = -1) {
  return {.topic = "t",
          .index = index,
          .committed = committed < 0 ? std::nullopt : std::optional(committed),
          .fence = fence};
}

ConsumeLoopOptions at_once(AfterRetries after_retries = AfterRetries::kStopPartition) {
  return {.retries = 2,
          .first_back_off = 1ms,
          .longest_back_off = 2ms,
          .after_retries = after_retries,
          .idle_wait = 1ms};
}

/// A seat that writes down what was stored.
class WritingSeat final : public ConsumeSeat {
 public:
  bool may_work_on(const Partition& partition) override {
    const std::lock_guard lock(mutex_);
    return !held_back_.contains(partition.index);
  }
  std::expected<void, Error> handled(const Partition& partition, std::int64_t next) override {
    const std::lock_guard lock(mutex_);
    stored_[partition.index].push_back(next);
    return {};
  }
  void progress(std::uint64_t at_ms) override {
    const std::lock_guard lock(mutex_);
    progress_ms_ = std::max(progress_ms_, at_ms);
  }

  std::vector<std::int64_t> stored(PartitionIndex index) {
    const std::lock_guard lock(mutex_);
    return stored_[index];
  }
  std::int64_t last(PartitionIndex index) {
    const auto all = stored(index);
    return all.empty() ? -1 : all.back();
  }
  void hold_back(PartitionIndex index, bool held_back) {
    const std::lock_guard lock(mutex_);
    if (held_back) held_back_.insert(index);
    if (!held_back) held_back_.erase(index);
  }
  std::uint64_t progress_ms() {
    const std::lock_guard lock(mutex_);
    return progress_ms_;
  }

 private:
  std::mutex mutex_;
  std::map<PartitionIndex, std::vector<std::int64_t>> stored_;
  std::set<PartitionIndex> held_back_;
  std::uint64_t progress_ms_ = 0;
};

bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

/// Records 0 … end - 1 of every partition, three at a time.
ConsumeLoop::Fetch log_of(std::int64_t end) {
  return [end](const Partition&, std::int64_t position) {
    std::vector<Record> records;
    while (position < end && records.size() < 3) records.push_back({.offset = position++});
    return std::expected<std::vector<Record>, std::string>(std::move(records));
  };
}

/// Workers that run until the end of the test.
struct Running {
  Running(ConsumeLoop::Fetch fetch, ConsumeLoop::Handle handle, ConsumeLoopOptions options)
      : workers(seat, std::move(fetch), std::move(handle), options, [] { return 0; }) {
    workers.on_failure([this](const ConsumeFailure& failure) {
      const std::lock_guard lock(mutex);
      failures.push_back(failure);
    });
  }
  ~Running() { end(); }
  void start() {
    thread = std::thread([this] { ended = workers.run(); });
  }
  void end() {
    workers.stop();
    if (thread.joinable()) thread.join();
  }
  std::vector<ConsumeFailure> failed() {
    const std::lock_guard lock(mutex);
    return failures;
  }

  WritingSeat seat;
  ConsumeWorkers workers;
  std::mutex mutex;
  std::vector<ConsumeFailure> failures;
  std::optional<Error> ended;
  std::thread thread;
};

std::expected<void, std::string> succeed(const Partition&, const Record&) { return {}; }

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

TEST_CASE(
    "loop: a stuck thread is not hidden by one that goes on, and idle ones are no stuck ones") {
  std::atomic<bool> go_on = false;
  ConsumeLoopOptions options = at_once();
  options.threads = 2;
  Running loop(
      log_of(1'000'000),
      [&](const Partition& partition, const Record&) -> std::expected<void, std::string> {
        if (partition.index == 0) comes_true([&] { return go_on.load(); });
        std::this_thread::sleep_for(100us);
        return {};
      },
      options);
  loop.workers.assigned(part(0));
  loop.workers.assigned(part(1));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(1) > 20; }));
  const std::uint64_t stuck_since_ms = loop.seat.progress_ms();
  const std::int64_t before = loop.seat.last(1);
  REQUIRE(comes_true([&] { return loop.seat.last(1) > before + 200; }));
  CHECK(loop.seat.progress_ms() <= stuck_since_ms + 5);
  go_on = true;
  CHECK(comes_true([&] { return loop.seat.progress_ms() > stuck_since_ms + 20; }));
  loop.workers.lost(part(0));
  loop.workers.lost(part(1));
  const std::uint64_t idle_since_ms = boottime_ms();
  CHECK(comes_true([&] { return loop.seat.progress_ms() > idle_since_ms; }));
}

TEST_CASE("loop: the end of the membership ends the run, with the reason") {
  Running loop(log_of(3), succeed, at_once());
  loop.start();
  loop.workers.ended(make_error(ErrorCode::kMemberRemoved, "An operator removed it."));
  loop.thread.join();
  REQUIRE(loop.ended.has_value());
  CHECK(loop.ended->code == ErrorCode::kMemberRemoved);
}

TEST_CASE("loop: a stop before the run ends it at once, and the next run works") {
  Running loop(log_of(3), succeed, at_once());
  loop.workers.stop();
  loop.start();
  loop.thread.join();
  CHECK_FALSE(loop.ended.has_value());
  loop.workers.assigned(part(0));
  loop.start();
  CHECK(comes_true([&] { return loop.seat.last(0) == 3; }));
}

}  // namespace
}  // namespace muster
