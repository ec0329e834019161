// Calls of the client library that don't wait, offsets that are stored, and partitions that stand
// still, over a real server.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "muster/muster.hpp"

namespace muster::e2e {
namespace {

using Outcome = std::expected<void, Error>;

/// A server with the topic "orders" of two partitions, and a consumer that is in no group yet.
struct CallsSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  Client library{{.servers = {daemon.address()}}};
  GroupConsumer consumer{library,
                         {.group_id = "group",
                          .consumer_id = "pod-0",
                          .topics = {"orders"},
                          .auto_commit_interval = std::chrono::milliseconds(0)}};

  CallsSetting() { create_topic(client, "orders", 2); }

  bool holds(std::size_t count) {
    return wait_until([&] {
      const auto assignment = consumer.assignment();
      return (assignment.contains("orders") ? assignment.at("orders").size() : 0) == count;
    });
  }
};

/// A call's answer, and the thread that it was given on.
struct Answered {
  GroupConsumer::Done done() {
    return [this](const Outcome& outcome) {
      thread = std::this_thread::get_id();
      ++times;
      answer.set_value(outcome);
    };
  }
  Outcome get() {
    auto future = answer.get_future();
    REQUIRE(future.wait_for(kPatience) == std::future_status::ready);
    return future.get();
  }
  std::promise<Outcome> answer;
  std::thread::id thread;
  std::atomic<int> times = 0;
};

TEST_CASE("client: the calls that don't wait answer as those that do, on the callbacks' thread") {
  CallsSetting setting;
  std::thread::id callbacks;
  setting.consumer.on_assigned(
      [&](const ::muster::Partition&) { callbacks = std::this_thread::get_id(); });
  Answered joined;
  setting.consumer.join_group_async(joined.done());
  CHECK(joined.get().has_value());
  CHECK(setting.holds(2));
  CHECK(joined.thread == callbacks);

  Answered committed;
  setting.consumer.commit_offsets_async({{.topic = "orders", .partition = 0, .offset = 5}},
                                        committed.done());
  CHECK(committed.get().has_value());
  std::promise<std::expected<std::optional<CommittedOffset>, Error>> fetched;
  setting.consumer.fetch_committed_async("orders", 0,
                                         [&](const auto& outcome) { fetched.set_value(outcome); });
  auto answer = fetched.get_future();
  REQUIRE(answer.wait_for(kPatience) == std::future_status::ready);
  const auto offset = answer.get();
  REQUIRE(offset.has_value());
  REQUIRE(offset->has_value());
  CHECK((*offset)->offset == 5);

  Answered refused;
  setting.consumer.commit_offsets_async({{.topic = "nowhere", .partition = 0, .offset = 5}},
                                        refused.done());
  CHECK(refused.get().error().code == ErrorCode::kNotOwned);

  REQUIRE(setting.consumer.store_offset({.topic = "orders", .partition = 1, .offset = 9}));
  Answered stored;
  setting.consumer.commit_stored_async(stored.done());
  CHECK(stored.get().has_value());
  CHECK(setting.consumer.fetch_committed_offset("orders", 1) == 9);

  Answered subscribed;
  setting.consumer.subscribe_async({}, {"ord.*"}, subscribed.done());
  CHECK(subscribed.get().has_value());
  Answered left;
  setting.consumer.leave_group_async(left.done());
  CHECK(left.get().has_value());
  CHECK(left.times == 1);
}

TEST_CASE("client: close answers what is under way with CLOSED, once, and then calls at once") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  REQUIRE(setting.holds(2));
  setting.daemon.stop();  // nobody answers any more
  Answered commit;
  setting.consumer.commit_offsets_async({{.topic = "orders", .partition = 0, .offset = 5}},
                                        commit.done());
  std::atomic<int> fetches = 0;
  const auto fetched = [&](const auto& outcome) {
    CHECK(outcome.error().code == ErrorCode::kClosed);
    ++fetches;
  };
  setting.consumer.fetch_committed_async("orders", 0, fetched);
  setting.consumer.close();
  CHECK(commit.times == 1);
  CHECK(commit.get().error().code == ErrorCode::kClosed);
  CHECK(fetches == 1);
  Answered late;
  setting.consumer.join_group_async(late.done());
  CHECK(late.times == 1);
  CHECK(late.thread == std::this_thread::get_id());
  setting.consumer.fetch_committed_async("orders", 0, fetched);
  CHECK(fetches == 2);
  setting.daemon.resume();
}

TEST_CASE("bounded: calls that don't wait are refused while too many answers are awaited") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  REQUIRE(setting.holds(2));
  setting.daemon.stop();
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  const auto done = [&](const auto& outcome) {
    ++answered;
    if (!outcome && outcome.error().code == ErrorCode::kLimitReached) ++refused;
  };
  constexpr int kMost = 4'096;
  for (int i = 0; i < kMost; ++i) setting.consumer.fetch_committed_async("orders", 0, done);
  CHECK(answered == 0);
  setting.consumer.fetch_committed_async("orders", 0, done);
  setting.consumer.commit_offsets_async({{.topic = "orders", .partition = 0, .offset = 5}}, done);
  CHECK(refused == 2);
  setting.consumer.close();
  CHECK(answered == kMost + 2);
  setting.daemon.resume();
}

TEST_CASE("client: a call may be closed over from its own answer") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  std::promise<void> closed;
  setting.consumer.commit_offsets_async({}, [&](const Outcome&) {
    setting.consumer.close();
    closed.set_value();
  });
  CHECK(closed.get_future().wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("client: close commits what is stored, and keeps the seat") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  REQUIRE(setting.holds(2));
  REQUIRE(setting.consumer.store_offset({.topic = "orders", .partition = 0, .offset = 7}));
  CHECK(committed(setting.client, "group", {"orders", 0}) == -1);
  setting.consumer.close();
  CHECK(committed(setting.client, "group", {"orders", 0}) == 7);
  const nlohmann::json shown = muster_json(setting.daemon, {"group", "describe", "group"});
  CHECK(shown.at("members").size() == 1);
}

TEST_CASE("client: a paused partition has no token for new work, until it is resumed") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  REQUIRE(setting.holds(2));
  const auto token = setting.consumer.fence("orders", 0);
  REQUIRE(setting.consumer.pause("orders", 0));
  CHECK_FALSE(setting.consumer.fence("orders", 0).has_value());
  CHECK(setting.consumer.fence("orders", 1).has_value());
  CHECK(setting.consumer.commit_offset("orders", 0, 3));  // what was in hand
  REQUIRE(setting.consumer.resume("orders", 0));
  CHECK(setting.consumer.fence("orders", 0) == token);
  CHECK(setting.consumer.pause("orders", 9).error().code == ErrorCode::kNotOwned);
}

TEST_CASE("client: an unsubscribed member stands by, and takes part again") {
  CallsSetting setting;
  REQUIRE(setting.consumer.join_group());
  REQUIRE(setting.holds(2));
  REQUIRE(setting.consumer.unsubscribe());
  CHECK(setting.holds(0));
  const nlohmann::json shown = muster_json(setting.daemon, {"group", "describe", "group"});
  REQUIRE(shown.at("members").size() == 1);
  CHECK(shown.at("members").at(0).at("topics").empty());
  setting.daemon.kill9();
  setting.daemon.start();
  REQUIRE(setting.consumer.subscribe({"orders"}));
  CHECK(setting.holds(2));
}

}  // namespace
}  // namespace muster::e2e
