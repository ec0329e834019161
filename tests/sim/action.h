// What the world does to its inhabitants: the list of actions of a run. Each carries a number from
// which all its details follow, so that any sublist is a run of its own: that is how a failure is
// shrunk, and what a regression file holds.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random.h"

namespace muster::sim {

enum class ActionKind : std::uint8_t {
  kStartWorker,
  kKillWorker,
  kVanishWorker,
  kStopWorker,
  kLeaveWorker,
  kCloseWorker,
  kTwinWorker,
  kResetConnection,
  kSilenceConnection,
  kSlowReader,
  kSlowDisk,
  kFullDisk,
  kCrash,
  kStopServer,
  kSuspendServer,
  kJumpWallClock,
  kGracefulRestart,
  kOperate,
  kAsk,
  kRude,
  kHaunt,
  kBlunder,
  kNoise,
  kRepeat,
  kStartPlanner,
  kMeddle,
  kSteer,
  kTightDisk,
  kRestore,
  kRewrite,
  kRot,
  kCount,
};

std::string_view name_of(ActionKind kind);

struct Action {
  std::uint64_t at_us = 0;
  ActionKind kind = ActionKind::kAsk;
  std::uint64_t number = 0;
};

/// A run: the seed of its world, when the faults stop, and what happens until then.
struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t calm_at_us = 0;
  std::vector<Action> actions;
};

/// One line an action, and back, or what is wrong with the text and in which line.
std::string text_of(const Action& action);
std::string text_of(const Plan& plan);
std::expected<Plan, std::string> plan_of(std::string_view text);

/// Draws the actions of a world: each world likes some kinds, leaves others out, and has a pace.
class Swarm {
 public:
  explicit Swarm(std::uint64_t seed);
  Action next();

 private:
  Random random_;
  std::array<std::uint64_t, static_cast<std::size_t>(ActionKind::kCount)> weights_{};
  std::uint64_t total_ = 0;
  std::uint64_t gap_us_most_ = 0;
  std::uint64_t at_us_ = 1'000'000;
  std::uint64_t drawn_ = 0;
};

}  // namespace muster::sim
