// What an operator sets on groups: strategies, limits, freezing, draining, pins.

#include <array>

#include "tests/sim/names.h"
#include "tests/sim/stranger.h"

namespace muster::sim {

void Stranger::configure(Random& random) {
  constexpr std::array kStrategies{"round_robin", "range", "sticky", "leader", "leader", "sticky"};
  wire::ConfigureGroupT configure;
  configure.group = a_group(random);
  if (random.chance(850)) configure.strategy = kStrategies.at(random.below(kStrategies.size()));
  if (random.chance(30)) configure.strategy = "no such strategy";
  if (random.chance(150)) configure.max_members = static_cast<std::int32_t>(random.below(5));
  send(std::move(configure));
}

/// To a member, to somebody who is not there, or off.
void Stranger::pin(Random& random) {
  const Place place = a_place(random);
  const Place other = a_place(random);
  wire::PinPartitionT pin;
  pin.group = place.group;
  pin.topic = place.topic;
  pin.partition = random.chance(50) ? 99'999 : place.partition;
  const std::uint64_t whom = random.below(10);
  if (whom < 4) pin.member_id = place.group == other.group ? other.owner : place.owner;
  if (whom == 4) pin.member_id = worker_name(random.below(kWorkerNames));
  if (whom == 5) pin.member_id = planner_name(random.below(kPlannerNames));
  send(std::move(pin));
}

void Stranger::steer(std::uint64_t number) {
  Random random(number);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return configure(random);
    case 4:
    case 5:
    case 6: {
      wire::FreezeGroupT freeze;
      freeze.group = a_group(random);
      freeze.frozen = random.chance(400);
      return send(std::move(freeze));
    }
    case 7:
    case 8: {
      const Place place = a_place(random);
      wire::DrainMemberT drain;
      drain.group = place.group;
      drain.member_id = !place.owner.empty() ? place.owner
                        : random.chance(500) ? worker_name(random.below(kWorkerNames))
                                             : planner_name(random.below(kPlannerNames));
      drain.draining = random.chance(450);
      return send(std::move(drain));
    }
    default:
      return pin(random);
  }
}

void Stranger::put_right(const GroupFacts& group) {
  if (group.settings.now().frozen) {
    wire::FreezeGroupT freeze;
    freeze.group = group.name;
    send(std::move(freeze));
  }
  for (const auto& [member_id, draining] : group.draining) {
    if (!draining.now()) continue;
    wire::DrainMemberT drain;
    drain.group = group.name;
    drain.member_id = member_id;
    send(std::move(drain));
  }
  for (const auto& [at, pinned] : group.pins) {
    if (pinned.now().empty()) continue;
    wire::PinPartitionT pin;
    pin.group = group.name;
    pin.topic = model_.topic_by_id(at.topic)->name;
    pin.partition = at.partition;
    send(std::move(pin));
  }
}

bool Stranger::is_right(const GroupFacts& group) {
  return !group.settings.now().frozen &&
         std::ranges::none_of(group.draining, [](const auto& one) { return one.second.now(); }) &&
         std::ranges::all_of(group.pins, [](const auto& one) { return one.second.now().empty(); });
}

}  // namespace muster::sim
