// Everything that a load plays on: topic and groups, connections, and the members behind them.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tools/bench/crowd.h"
#include "tools/bench/loads.h"
#include "tools/bench/scene.h"
#include "tools/bench/wires.h"

namespace muster::tools {

class Stage {
 public:
  /// Nobody has joined yet.
  static std::expected<std::unique_ptr<Stage>, Error> make(const Bench& bench, ScenePlan plan,
                                                           std::size_t members);

  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Scene& scene() { return scene_; }
  Wires& wires() { return wires_; }
  Crowd& crowd() { return crowd_; }
  const Bench& bench() const { return bench_; }
  /// In place of connections that are gone.
  void use(Wires wires) { wires_ = std::move(wires); }

  /// Waits until these groups are stable with all of the crowd that is present, and the server says
  /// so too. When the last word of it was read; nothing: somebody interrupted.
  std::expected<std::optional<SteadyTime>, Error> settle(const std::vector<std::size_t>& groups);
  std::expected<std::optional<SteadyTime>, Error> settle_all();
  /// All members join, and settle. False: somebody interrupted.
  std::expected<bool, Error> fill_seats(std::size_t members);
  /// Every partition of every group gets an offset, from its owner, under its token. False:
  /// somebody interrupted.
  std::expected<bool, Error> commit_everything();

  /// Waits for what comes and gives it to the crowd, or to `take` what is none of the crowd's.
  std::expected<bool, Error> pump(int timeout_ms, const Wires::Take& take = {});

  /// Takes everything away from the server, unless somebody interrupts again. Also after an error.
  std::expected<void, Error> clear();

 private:
  Stage(const Bench& bench, Scene scene, Wires wires, std::size_t members);
  std::expected<bool, Error> are_stable(const std::vector<std::size_t>& groups, bool quiet);
  void say_good_bye();

  const Bench& bench_;
  Scene scene_;
  Wires wires_;
  Crowd crowd_;
};

/// Makes a stage, plays on it, and clears it whatever came of that.
std::expected<void, Error> play(const Bench& bench, ScenePlan plan, std::size_t members,
                                const std::function<std::expected<void, Error>(Stage&)>& load);

}  // namespace muster::tools
