// The entry to the fold, and the parts that several events need.

#include "domain/fold.h"

#include <utility>

#include "domain/folding.h"

namespace muster::domain {

Group* Folding::find_group(const std::string& name) { return state_.groups.find(name); }

Group& Folding::find_or_create_group(const std::string& name) {
  if (Group* group = find_group(name)) return *group;
  Group& group = state_.groups[name];
  group.name = name;
  group.id = sequence_;
  group.emptied_ms = time_ms_;
  state_.digest += hash_of(group);
  return group;
}

Member* Folding::find_member(Group& group, SeatId seat) {
  const auto found = group.members.find(seat);
  return found == group.members.end() ? nullptr : &found->second;
}

/// Null too when the seat is another member's: people read an event by its names.
Member* Folding::find_member(Group& group, SeatId seat, const std::string& member_id) {
  Member* member = find_member(group, seat);
  return member != nullptr && member->member_id == member_id ? member : nullptr;
}

/// Says so when no topic has this partition.
Contradiction Folding::unknown(TopicPartition at) const {
  const Topic* topic = state_.topic(at.topic);
  if (topic != nullptr && at.partition >= 0 && at.partition < topic->partition_count) {
    return std::nullopt;
  }
  return no_partition(at);
}

void Folding::end_token(Group& group, TopicPartition at, TokenEnd how) {
  PartitionState& partition = group.partitions[at.topic].at(at.partition);
  const Changing changing(state_, group.id, at, partition);
  if (partition.phase == Phase::kRevoking) --group.revoking_count;
  if (partition.phase == Phase::kOwned) --find_member(group, partition.owner)->owned;
  --group.owned_count;
  partition.owner = kNobody;
  partition.phase = Phase::kFree;
  partition.ended_fence = std::exchange(partition.fence, 0);
  partition.ended_how = how;
  partition.ended_offset = partition.committed;
}

std::expected<void, FoldError> fold(State& state, Sequence sequence, const Event& event) {
  const auto error = [&](std::string message) {
    return std::unexpected(FoldError{.sequence = sequence,
                                     .event = std::string(event_name(event.body)),
                                     .message = std::move(message)});
  };
  if (sequence != state.sequence + 1) {
    return error(sentence("sequence ", state.sequence + 1, " was expected"));
  }
  if (auto wrong = std::visit(Folding(state, sequence, event.time_ms), event.body)) {
    return error(std::move(*wrong));
  }
  state.sequence = sequence;
  return {};
}

}  // namespace muster::domain
