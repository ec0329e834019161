// Groups are created by their first join or commit; only their deletion is a command.

#include "domain/decide.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {

Decided decide(const State& state, const DeleteGroup& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits))
    return std::unexpected(*refused);
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  if (!group->members.empty()) {
    return refuse(ErrorCode::kGroupNotEmpty, "Group '", command.group,
                  "' can't be deleted while it has members (", group->members.size(),
                  "): stop them, or remove them with muster group "
                  "remove-member.");
  }

  GroupDeleted event{.group = group->name, .former = {}};
  for (const auto& [topic, table] : group->partitions) {
    append_former_offsets(*group, topic, event.former);
  }
  event.former_strategy = group->strategy;
  event.former_max_members = group->max_members;
  event.former_frozen = group->frozen;
  event.former_offset_retention_ms = group->offset_retention_ms;
  event.former_draining.assign(group->draining.begin(), group->draining.end());
  for (const auto& [at, member_id] : group->pins) {
    event.former_pins.push_back({.at = at, .member_id = member_id});
  }
  Decision decision;
  decision.events.emplace_back(std::move(event));
  return decision;
}

}  // namespace muster::domain
