// A run of the consume loop: what ends it and what does not, and what it says of its threads.
#include "tests/unit/client/running_loop.h"

namespace muster::testing {
namespace {

using namespace std::chrono_literals;

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
  loop.workers.assigned(part(0));
  loop.start();
  loop.workers.ended(Running::kIncarnation,
                     make_error(ErrorCode::kMemberRemoved, "An operator removed it."));
  loop.thread.join();
  REQUIRE(loop.ended.has_value());
  CHECK(loop.ended->code == ErrorCode::kMemberRemoved);
  CHECK_FALSE(loop.workers.position({"t", 0}).has_value());
}

TEST_CASE("loop: the end of an earlier membership, or its join's, ends no run after it") {
  const Error why = make_error(ErrorCode::kMemberRemoved, "An operator removed it.");
  Running loop(log_of(3), succeed, at_once());
  loop.start();
  loop.end();
  const std::uint64_t former = loop.run;
  loop.workers.ended(Running::kIncarnation - 1, why);  // told late
  loop.start();
  loop.workers.ended(Running::kIncarnation - 1, why);
  loop.workers.join_failed(former, why);
  loop.workers.assigned(part(0));
  CHECK(comes_true([&] { return loop.seat.last(0) == 3; }));
}

TEST_CASE("loop: a join that fails ends its run, and a stop of that run is none of the next") {
  Running loop(log_of(3), succeed, at_once());
  loop.start();
  loop.workers.stop();
  loop.workers.join_failed(loop.run, make_error(ErrorCode::kUnavailable, "No server answers."));
  loop.thread.join();
  loop.start();
  loop.workers.join_failed(loop.run, make_error(ErrorCode::kUnavailable, "No server answers."));
  loop.thread.join();
  REQUIRE(loop.ended.has_value());
  CHECK(loop.ended->code == ErrorCode::kUnavailable);
  loop.start();
  loop.workers.assigned(part(0));
  CHECK(comes_true([&] { return loop.seat.last(0) == 3; }));
}

TEST_CASE("loop: it runs once at a time") {
  Running loop(log_of(3), succeed, at_once());
  loop.start();
  CHECK_FALSE(loop.workers.begin().has_value());
}

TEST_CASE("loop: closed from a handler: a revocation does not wait for that handler") {
  Running* running = nullptr;
  std::atomic<bool> in_hand = false;
  std::atomic<bool> revoked = false;
  std::atomic<bool> go_on = true;
  Running loop(
      log_of(3),
      [&](const Partition&, const Record&) -> std::expected<void, std::string> {
        in_hand = true;
        if (!comes_true([&] { return revoked.load(); })) return std::unexpected("no revocation");
        running->workers.closed(make_error(ErrorCode::kClosed, "It is being closed."));
        go_on = comes_true([&] { return !revoked.load(); });
        return {};
      },
      at_once());
  running = &loop;
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return in_hand.load(); }));
  bool told_on = true;
  std::thread callback([&] {
    revoked = true;
    told_on = loop.workers.revoked(part(0));
    revoked = false;
  });
  callback.join();
  loop.thread.join();
  CHECK(go_on);
  CHECK_FALSE(told_on);  // on_revoked is not called any more
  REQUIRE(loop.ended.has_value());
  CHECK(loop.ended->code == ErrorCode::kClosed);
}

TEST_CASE("loop: an idle loop is no stuck one, however long idle_wait is") {
  ConsumeLoopOptions options = at_once();
  options.idle_wait = 60s;
  Running loop(log_of(3), succeed, options);
  loop.seat.watch_progress(400);
  loop.workers.assigned(part(0));
  loop.start();
  REQUIRE(comes_true([&] { return loop.seat.last(0) == 3; }));
  std::this_thread::sleep_for(600ms);
  CHECK(loop.seat.longest_silence_ms() < 360);
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
}  // namespace muster::testing
