// The fold of what operators set on a group, and of its end.

#include <utility>

#include "domain/folding.h"

namespace muster::domain {

/// A plan is due; one that the leader is computing is no longer for the present group.
void Folding::outdate_plan(Group& group, Urgency urgency, std::string what) {
  const Changing changing(state_, group);
  if (group.next_reason.sequence == 0) {
    group.next_reason = {.sequence = sequence_, .what = std::move(what), .others = 0};
  } else if (group.next_reason.sequence != sequence_) {
    ++group.next_reason.others;
  }
  group.plan_outdated = true;
  group.changed = sequence_;
  if (urgency == Urgency::kAtOnce) group.plan_urgent = true;
  if (!group.request || group.request->outdated) return;
  const Changing changing_request(state_, group.id, *group.request);
  group.request->outdated = true;
}

void Folding::forget_request(Group& group) {
  if (!group.request) return;
  state_.digest -= hash_of(group.id, *group.request);
  group.request.reset();
}

Contradiction Folding::operator()(const GroupConfigured& event) {
  if (!is_strategy_name(event.strategy)) {
    return sentence("there is no strategy '", event.strategy, "'");
  }
  Group& group = find_or_create_group(event.group);
  const bool other_strategy = group.strategy != event.strategy;
  {
    const Changing changing(state_, group);
    group.strategy = event.strategy;
    group.max_members = event.max_members;
    group.offset_retention_ms = event.offset_retention_ms;
  }
  if (other_strategy && !group.members.empty()) {
    outdate_plan(group, Urgency::kAtOnce, sentence("the group's strategy became ", event.strategy));
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupFrozen& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (event.frozen) forget_request(*group);
  const Changing changing(state_, *group);
  group->frozen = event.frozen;
  if (!event.frozen && group->plan_outdated) group->plan_urgent = true;
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberDrained& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (event.draining == group->draining.contains(event.member_id)) {
    return sentence("member '", event.member_id, "' of group '", event.group, "' drains ",
                    event.draining ? "already" : "not");
  }
  const std::uint64_t hash = hash_of_draining(group->id, event.member_id);
  if (event.draining) {
    group->draining.insert(event.member_id);
    state_.digest += hash;
  } else {
    group->draining.erase(event.member_id);
    state_.digest -= hash;
  }
  if (group->member(event.member_id) != nullptr) {
    outdate_plan(*group, Urgency::kAtOnce,
                 sentence("member '", event.member_id,
                          event.draining ? "' was told to drain" : "' no longer drains"));
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PartitionPinned& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (auto wrong = unknown(event.at)) return wrong;
  if (const auto former = group->pins.find(event.at); former != group->pins.end()) {
    state_.digest -= hash_of_pin(group->id, event.at, former->second);
    group->pins.erase(former);
  } else if (event.member_id.empty()) {
    return sentence(at_text(event.at), " is not pinned in group '", event.group, "'");
  }
  if (!event.member_id.empty()) {
    group->pins.emplace(event.at, event.member_id);
    state_.digest += hash_of_pin(group->id, event.at, event.member_id);
  }
  if (!group->members.empty()) {
    const std::string at = sentence("partition ", event.at.partition, " of topic '",
                                    state_.topic(event.at.topic)->name, "'");
    outdate_plan(*group, Urgency::kAtOnce,
                 event.member_id.empty() ? sentence("the pin of ", at, " was taken off")
                                         : sentence(at, " was pinned to '", event.member_id, "'"));
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupDeleted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (!group->members.empty()) return sentence("group '", event.group, "' has members");
  state_.digest -= hash_of_all(*group);
  state_.groups.erase(event.group);
  return std::nullopt;
}

}  // namespace muster::domain
