// Each kind of action, carried out.

#include <algorithm>
#include <iterator>

#include "tests/sim/names.h"
#include "tests/sim/world.h"

namespace muster::sim {
namespace {

constexpr std::size_t kMostWorkers = 8;
constexpr std::size_t kMostPlanners = 4;
// Of those that options_of draws, and as much as the clocks of their hosts are off.
constexpr std::uint32_t kLongestLeaseMs = 4'100;

SessionOptions options_of(Random& random) {
  SessionOptions options;
  options.group = group_name(random.below(kGroups));
  if (random.chance(600)) options.member_id = worker_name(random.below(kWorkerNames));
  for (std::uint64_t i = 0; i < kTopics; ++i) {
    if (random.chance(600)) options.topics.push_back(topic_name(i));
  }
  if (options.topics.empty()) options.topics.push_back(topic_name(0));
  options.session_timeout_ms = static_cast<std::uint32_t>(random.between(1'000, 4'000));
  options.disconnect_grace_ms =
      random.chance(300) ? 0 : static_cast<std::uint32_t>(random.between(600, 4'000));
  options.rebalance_timeout_ms = static_cast<std::uint32_t>(random.between(4'000, 5'000));
  options.join_timeout_ms = 8'000;
  options.call_timeout_ms = 2'000;
  return options;
}

}  // namespace

void World::start_worker(Random& random, bool twin) {
  if (workers_.size() >= kMostWorkers) return;
  SessionOptions options = options_of(random);
  if (twin) {
    if (workers_.empty()) return;
    auto chosen = workers_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(workers_.size())));
    options = chosen->second->options();
    options.member_id = chosen->second->member_id();
    options.takeover = random.chance(500);
    coverage_.fault(Fault::kTwin);
  } else if (!options.member_id.empty()) {
    const bool taken = std::ranges::any_of(workers_, [&](const auto& entry) {
      return entry.second->group() == options.group &&
             entry.second->member_id() == options.member_id;
    });
    if (taken) options.member_id.clear();
  }
  const std::uint64_t number = ++last_worker_;
  auto& worker = workers_[number];
  worker = std::make_unique<Worker>(
      schedule_, network_, coverage_, book_, trace_,
      WorkerPlan{.number = number, .seed = random.draw(), .options = std::move(options)});
  worker->start();
}

void World::with_worker(Random& random, const auto& what) {
  if (workers_.empty()) return;
  auto chosen = workers_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(workers_.size())));
  what(chosen->first, *chosen->second);
}

void World::start_planner(Random& random) {
  if (planners_.size() >= kMostPlanners) return;
  const std::uint64_t number = ++last_worker_;
  auto& planner = planners_[number];
  planner = std::make_unique<Planner>(schedule_, network_, model_, number, random.draw());
  planner->start();
}

void World::with_planner(Random& random, const auto& what) {
  if (planners_.empty()) return;
  auto chosen = planners_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(planners_.size())));
  what(*chosen->second);
}

/// Takes away the processes that have ended.
void World::reap() {
  std::erase_if(planners_, [](const auto& entry) { return entry.second->is_finished(); });
  std::erase_if(workers_, [](const auto& entry) { return entry.second->is_finished(); });
}

/// The coordinator's host is lost with its disk, and an operator makes a new one of a backup, while
/// the workers go on with what the lost one told them. Seldom again while the quiet time of the
/// last one runs: nothing is planned or granted in it, and a world of restores is one of nothing
/// else.
void World::restore(Random& random) {
  constexpr std::uint64_t kMostEventsLost = 400;
  constexpr std::uint64_t kAgainPermille = 100;
  if (model_.quiet_time_ms() != 0 && !random.chance(kAgainPermille)) return;
  server_.crash(random.chance(500));
  if (verdict_.violated()) return;
  coverage_.fault(Fault::kRestored);
  const Sequence reached = disk_.durable_sequence();
  const Sequence lost = random.below(std::min<Sequence>(reached, kMostEventsLost) + 1);
  const FencingToken fence_base = model_.fence_base() + 1'000'000;
  disk_.restore(reached - lost, fence_base, kLongestLeaseMs);
  witness_.restored();
  server_.start_again_in(random.between(1'000, 500'000));
}

ConnectionId World::a_connection(Random& random) {
  auto& lines = network_.lines();
  if (lines.empty()) return 0;
  auto chosen = lines.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(lines.size())));
  return chosen->first;
}

void World::act(const Action& action) {
  Random random(action.number);
  Stranger& stranger = *strangers_.at(random.below(strangers_.size()));
  const std::uint64_t detail = random.draw();
  switch (action.kind) {
    case ActionKind::kStartWorker:
      return start_worker(random, false);
    case ActionKind::kTwinWorker:
      return start_worker(random, true);
    case ActionKind::kKillWorker:
      coverage_.fault(Fault::kWorkerKilled);
      return with_worker(random, [](std::uint64_t, Worker& worker) { worker.die(false); });
    case ActionKind::kVanishWorker:
      coverage_.fault(Fault::kWorkerVanished);
      return with_worker(random, [](std::uint64_t, Worker& worker) { worker.die(true); });
    case ActionKind::kStopWorker:
      return with_worker(random, [&](std::uint64_t number, Worker& worker) {
        if (worker.is_stopped()) return;
        worker.stop();
        schedule_.in_us(random.between(1'000, 6'000'000), Happening::kWorkerGoesOn, number);
      });
    case ActionKind::kLeaveWorker:
      return with_worker(random, [](std::uint64_t, Worker& worker) { worker.leave(); });
    case ActionKind::kCloseWorker:
      return with_worker(random, [](std::uint64_t, Worker& worker) { worker.close(); });
    case ActionKind::kResetConnection:
      return network_.reset(a_connection(random));
    case ActionKind::kSilenceConnection: {
      const std::uint64_t which = random.between(1, 3);
      return network_.go_silent(a_connection(random), (which & 1) != 0, (which & 2) != 0);
    }
    case ActionKind::kSlowReader: {
      const ConnectionId id = random.chance(500) ? a_connection(random) : stranger.connection();
      coverage_.fault(Fault::kSlowReader);
      network_.stop_reading(id, true);
      if (id == stranger.connection()) stranger.ask_for_much();
      return schedule_.in_us(random.between(10'000, 3'000'000), Happening::kReaderGoesOn, id);
    }
    case ActionKind::kSlowDisk:
      disk_.set_speed({.least_us = 1'000, .most_us = random.between(20, 3'500) * 1'000});
      return schedule_.in_us(random.between(100'000, 4'000'000), Happening::kDiskRecovers, 1);
    case ActionKind::kFullDisk:
      coverage_.fault(Fault::kFullDisk);
      disk_.set_full(true);
      return schedule_.in_us(random.between(100'000, 4'000'000), Happening::kDiskRecovers, 0);
    case ActionKind::kCrash:
      if (!server_.is_running()) return;
      server_.crash(random.chance(500));
      return server_.start_again_in(random.between(1'000, 1'500'000));
    case ActionKind::kStopServer:
      return server_.stop(random.between(10, 9'000), false);
    case ActionKind::kSuspendServer:
      return server_.stop(random.between(10, 9'000), true);
    case ActionKind::kJumpWallClock:
      coverage_.fault(Fault::kWallJump);
      return server_.jump_wall_clock(static_cast<std::int64_t>(random.below(2'000'000)) -
                                     1'000'000);
    case ActionKind::kGracefulRestart:
      return server_.shut_down_gracefully();
    case ActionKind::kOperate:
      return stranger.operate(detail);
    case ActionKind::kAsk:
      return stranger.ask(detail);
    case ActionKind::kRude:
      return stranger.be_rude(detail);
    case ActionKind::kHaunt:
      return stranger.haunt(detail);
    case ActionKind::kBlunder:
      return stranger.blunder(detail);
    case ActionKind::kNoise:
      return stranger.make_noise(detail);
    case ActionKind::kRepeat:
      return stranger.repeat();
    case ActionKind::kStartPlanner:
      return start_planner(random);
    case ActionKind::kMeddle:
      return with_planner(random, [&](Planner& planner) { planner.meddle(detail); });
    case ActionKind::kSteer:
      return stranger.steer(detail);
    case ActionKind::kTightDisk:
      coverage_.fault(Fault::kTightDisk);
      disk_.set_tight(true);
      return schedule_.in_us(random.between(100'000, 3'000'000), Happening::kDiskRecovers, 2);
    case ActionKind::kRestore:
      return restore(random);
    case ActionKind::kRewrite:
      return stranger.rewrite(detail);
    case ActionKind::kCount:
      return;
  }
}

}  // namespace muster::sim
