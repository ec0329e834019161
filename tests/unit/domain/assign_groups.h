// Groups as inputs of strategies: by hand or at random, and what a plan for them is worth.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "domain/assign/strategy.h"

namespace muster::domain {

using Owners = std::vector<MemberIndex>;

/// A group topic by topic. An absent member subscribes to nothing.
struct TestGroup {
  struct Topic {
    std::int32_t partitions = 0;
    Owners subscribers;
    Owners current;  // empty: nobody has any
    std::vector<AssignmentInput::Pin> pins;
  };
  std::size_t members = 0;
  std::vector<Topic> topics;
};

enum class AudienceOrder : std::uint8_t { kFound, kReversed };

/// Equal lists of subscribers become one audience.
AssignmentInput input_of(const TestGroup& group, AudienceOrder order = AudienceOrder::kFound);

/// What strategy sticky plans for the group.
Assignment sticky(const TestGroup& group);

/// The group after the plan.
TestGroup with_plan(TestGroup group, const Assignment& plan);

struct Shape {
  std::uint32_t members = 1;     // at most, at least one
  std::uint32_t topics = 1;      // at most, at least one
  std::uint32_t partitions = 1;  // of a topic, at most, at least none
  bool equal = false;            // everybody who is there subscribes to everything
  bool pins = false;
};

/// A number in [0, end), the same on every platform.
std::uint32_t draw(std::mt19937_64& random, std::uint32_t end);

/// Nobody has anything yet.
TestGroup random_group(std::mt19937_64& random, const Shape& shape);

/// What happens between two plans: members come, go and subscribe otherwise, topics grow.
void disturb(std::mt19937_64& random, TestGroup& group, bool equal);

/// By member, pinned partitions included.
std::vector<std::int64_t> loads(const TestGroup& group, const Assignment& plan);

/// The loads from the highest to the lowest: the lexicographically smaller, the better.
std::vector<std::int64_t> balance(const TestGroup& group, const Assignment& plan);

/// Partitions that a member who is still here has now and another is to have.
std::int64_t moves(const TestGroup& group, const Assignment& plan);

/// Every partition has the member of its pin, else a subscriber, else nobody if there is none.
void check_valid(const TestGroup& group, const Assignment& plan);

/// The sum over all topics and members of the squares of what a member has of a topic.
std::int64_t unevenness(const TestGroup& group, const Assignment& plan);

/// The greatest difference within a topic between what two of its subscribers have of it.
std::int64_t spread(const TestGroup& group, const Assignment& plan);

struct Optimum {
  std::vector<std::int64_t> balance;
  std::int64_t moves = 0;
  std::int64_t unevenness = 0;
  bool operator==(const Optimum&) const = default;
};

/// What the plan is worth, in the order of importance.
Optimum worth(const TestGroup& group, const Assignment& plan);

/// The best balance, the fewest moves with which it can be had, and the least unevenness with
/// these: by trying every plan.
Optimum brute_force(const TestGroup& group);

}  // namespace muster::domain
