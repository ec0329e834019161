#include "tests/sim/world.h"

#include <utility>

namespace muster::sim {
namespace {

constexpr std::uint64_t kFoldEverySteps = 1'000;
constexpr std::size_t kStrangers = 3;

enum Stream : std::uint64_t {
  kWeather,
  kSettings,
  kNetwork,
  kServer,
  kDisk,
  kSwarm,
  kFence,
  kPutsRight
};

Weather weather_of(std::uint64_t seed) {
  Random random(mixed(seed, kWeather));
  return {.latency_us_most = random.between(100, 5'000),
          .spike_permille = random.below(12),
          .spike_ms_most = random.between(10, 1'500),
          .split_permille = random.below(300)};
}

/// Small limits, so that they are met.
coordinator::Settings settings_of(std::uint64_t seed) {
  Random random(mixed(seed, kSettings));
  coordinator::Settings settings;
  settings.limits.gathering_window_ms = static_cast<std::uint32_t>(random.below(3) * 100);
  settings.limits.topics_max = 6;
  settings.limits.groups_max = 4;
  settings.limits.members_per_group_max = random.between(5, 9);
  settings.limits.partitions_per_topic_max = 1'000;
  settings.limits.topics_per_member_max = 10;
  settings.limits.items_per_request_max = 50;
  settings.max_frame_bytes = 32 * 1'024;
  settings.max_in_flight_requests = random.between(4, 64);
  settings.max_unsent_bytes = random.between(34, 120) * 1'024;
  settings.max_pending_journal_bytes = random.between(4, 64) * 1'024;
  settings.limits.leader_plan_timeout_ms = static_cast<std::uint32_t>(random.between(3, 50) * 100);
  settings.plan_in_turn_max = random.chance(500) ? 0 : random.between(1, 60);
  settings.limits.plan_slice_max = random.chance(300) ? 4'096 : random.between(1, 40);
  return settings;
}

}  // namespace

World::World(std::uint64_t seed, std::uint64_t steps) : World(seed, steps, std::nullopt) {}
World::World(const Plan& plan) : World(plan.seed, 0, plan) {}

World::World(std::uint64_t seed, std::uint64_t steps, std::optional<Plan> given)
    : steps_wanted_(steps),
      given_(given.has_value()),
      plan_(given ? std::move(*given) : Plan{.seed = seed}),
      swarm_(mixed(seed, kSwarm)),
      puts_right_(Random(mixed(seed, kPutsRight)).chance(700)),
      fence_base_(Random(mixed(seed, kFence)).below(2) * 1'000'000),
      model_(verdict_, fence_base_),
      network_(schedule_, coverage_, mixed(seed, kNetwork), weather_of(seed)),
      witness_(schedule_, verdict_, trace_, coverage_, awake_, model_,
               settings_of(seed).limits.leader_plan_timeout_ms),
      orphans_(schedule_, verdict_, model_, settings_of(seed).limits.leader_plan_timeout_ms),
      server_(schedule_, verdict_, trace_, coverage_, network_, awake_, witness_, orphans_,
              settings_of(seed), mixed(seed, kServer)),
      disk_(schedule_, verdict_, trace_, coverage_, awake_, model_, server_, mixed(seed, kDisk),
            fence_base_),
      book_(verdict_, model_) {
  server_.use(disk_);
  for (std::size_t i = 0; i < kStrangers; ++i) {
    strangers_.push_back(
        std::make_unique<Stranger>(network_, coverage_, model_, "stranger-" + std::to_string(i)));
  }
}

Result World::run() {
  server_.start();
  schedule_next_action();
  while (!done_ && !verdict_.violated() && !schedule_.empty()) step();
  if (!verdict_.violated()) check_fold();
  if (!verdict_.violated()) disk_.check_snapshots();
  return {.invariant = verdict_.invariant(),
          .evidence = verdict_.evidence(),
          .steps = steps_,
          .simulated_ms = schedule_.now_ms(),
          .events = model_.sequence(),
          .trace = trace_.value(),
          .coverage = coverage_,
          .plan = plan_};
}

void World::step() {
  const Due due = schedule_.next();
  ++steps_;
  trace_.add(due.at_us ^ (static_cast<std::uint64_t>(due.what) << 56) ^ (due.who << 40));
  if (server_.is_hindered() || disk_.is_hindered()) orphans_.hindered();
  switch (due.what) {
    case Happening::kAction:
      if (due.who == 1) {
        begin_calm();
      } else {
        trace_.say(schedule_.now_us(), "action ", name_of(plan_.actions[due.detail].kind));
        act(plan_.actions[due.detail]);
        schedule_next_action();
      }
      break;
    case Happening::kServerTurn:
      server_.turn(due.detail);
      break;
    case Happening::kServerReturns:
      server_.returns(due.detail);
      break;
    case Happening::kBatchDone:
      server_.batch_done(due.who);
      break;
    case Happening::kToServer:
      if (network_.reached_server(due.who)) server_.has_work();
      break;
    case Happening::kToClient:
      network_.reached_client(due.who);
      break;
    case Happening::kWorkerWakes:
      if (const auto worker = workers_.find(due.who); worker != workers_.end()) {
        worker->second->wake(due.detail);
      }
      break;
    case Happening::kWorkerGoesOn:
      if (const auto worker = workers_.find(due.who); worker != workers_.end()) {
        worker->second->go_on();
      }
      break;
    case Happening::kPlanComputed:
      server_.plan_computed(due.who);
      break;
    case Happening::kPlannerWakes:
      if (const auto planner = planners_.find(due.who); planner != planners_.end()) {
        planner->second->wake(due.detail);
      }
      break;
    case Happening::kReaderGoesOn:
      network_.stop_reading(due.who, false);
      break;
    case Happening::kDiskRecovers:
      if (due.who == 0) disk_.set_full(false);
      if (due.who == 1) disk_.set_speed({});
      if (due.who == 2) disk_.set_tight(false);
      break;
    case Happening::kCheckCalm:
      check_calm();
      break;
  }
  reap();
  orphans_.look();
  if (steps_ % kFoldEverySteps == 0) {
    check_fold();
    network_.forget_closed();
  }
}

void World::schedule_next_action() {
  if (calm_) return;
  const bool drawn_enough = given_ ? next_action_ == plan_.actions.size() : steps_ >= steps_wanted_;
  if (drawn_enough) {
    if (!given_) plan_.calm_at_us = schedule_.now_us();
    return schedule_.at_us(plan_.calm_at_us, Happening::kAction, 1);
  }
  if (!given_) plan_.actions.push_back(swarm_->next());
  schedule_.at_us(plan_.actions[next_action_].at_us, Happening::kAction, 0, next_action_);
  ++next_action_;
}

/// Full replay, and the second fold against the model.
void World::check_fold() {
  (void)disk_.replay();
  check_state();
}

}  // namespace muster::sim
