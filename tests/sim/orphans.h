// no-orphan, to the word: "Once churn stops, every partition of a subscribed topic has an owner
// within the release deadline + 1 s." Churn is, for each group, whatever changes who may have what.
// The bound counts from its last, and only while nothing hinders the coordinator: it is up and not
// stopped, its disk is as quick as ever and has room, no plan is being computed, and no quiet time
// runs. A frozen group, a pin to an absent member, and members that all drain are the design's
// exceptions.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/sim/disk.h"
#include "tests/sim/model.h"
#include "tests/sim/schedule.h"

namespace muster::sim {

class Orphans {
 public:
  Orphans(const Schedule& schedule, Verdict& verdict, const Model& model,
          std::uint32_t leader_plan_timeout_ms)
      : schedule_(schedule),
        verdict_(verdict),
        model_(model),
        leader_plan_timeout_ms_(leader_plan_timeout_ms) {}

  /// The coordinator is hindered at this moment.
  void hindered();
  /// What is durable now may be churn.
  void durable(const StagedUnit& unit);
  /// Whether some partition has been without an owner for too long.
  void look();

 private:
  /// Of a group, since its last churn.
  struct Calm {
    std::uint64_t since_ms = 0;
    std::uint32_t release_ms = 0;  // the longest time to release of anybody who was asked
    std::uint32_t leader_ms = 0;   // the time to plan of a leader that was asked
  };
  void churn(const std::string& group) { calm_[group] = {.since_ms = schedule_.now_ms()}; }
  void look_at(const GroupFacts& group);

  const Schedule& schedule_;
  Verdict& verdict_;
  const Model& model_;
  std::uint32_t leader_plan_timeout_ms_;
  std::uint64_t unhindered_since_ms_ = 0;
  std::uint64_t looked_ms_ = 0;
  std::map<std::string, Calm> calm_;
};

}  // namespace muster::sim
