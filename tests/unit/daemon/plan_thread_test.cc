#include "daemon/plan_thread.h"

#include <doctest/doctest.h>

#include <chrono>
#include <semaphore>
#include <string>

namespace muster::daemon {
namespace {

constexpr TopicId kTopic = 1;
constexpr SeatId kSeat = 7;

/// One member, and so many partitions for it.
domain::PlanTask task_of(const std::string& group, std::int32_t partitions) {
  domain::PlanTask task{
      .head = {.group = group, .membership = 9, .configured = "sticky", .strategy = "sticky"}};
  task.plan.seats = {kSeat};
  task.plan.input.member_count = 1;
  task.plan.input.audiences = {{0}};
  task.plan.input.topics.push_back({.id = kTopic, .partition_count = partitions});
  return task;
}

}  // namespace

TEST_CASE("plans are computed on another thread, one after the other, and each wakes the loop") {
  using namespace std::chrono_literals;
  std::counting_semaphore<> woken{0};
  PlanThread planner([&] { woken.release(); });
  CHECK_FALSE(planner.take());
  planner.start(task_of("first", 3));
  planner.start(task_of("second", 2));
  for (const char* group : {"first", "second"}) {
    REQUIRE(woken.try_acquire_for(10s));
    const auto plan = planner.take();
    REQUIRE(plan);
    CHECK(plan->head.group == group);
    CHECK(plan->head.membership == 9);
    CHECK(plan->changes.size() == (plan->head.group == "first" ? 3U : 2U));
    CHECK(plan->changes.front().target == kSeat);
  }
  CHECK_FALSE(planner.take());
}

TEST_CASE("a planner that ends while plans wait leaves them alone") {
  PlanThread planner([] {});
  for (int i = 0; i < 100; ++i) planner.start(task_of("g", 1'000));
}

}  // namespace muster::daemon
