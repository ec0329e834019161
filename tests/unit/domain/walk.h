// A seeded random walk over all commands, sensible and not. The world checks every invariant after
// every step; the walk adds what must hold of retries, and that churn ends in a shared-out group.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/unit/domain/world.h"

namespace muster::domain {

class Walk {
 public:
  explicit Walk(std::uint64_t seed);

  void step();
  /// Ends the churn: every group must come to rest with all its partitions owned.
  void rest();
  const World& world() const { return world_; }
  std::size_t applied() const { return applied_; }
  std::size_t refused() const { return refused_; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t chances) { return below(chances) == 0; }
  std::string any(const char* prefix, std::uint64_t kinds) {
    return prefix + std::to_string(below(kinds));
  }
  std::string any_group() { return any("g", 3); }
  std::string any_topic() { return any("t", 4); }
  std::string any_member() { return any("m", 5); }
  const Member* find(const std::string& group, const std::string& member_id) const;
  Incarnation incarnation_of(const std::string& group, const std::string& member_id);
  FencingToken token_of(const std::string& group, const std::string& topic,
                        PartitionIndex partition);

  Command topic_command();
  Command join_command();
  Command end_command();
  Command release_command();
  Command commit_command();
  Command fence_command();
  std::int64_t committed_of(const std::string& group, const std::string& topic,
                            PartitionIndex partition);
  Command offsets_command();
  Command operator_command();
  Command plan_command();
  Command any_command();
  void retry(const Command& command, const Decision& first);

  std::mt19937_64 random_;
  World world_;
  std::map<std::string, PlanUnderWay> plans_;  // by group: computed, and not yet applied
  std::set<std::string> named_;                // topics in commits, which refer to them
  std::size_t applied_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace muster::domain
