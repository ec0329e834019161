// How a run of a consume loop ends, over a real server: stopped while it joins, left, closed or
// removed under its feet, from elsewhere and from within.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "muster/muster.hpp"

namespace muster::e2e {
namespace {

using LoopOutcome = std::expected<void, Error>;

/// A server with the topic "orders" of four partitions that have a record each, and a loop that is
/// not running yet. Its handler does `in_handler`, if that is set.
struct LoopCalls {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient wire{daemon.address()};
  std::optional<Client> client{std::in_place, ClientOptions{.servers = {daemon.address()}}};
  GroupConsumer consumer;
  std::function<void()> in_handler;
  std::atomic<int> handled = 0;
  ConsumeLoop loop;
  std::thread thread;
  std::future<LoopOutcome> outcome;

  LoopCalls()
      : consumer(*client, {.group_id = "group", .consumer_id = "pod-0", .topics = {"orders"}}),
        loop(
            consumer,
            [](const ::muster::Partition&,
               std::int64_t position) -> std::expected<std::vector<Record>, std::string> {
              if (position > 0) return std::vector<Record>{};
              return std::vector<Record>{{.offset = 0}};
            },
            [this](const ::muster::Partition&, const Record&) -> std::expected<void, std::string> {
              ++handled;
              if (in_handler) in_handler();
              return {};
            },
            {.idle_wait = Milliseconds{5}}) {
    create_topic(wire, "orders", 4);
  }
  ~LoopCalls() {
    daemon.resume();
    loop.stop();
    if (thread.joinable()) thread.join();
  }

  void run() {
    if (thread.joinable()) thread.join();
    std::packaged_task<LoopOutcome()> task([this] { return loop.run(); });
    outcome = task.get_future();
    thread = std::thread(std::move(task));
  }
  bool works(int records = 4) {
    return wait_until([&] { return handled >= records; });
  }
  /// How the run ended; kInternalError, if it did not.
  ErrorCode end() {
    if (outcome.wait_for(kPatience) != std::future_status::ready) {
      FAIL_CHECK("the run does not end");
      loop.stop();
      consumer.close();
      return ErrorCode::kInternalError;
    }
    const LoopOutcome ended = outcome.get();
    return ended ? ErrorCode::kNone : ended.error().code;
  }
};

TEST_CASE("loop: stop ends a run that waits for its name, and the join with it") {
  LoopCalls setting;
  Member holder(setting.daemon.address(), {.member_id = "pod-0", .topics = {"orders"}});
  holder.join();
  std::atomic<bool> waits = false;
  setting.consumer.on_waiting([&](const Error&) { waits = true; });
  setting.run();
  REQUIRE(wait_until([&] { return waits.load(); }));
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
  CHECK(setting.consumer.leave_group().has_value());
  // What came of that join is nothing to the next run.
  holder.leave();
  setting.run();
  CHECK(setting.works());
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
}

TEST_CASE("loop: stop ends a run that no server answers") {
  LoopCalls setting;
  setting.daemon.stop();
  setting.run();
  const SteadyClock::time_point told = SteadyClock::now();
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
  CHECK(since(told) < Milliseconds{2'000});
}

TEST_CASE("loop: a join that fails ends the run, with its error") {
  LoopCalls setting;
  GroupConsumer nowhere(*setting.client, {.group_id = "group", .topics = {"nowhere"}});
  ConsumeLoop loop(
      nowhere,
      [](const auto&, std::int64_t) -> std::expected<std::vector<Record>, std::string> {
        return std::vector<Record>{};
      },
      [](const auto&, const auto&) -> std::expected<void, std::string> { return {}; });
  const auto ran = loop.run();
  REQUIRE_FALSE(ran.has_value());
  CHECK(ran.error().code == ErrorCode::kUnknownResource);
}

TEST_CASE("loop: works on what it has while others still hold the rest of its share") {
  LoopCalls setting;
  Member other(setting.daemon.address(), {.member_id = "z", .topics = {"orders"}});
  other.join();
  REQUIRE(pump_until({&other}, [&] { return other.held().size() == 4; }));
  other.hold_on();
  setting.run();
  REQUIRE(pump_until({&other}, [&] { return other.asked_back().size() == 2; }));
  const Partition given_back = other.asked_back().begin()->first;
  other.release(given_back);
  CHECK(setting.works(1));
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
}

TEST_CASE("loop: leave_group from elsewhere ends the run, and the next one joins again") {
  LoopCalls setting;
  setting.run();
  REQUIRE(setting.works());
  REQUIRE(setting.consumer.leave_group());
  CHECK(setting.end() == ErrorCode::kClosed);
  CHECK_FALSE(setting.loop.position("orders", 0).has_value());
  setting.handled = 0;
  setting.run();
  CHECK(wait_until([&] { return setting.consumer.assignment().contains("orders"); }));
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
}

TEST_CASE("loop: leave_group from within a handler ends the run") {
  LoopCalls setting;
  setting.in_handler = [&] { std::ignore = setting.consumer.leave_group(); };
  setting.run();
  CHECK(setting.end() == ErrorCode::kClosed);
}

TEST_CASE("loop: close from elsewhere ends the run, and every one after it") {
  LoopCalls setting;
  setting.run();
  REQUIRE(setting.works());
  setting.consumer.close();
  CHECK(setting.end() == ErrorCode::kClosed);
  setting.run();
  CHECK(setting.end() == ErrorCode::kClosed);
}

TEST_CASE("loop: the end of its client ends the run") {
  LoopCalls setting;
  setting.run();
  REQUIRE(setting.works());
  setting.client.reset();
  CHECK(setting.end() == ErrorCode::kClosed);
}

TEST_CASE("loop: close from within a handler for which a revocation waits") {
  LoopCalls setting;
  std::atomic<bool> in_hand = false;
  std::atomic<bool> go_on = false;
  std::atomic<bool> closed = false;
  std::atomic<int> revoked = 0;
  setting.consumer.on_revoked([&](const ::muster::Partition&) { ++revoked; });
  setting.in_handler = [&] {
    in_hand = true;
    wait_until([&] { return go_on.load(); });
    setting.consumer.close();
    closed = true;
  };
  setting.run();
  REQUIRE(wait_until([&] { return in_hand.load(); }));
  // Everything goes to the other one: what the handler has in hand is asked back and waits for it.
  REQUIRE(setting.consumer.unsubscribe());
  Member other(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  other.join();
  CHECK_FALSE(pump_until({&other}, [&] { return other.held().size() == 4; }, Milliseconds{500}));
  go_on = true;
  CHECK(wait_until([&] { return closed.load(); }));
  CHECK(setting.end() == ErrorCode::kClosed);
}

TEST_CASE("loop: removed by an operator, it ends, and runs again when it is told to") {
  LoopCalls setting;
  setting.run();
  REQUIRE(setting.works());
  wire::RemoveMemberT remove;
  remove.group = "group";
  remove.member_id = "pod-0";
  setting.wire.ask<wire::DoneT>(std::move(remove));
  CHECK(setting.end() == ErrorCode::kMemberRemoved);
  setting.run();
  CHECK(wait_until([&] { return setting.consumer.assignment().contains("orders"); }));
  CHECK(setting.outcome.wait_for(Milliseconds{100}) == std::future_status::timeout);
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
}

TEST_CASE("loop: a second run beside the first is refused") {
  LoopCalls setting;
  setting.run();
  REQUIRE(setting.works());
  const auto second = setting.loop.run();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::kInvalidArgument);
  setting.loop.stop();
  CHECK(setting.end() == ErrorCode::kNone);
}

TEST_CASE("client: close answers a call that waits on another thread, and later ones") {
  LoopCalls setting;
  REQUIRE(setting.consumer.join_group());
  setting.daemon.stop();
  auto waiting = std::async(std::launch::async,
                            [&] { return setting.consumer.fetch_committed_offset("orders", 0); });
  CHECK(waiting.wait_for(Milliseconds{50}) == std::future_status::timeout);
  setting.consumer.close();
  const SteadyClock::time_point closed = SteadyClock::now();
  CHECK(waiting.get().error().code == ErrorCode::kClosed);
  CHECK(since(closed) < Milliseconds{1'000});
  CHECK(setting.consumer.report_end("orders", 0, 5).error().code == ErrorCode::kClosed);
}

TEST_CASE("client: offsets that can be committed are, beside one that can't be") {
  LoopCalls setting;
  std::mutex mutex;
  std::vector<ErrorCode> failures;
  GroupConsumer consumer(*setting.client, {.group_id = "other",
                                           .consumer_id = "pod-1",
                                           .topics = {"orders"},
                                           .auto_commit_interval = Milliseconds{20}});
  consumer.on_commit_failed([&](const Error& why) {
    const std::lock_guard lock(mutex);
    failures.push_back(why.code);
  });
  REQUIRE(consumer.join_group());
  REQUIRE(consumer.store_offset(
      {.topic = "orders", .partition = 1, .offset = 9, .metadata = std::string(5'000, 'x')}));
  for (const PartitionIndex partition : {0, 2, 3}) {
    REQUIRE(consumer.store_offset({.topic = "orders", .partition = partition, .offset = 7}));
  }
  for (const int partition : {0, 2, 3}) {
    CHECK(wait_until([&] { return committed(setting.wire, "other", {"orders", partition}) == 7; }));
  }
  CHECK(holds_for(
      [&] {
        const std::lock_guard lock(mutex);
        return failures.size() <= 1;
      },
      Milliseconds{200}));
  const std::lock_guard lock(mutex);
  CHECK(failures == std::vector<ErrorCode>{ErrorCode::kMetadataTooLarge});
}

}  // namespace
}  // namespace muster::e2e
