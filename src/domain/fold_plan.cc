// The fold of plans and of what follows from them: grants, releases, fencing.

#include <iterator>
#include <utility>

#include "domain/assign/strategy.h"
#include "domain/folding.h"

namespace muster::domain {

Contradiction Folding::set_planned(Group& group, const std::vector<PlannedTopic>& planned) {
  for (const auto& [topic, count] : group.planned) state_.digest -= hash_of(group.id, topic, count);
  group.planned.clear();
  for (const PlannedTopic& one : planned) {
    const Topic* topic = state_.topic(one.topic);
    // The topic may have grown since the plan was made for it.
    if (topic == nullptr || topic->partition_count < one.partition_count) {
      return sentence("a plan gives topic ", one.topic, " ", one.partition_count, " partitions");
    }
    group.planned[one.topic] = one.partition_count;
    state_.digest += hash_of(group.id, one.topic, one.partition_count);
  }
  return std::nullopt;
}

/// What a plan is made for when no member and no setting changed: the topics did.
PlanReason Folding::changed_topics(const Group& group,
                                   const std::vector<PlannedTopic>& planned) const {
  PlanReason reason;
  const auto changed = [&](Sequence sequence, std::string what) {
    if (!reason.what.empty()) {
      ++reason.others;
    } else {
      reason = {.sequence = sequence, .what = std::move(what), .others = 0};
    }
  };
  std::size_t kept = 0;
  for (const PlannedTopic& one : planned) {
    const Topic* topic = state_.topic(one.topic);
    const auto before = group.planned.find(one.topic);
    if (before != group.planned.end()) ++kept;
    if (topic == nullptr) continue;
    if (before == group.planned.end()) {
      changed(topic->id, sentence("topic '", topic->name, "' was created"));
    } else if (before->second != one.partition_count) {
      changed(0, sentence("topic '", topic->name, "' was expanded to ", one.partition_count,
                          " partitions"));
    }
  }
  for (; kept < group.planned.size(); ++kept) changed(0, "a topic was deleted");
  return reason;
}

/// The table of a listed topic, if all listed partitions exist; a plan may name half a million, so
/// names and tables are looked up once a list.
PartitionTable* Folding::table_of(Group& group, const PartitionList& list, Contradiction& wrong) {
  const Topic* topic = state_.topic(list.topic);
  for (const PartitionIndex index : list.partitions) {
    if (topic != nullptr && index >= 0 && index < topic->partition_count) continue;
    wrong = sentence("there is no ", at_text({.topic = list.topic, .partition = index}));
    return nullptr;
  }
  return &group.partitions[list.topic];
}

Contradiction Folding::set_targets(Group& group, SeatId seat,
                                   const std::vector<PartitionList>& topics) {
  Member* target = find_member(group, seat);
  for (const PartitionList& list : topics) {
    Contradiction wrong;
    PartitionTable* table = table_of(group, list, wrong);
    if (table == nullptr) return wrong;
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      PartitionState& partition = table->at(index);
      const Changing changing(state_, group.id, at, partition);
      if (Member* former = find_member(group, partition.target)) --former->targeted;
      partition.target = seat;
      if (target != nullptr) ++target->targeted;
    }
  }
  return std::nullopt;
}

Contradiction Folding::revoke(Group& group, const MemberPartitions& revoking) {
  Member* owner = find_member(group, revoking.seat);
  for (const PartitionList& list : revoking.topics) {
    Contradiction wrong;
    PartitionTable* table = table_of(group, list, wrong);
    if (table == nullptr) return wrong;
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      PartitionState& partition = table->at(index);
      if (partition.phase != Phase::kOwned || partition.owner != revoking.seat) {
        return sentence(at_text(at), " is asked back from seat ", revoking.seat,
                        ", which does not own it");
      }
      const Changing changing(state_, group.id, at, partition);
      partition.phase = Phase::kRevoking;
      ++group.revoking_count;
      --owner->owned;
    }
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PlanRequested& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (find_member(*group, event.seat, event.member_id) == nullptr) {
    return no_seat(event.group, event.seat, event.member_id);
  }
  forget_request(*group);
  PlanRequest& request = group->request.emplace();
  request.sequence = sequence_;
  request.leader = event.seat;
  request.member_id = event.member_id;
  for (const PlannedTopic& one : event.planned) request.topics[one.topic] = one.partition_count;
  state_.digest += hash_of(group->id, request);
  const Changing changing(state_, *group);
  group->plan_urgent = false;  // whoever joins while the leader plans gathers again
  return std::nullopt;
}

Contradiction Folding::operator()(const PlanMade& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  const Generation least = group->generation + (group->plan_unfinished ? 0 : 1);
  if (event.generation < least) {
    return sentence("group '", event.group, "' is at generation ", group->generation,
                    " already, the plan says ", event.generation);
  }
  if (!is_strategy_name(event.strategy)) {
    return sentence("there is no strategy '", event.strategy, "'");
  }
  if (auto wrong = set_targets(*group, kNobody, event.unassigned)) return wrong;
  for (const MemberPartitions& targets : event.targets) {
    Member* member = find_member(*group, targets.seat, targets.member_id);
    if (member == nullptr) return no_seat(event.group, targets.seat, targets.member_id);
    if (auto wrong = set_targets(*group, targets.seat, targets.topics)) return wrong;
    count_member(*group, *member);
  }
  for (const MemberPartitions& revoking : event.revoking) {
    if (auto wrong = revoke(*group, revoking)) return wrong;
  }
  forget_request(*group);
  {
    const Changing changing(state_, *group);
    if (event.generation > group->generation) note_reason(*group, event);
    group->generation = event.generation;
    group->plan_unfinished = event.more;
    if (event.more) return std::nullopt;
    group->plan_outdated = event.outdated;
    group->plan_urgent = group->plan_urgent && event.outdated;
  }
  for (auto& [seat, member] : group->members) {  // who was there and got nothing; 0: everybody
    if (event.membership == 0 || seat <= event.membership) count_member(*group, member);
  }
  return set_planned(*group, event.planned);
}

void Folding::count_member(const Group& group, Member& member) {
  if (member.planned) return;
  const Changing changing(state_, group.id, member);
  member.planned = true;
}

/// The first slice of a plan: what it was made for. Only the first change is remembered in full, so
/// one that came while it was made is told less exactly.
void Folding::note_reason(Group& group, const PlanMade& event) {
  const Sequence membership = event.membership;
  const bool all_later = membership != 0 && group.next_reason.sequence > membership;
  group.reason = all_later ? PlanReason() : std::exchange(group.next_reason, {});
  if (group.reason.sequence == 0) group.reason = changed_topics(group, event.planned);
  if (all_later || membership == 0 || group.changed <= membership) return;
  group.next_reason = {.sequence = group.changed,
                       .what = "the group changed while its last plan was made",
                       .others = 0};
}

namespace {

Contradiction refuse_grant(TopicPartition at, const PartitionState& partition, SeatId seat,
                           FencingToken fence) {
  if (partition.phase != Phase::kFree) {  // single-owner
    return sentence(at_text(at), " is granted to seat ", seat, " while seat ", partition.owner,
                    " owns it");
  }
  if (fence <= partition.ended_fence) {  // fence-rises
    return sentence(at_text(at), " is granted under token ", fence, " after token ",
                    partition.ended_fence);
  }
  if (partition.target != seat) {
    return sentence(at_text(at), " is granted to seat ", seat, " while the plan gives it to seat ",
                    partition.target);
  }
  return std::nullopt;
}

}  // namespace

/// What the grants are for: as a rule the last plan. Those of the unit in which a new incarnation
/// took over a seat, or a live reset was completed, stand next to that event, and need no plan.
PlanReason Folding::reason_of(const Group& group, const PartitionsGranted& event) const {
  if (group.last_live_reset != 0 && group.last_live_reset + 1 == sequence_) {
    return {.sequence = group.last_live_reset, .what = "the group's offsets were reset"};
  }
  for (const MemberPartitions& one : event.grants) {
    const Member* member = group.member(one.seat);
    const bool replaced = member != nullptr && member->incarnation_sequence != member->seat &&
                          member->incarnation_sequence + 1 == sequence_;
    if (replaced) return {.sequence = sequence_ - 1, .what = took_over(member->member_id)};
  }
  return group.reason;
}

/// One more event that so many partitions were last granted by.
void Folding::note_grants(Group& group, FencingToken fence, std::uint32_t partitions,
                          const PlanReason& reason) {
  if (partitions == 0) return;
  const auto [note, fresh] = group.grants.try_emplace(
      fence,
      GrantNote{
          .time_ms = time_ms_, .generation = group.generation, .reason = reason, .partitions = 0});
  note->second.partitions += partitions;
  if (fresh) state_.digest += hash_of(group.id, fence, note->second);
}

/// A partition whose last grant that was is granted anew, or gone.
void Folding::forget_grant(Group& group, FencingToken fence) {
  const auto note = group.grants.find(fence);
  if (note == group.grants.end() || --note->second.partitions > 0) return;
  state_.digest -= hash_of(group.id, fence, note->second);
  group.grants.erase(note);
}

Contradiction Folding::grant(Group& group, const MemberPartitions& grant, FencingToken fence,
                             const PlanReason& reason) {
  Member* member = find_member(group, grant.seat, grant.member_id);
  if (member == nullptr) return no_seat(group.name, grant.seat, grant.member_id);
  if (member->incarnation != grant.incarnation) {
    return no_incarnation(grant.seat, grant.incarnation);
  }
  for (const PartitionList& list : grant.topics) {
    Contradiction wrong;
    PartitionTable* table = table_of(group, list, wrong);
    if (table == nullptr) return wrong;
    auto hint = member->held.lower_bound({.topic = list.topic, .partition = 0});
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      PartitionState& partition = table->at(index);
      if (auto refused = refuse_grant(at, partition, grant.seat, fence)) return refused;
      if (partition.ended_fence != 0) forget_grant(group, partition.ended_fence);
      const Changing changing(state_, group.id, at, partition);
      partition.owner = grant.seat;
      partition.phase = Phase::kOwned;
      ++group.owned_count;
      ++member->owned;
      partition.fence = fence;
      hint = std::next(member->held.insert(hint, at));
    }
    note_grants(group, fence, static_cast<std::uint32_t>(list.partitions.size()), reason);
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PartitionsGranted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  const PlanReason reason = reason_of(*group, event);
  for (const MemberPartitions& one : event.grants) {
    if (auto wrong = grant(*group, one, event.fence_base + sequence_, reason)) return wrong;
  }
  return std::nullopt;
}

/// PartitionsReleased and PartitionsFenced.
template <typename Ended>
Contradiction Folding::end_named_tokens(const Ended& event, TokenEnd how) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  if (member->incarnation != event.incarnation) {
    return no_incarnation(event.seat, event.incarnation);
  }
  for (const TokenRef& token : event.tokens) {
    const PartitionState* partition = group->partition(token.at);
    if (partition == nullptr || partition->owner != event.seat || partition->fence != token.fence) {
      return sentence("seat ", event.seat, " does not hold ", at_text(token.at), " under token ",
                      token.fence);
    }
    end_token(*group, token.at, how);
    member->held.erase(token.at);
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PartitionsReleased& event) {
  return end_named_tokens(event, TokenEnd::kReleased);
}

Contradiction Folding::operator()(const PartitionsFenced& event) {
  return end_named_tokens(event, TokenEnd::kFenced);
}

}  // namespace muster::domain
