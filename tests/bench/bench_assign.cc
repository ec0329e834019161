// How long a plan takes and how much it moves: members × partitions per member × topics, with equal
// and with five disjoint subscriptions, from nothing and when one member more comes; then groups
// with overlapping subscriptions. Prints Markdown. Only `assign` is timed, not what builds its
// input. Machines differ: beside each time stands its ratio to copying the present plan, which is
// the least that any strategy must do.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "domain/assign/strategy.h"

namespace muster::domain {
namespace {

constexpr std::string_view kStrategies[] = {"sticky", "range", "round_robin"};

/// Median over rounds, in milliseconds: at least five, and more while they are short.
template <typename Work>
double median_ms(const Work& work) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kLeastRounds = 5;
  constexpr double kEnoughMs = 50;
  std::vector<double> rounds;
  for (double total = 0; rounds.size() < kLeastRounds || total < kEnoughMs;) {
    const Clock::time_point start = Clock::now();
    work();
    rounds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    total += rounds.back();
  }
  std::ranges::sort(rounds);
  return rounds[rounds.size() / 2];
}

struct Shape {
  std::size_t members = 0;
  std::size_t partitions_per_member = 0;
  std::size_t topics = 0;
  std::size_t classes = 1;  // topics and members are split among so many disjoint subscriptions

  std::size_t partitions() const { return members * partitions_per_member; }
};

/// A group of the shape, or of `members` for partitions as the shape has them.
AssignmentInput group_of(const Shape& shape, std::size_t members) {
  AssignmentInput input{.member_count = members};
  input.audiences.resize(shape.classes);
  for (std::size_t i = 0; i < members; ++i) {
    input.audiences[i % shape.classes].push_back(static_cast<MemberIndex>(i));
  }
  for (std::size_t i = 0; i < shape.topics; ++i) {
    const std::size_t extra = i < shape.partitions() % shape.topics ? 1 : 0;
    input.topics.push_back(
        {.id = i + 1,
         .partition_count = static_cast<std::int32_t>(shape.partitions() / shape.topics + extra),
         .audience = static_cast<std::uint32_t>(i % shape.classes)});
  }
  return input;
}

/// Every topic with an audience of its own: each member subscribes with a chance of one in `odds`.
AssignmentInput overlapping_group(const Shape& shape, std::uint64_t odds) {
  AssignmentInput input = group_of(shape, shape.members);
  input.audiences.assign(shape.topics, {});
  std::mt19937_64 random(shape.partitions());
  for (std::size_t i = 0; i < shape.topics; ++i) {
    input.topics[i].audience = static_cast<std::uint32_t>(i);
    for (std::size_t member = 0; member < shape.members; ++member) {
      if (random() % odds == 0) input.audiences[i].push_back(static_cast<MemberIndex>(member));
    }
  }
  return input;
}

void take_plan(AssignmentInput& input, const Assignment& plan) {
  for (std::size_t i = 0; i < plan.size(); ++i) input.topics[i].current = plan[i];
}

std::size_t count_moves(const AssignmentInput& input, const Assignment& plan) {
  std::size_t moves = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const std::vector<MemberIndex>& current = input.topics[i].current;
    for (std::size_t p = 0; p < current.size(); ++p) {
      moves += current[p] != kUnassigned && current[p] != plan[i][p] ? 1 : 0;
    }
  }
  return moves;
}

double copy_ms(const Assignment& plan) {
  return median_ms([&] {
    Assignment copy;
    copy = plan;
    asm volatile("" : : "r"(copy.data()) : "memory");  // so that the copy is made
  });
}

/// Plans and prints its columns.
Assignment measure(const Strategy& strategy, const AssignmentInput& input, double baseline_ms) {
  Assignment plan;
  const double ms = median_ms([&] { plan = strategy.assign(input); });
  std::printf(" %.3f | %.1f | %zu |", ms, ms / baseline_ms, count_moves(input, plan));
  return plan;
}

void measure_row(const Shape& shape, bool one_more) {
  std::printf("| %zu | %zu | %zu | %s | %s |", shape.members, shape.partitions_per_member,
              shape.topics, shape.classes == 1 ? "equal" : "five classes",
              one_more ? "one more" : "nothing");
  for (const std::string_view name : kStrategies) {
    const Strategy& strategy = *find_strategy(name);
    AssignmentInput input = group_of(shape, shape.members);
    const Assignment before = strategy.assign(input);
    if (one_more) {
      input = group_of(shape, shape.members + 1);
      take_plan(input, before);
    }
    measure(strategy, input, copy_ms(before));
  }
  std::printf("\n");
  std::fflush(stdout);
}

void measure_overlapping(const Shape& shape, std::uint64_t odds) {
  const Strategy& sticky = *find_strategy("sticky");
  AssignmentInput input = overlapping_group(shape, odds);
  const double baseline_ms = copy_ms(sticky.assign(input));
  std::printf("| %zu | %zu | %zu | 1/%zu |", shape.members, shape.partitions(), shape.topics,
              static_cast<std::size_t>(odds));
  take_plan(input, measure(sticky, input, baseline_ms));
  // The first member goes: what it had is nobody's.
  for (std::vector<MemberIndex>& subscribers : input.audiences) std::erase(subscribers, 0U);
  for (AssignmentInput::Topic& topic : input.topics) {
    std::ranges::replace(topic.current, 0U, kUnassigned);
  }
  measure(sticky, input, baseline_ms);
  std::printf("\n");
  std::fflush(stdout);
}

std::string cpu_model() {
  std::ifstream facts("/proc/cpuinfo");
  for (std::string line; std::getline(facts, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

void print_machine() {
  std::printf("- processor: %s, %u cores\n", cpu_model().c_str(),
              std::thread::hardware_concurrency());
  std::printf("- compiler: %s, -O%s\n", __VERSION__, MUSTER_OPTIMIZATION);
  std::printf("- times: medians in milliseconds, of `assign` alone\n");
  std::printf("- ratio: to copying a plan of as many partitions, measured in the same run\n\n");
}

void run() {
  print_machine();
  std::printf("| members | partitions each | topics | subscriptions | from |");
  for (const std::string_view name : kStrategies) {
    std::printf(" %s ms | ratio | moves |", std::string(name).c_str());
  }
  std::printf("\n|--:|--:|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  for (const std::size_t members : {100, 1000, 10000}) {
    for (const std::size_t partitions_per_member : {5, 10, 50}) {
      for (const std::size_t topics : {10, 100, 1000}) {
        for (const std::size_t classes : {1, 5}) {
          const Shape shape{members, partitions_per_member, topics, classes};
          if (shape.partitions() < topics) continue;  // a topic has one partition at least
          measure_row(shape, /*one_more=*/false);
          measure_row(shape, /*one_more=*/true);
        }
      }
    }
  }
  std::printf(
      "\nOverlapping subscriptions, sticky: from nothing, and when the first member goes\n\n");
  std::printf("| members | partitions | topics | subscribed | ms | ratio | moves | ms | ratio | ");
  std::printf("moves |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  measure_overlapping({.members = 100, .partitions_per_member = 50, .topics = 10}, 2);
  measure_overlapping({.members = 1000, .partitions_per_member = 10, .topics = 100}, 2);
  measure_overlapping({.members = 1000, .partitions_per_member = 10, .topics = 100}, 20);
  measure_overlapping({.members = 10000, .partitions_per_member = 5, .topics = 1000}, 100);
  measure_overlapping({.members = 10000, .partitions_per_member = 50, .topics = 1000}, 20);
}

}  // namespace
}  // namespace muster::domain

int main() { muster::domain::run(); }
