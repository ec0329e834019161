// What the coordinator would plan for a scenario, by the coordinator's own code: the scenario is
// folded into a state, and the strategy is told of it what it is told of any group.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "tools/plan_scenario.h"

namespace muster::tools {

struct TopicShare {
  std::string_view topic;
  std::vector<PartitionIndex> partitions;  // ascending
};

struct MemberShare {
  std::string_view member_id;
  bool draining = false;
  std::size_t partitions = 0;
  std::vector<TopicShare> topics;  // sorted by name
};

/// A change of owner. Partitions that nobody had, or that stay where they are, are no moves.
struct Move {
  std::string_view topic;
  PartitionIndex partition = 0;
  std::string_view from;
  std::string_view to;  // empty: nobody
};

/// Of a member that drains, or does not subscribe to the topic, or both.
struct IdlePin {
  std::string_view topic;
  PartitionIndex partition = 0;
  std::string_view member_id;
  bool draining = false;
  bool subscribed = false;
};

/// Partitions of the members that do not drain.
struct Balance {
  std::size_t min = 0;
  std::size_t max = 0;
  std::size_t spread = 0;
};

/// Refers to the names of its scenario.
struct Prediction {
  std::string_view strategy;
  std::optional<bool> frozen;        // of a live group
  std::vector<MemberShare> members;  // sorted by id
  std::vector<TopicShare> unowned;   // subscribed, or owned until the last member went, by nobody
  std::vector<Move> moves;           // by topic and partition
  std::vector<IdlePin> idle_pins;    // to members that are there and can't have the partition
  Balance balance;
};

/// Partitions that a scenario's members may subscribe to; the largest group in sight has a tenth.
inline constexpr std::size_t kPlannedPartitionsMax = 5'000'000;

/// The scenario's strategy is one that refuse_strategy lets pass, and its holdings are sorted.
/// Refuses more than kPlannedPartitionsMax.
std::expected<Prediction, Rejection> predict(const Scenario& scenario);

}  // namespace muster::tools
