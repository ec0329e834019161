// One world: a coordinator, its disk, a network, workers and strangers, and a list of actions that
// makes their life hard. Then the faults stop, and everything must come to rest (no-orphan).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/action.h"
#include "tests/sim/planner.h"
#include "tests/sim/server.h"
#include "tests/sim/stranger.h"
#include "tests/sim/worker.h"

namespace muster::sim {

struct Result {
  std::string invariant;  // empty: all of them held
  std::string evidence;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::uint64_t events = 0;
  std::uint64_t trace = 0;
  Coverage coverage;
  Plan plan;  // as it was carried out
};

class World {
 public:
  /// Draws its actions from the seed until so many steps are done; or follows a given plan.
  World(std::uint64_t seed, std::uint64_t steps);
  explicit World(const Plan& plan);

  Result run();
  void tell() { trace_.tell(); }
  /// What has been carried out so far, for a report from the middle of a run that aborts.
  const Plan& plan() const { return plan_; }

 private:
  World(std::uint64_t seed, std::uint64_t steps, std::optional<Plan> given);

  // world.cc
  void step();
  void schedule_next_action();
  void check_fold();

  // world_actions.cc
  void act(const Action& action);
  void start_worker(Random& random, bool twin);
  void with_worker(Random& random, const auto& what);
  void start_planner(Random& random);
  void with_planner(Random& random, const auto& what);
  void reap();
  void restore(Random& random);
  ConnectionId a_connection(Random& random);

  // world_calm.cc
  void begin_calm();
  void check_calm();
  std::string unrest() const;
  std::string unrest_of(const GroupFacts& group) const;
  std::string unrest_of_plan(const GroupFacts& group) const;
  void put_right();
  bool all_right() const;
  void check_state();

  std::uint64_t steps_wanted_;
  std::uint64_t steps_ = 0;
  bool given_;
  Plan plan_;
  std::size_t next_action_ = 0;
  std::optional<Swarm> swarm_;
  bool calm_ = false;
  bool done_ = false;
  bool puts_right_;
  std::uint64_t calm_since_ms_ = 0;
  std::uint64_t rest_since_ms_ = 0;

  Schedule schedule_;
  Verdict verdict_;
  Trace trace_;
  Coverage coverage_;
  AwakeClock awake_;
  std::uint64_t fence_base_;
  Model model_;
  Network network_;
  Witness witness_;
  Orphans orphans_;
  Server server_;
  Disk disk_;
  OwnershipBook book_;
  std::uint64_t last_worker_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Worker>> workers_;
  std::map<std::uint64_t, std::unique_ptr<Planner>> planners_;  // numbered with the workers
  std::vector<std::unique_ptr<Stranger>> strangers_;
};

}  // namespace muster::sim
