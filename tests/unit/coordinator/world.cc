#include "tests/unit/coordinator/world.h"

#include <algorithm>

namespace muster::coordinator {

Settings without_gathering() {
  Settings settings;
  settings.limits.gathering_window_ms = 0;
  return settings;
}

World::World(const Settings& with) : settings(with) { start(); }

void World::start() {
  pipeline = std::make_unique<Pipeline>(
      journal.recover(), Identity{.journal_id = "journal-1", .boot = ++boot_, .version = "test"},
      settings, clock, connections, entropy, planner, journal, history);
}

void World::sync() {
  while (journal.complete_flush()) {
  }
}

void World::turn() {
  end_turn();
  sync();
}

void World::settle() {
  const auto wants_plan = [this](const auto& entry) {
    return domain::needs_plan(state(), entry.second);
  };
  do {
    turn();
  } while (std::ranges::any_of(state().groups, wants_plan));
}

void World::pass(std::uint64_t ms) {
  constexpr std::uint64_t kTurnMs = 100;
  while (ms > 0) {
    const std::uint64_t step_ms = std::min(ms, kTurnMs);
    clock.advance(step_ms);
    ms -= step_ms;
    turn();
  }
}

void World::restart(std::uint64_t down_ms) {
  pipeline.reset();
  planner.crash();
  journal.crash();
  clock.advance(down_ms);
  start();
}

const domain::PartitionState& World::at(PartitionIndex partition, const std::string& topic) const {
  static const domain::PartitionState untouched;
  const auto* found =
      group().partition({.topic = state().topic(topic)->id, .partition = partition});
  return found == nullptr ? untouched : *found;
}

std::string World::owner(PartitionIndex partition, const std::string& topic) const {
  const domain::Member* owner = group().member(at(partition, topic).owner);
  return owner == nullptr ? std::string() : owner->member_id;
}

}  // namespace muster::coordinator
