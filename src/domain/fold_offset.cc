// The fold of offsets.

#include <memory>

#include "domain/folding.h"

namespace muster::domain {

Contradiction Folding::set_offset(Group& group, PartitionFinder& partitions,
                                  const OffsetValue& value) {
  PartitionState* found = partitions.find(value.at);
  if (found == nullptr) return no_partition(value.at);
  PartitionState& partition = *found;
  if (value.fence != partition.fence) {  // fenced-commit
    return sentence(at_text(value.at), " is committed under token ", value.fence,
                    " while its token is ", partition.fence);
  }
  const CommitHash hash(group.id, value.at, partition);
  state_.digest -= hash.of(partition);
  partition.committed = value.offset;
  partition.committed_fence = value.offset < 0 ? 0 : value.fence;
  partition.commit_time_ms = value.offset < 0 ? 0 : time_ms_;
  if (value.metadata.empty()) {
    partition.metadata.reset();
  } else {
    partition.metadata = std::make_unique<std::string>(value.metadata);
  }
  state_.digest += hash.of(partition);
  return std::nullopt;
}

Contradiction Folding::operator()(const OffsetsCommitted& event) {
  Group& group = find_or_create_group(event.group);
  PartitionFinder partitions(state_, group);
  for (const OffsetValue& value : event.offsets) {
    if (value.offset < 0) {
      return sentence("offset ", value.offset, " is committed for ", at_text(value.at));
    }
    if (auto wrong = set_offset(group, partitions, value)) return wrong;
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const OffsetsReset& event) {
  Group& group = find_or_create_group(event.group);
  if (event.begun != 0) {
    if (!group.reset || group.reset->sequence != event.begun) {
      return sentence("group '", event.group, "' has no reset that began with ", event.begun);
    }
    forget_reset(group);
    const Changing changing(state_, group);
    group.last_live_reset = sequence_;
  }
  PartitionFinder partitions(state_, group);
  for (const OffsetValue& value : event.offsets) {
    const bool nothing = value.offset == -1 && value.metadata.empty();
    if (value.offset < 0 && !nothing) {
      return sentence("offset ", value.offset, " is set for ", at_text(value.at));
    }
    if (auto wrong = set_offset(group, partitions, value)) return wrong;
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const OffsetsResetBegun& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (group->reset) {
    return sentence("a reset of group '", event.group, "' waits since ", group->reset->sequence);
  }
  PendingReset reset{.sequence = sequence_, .undoes = event.undoes, .offsets = {}};
  for (const OffsetValue& value : event.offsets) {
    if (auto wrong = unknown(value.at)) return wrong;
    if (value.offset < -1) {
      return sentence("offset ", value.offset, " is set for ", at_text(value.at));
    }
    reset.offsets[value.at] = {.offset = value.offset, .metadata = value.metadata};
  }
  for (const MemberPartitions& revoking : event.revoking) {
    if (find_member(*group, revoking.seat, revoking.member_id) == nullptr) {
      return no_seat(event.group, revoking.seat, revoking.member_id);
    }
    if (auto wrong = revoke(*group, revoking)) return wrong;
  }
  group->reset = std::move(reset);
  state_.digest += hash_of(group->id, *group->reset);
  return std::nullopt;
}

void Folding::forget_reset(Group& group) {
  if (!group.reset) return;
  state_.digest -= hash_of(group.id, *group.reset);
  group.reset.reset();
}

/// A live reset goes on without the partitions of a topic that is deleted.
void Folding::forget_resets_of(Group& group, TopicId topic) {
  if (!group.reset) return;
  state_.digest -= hash_of(group.id, *group.reset);
  std::erase_if(group.reset->offsets, [&](const auto& one) { return one.first.topic == topic; });
  if (group.reset->offsets.empty()) {
    group.reset.reset();
  } else {
    state_.digest += hash_of(group.id, *group.reset);
  }
}

Contradiction Folding::forget_offsets(Group& group, const std::vector<OffsetValue>& former) {
  PartitionFinder partitions(state_, group);
  for (const OffsetValue& value : former) {
    const PartitionState* found = partitions.find(value.at);
    if (found == nullptr) return no_partition(value.at);
    const PartitionState& partition = *found;
    if (partition.phase != Phase::kFree) {
      return sentence("the offset of ", at_text(value.at), " goes while seat ", partition.owner,
                      " owns it");
    }
    if (partition.committed != value.offset) {
      return sentence(at_text(value.at), " is said to be at ", value.offset, " and is at ",
                      partition.committed);
    }
    const OffsetValue nothing{.at = value.at, .offset = -1};
    if (auto wrong = set_offset(group, partitions, nothing)) return wrong;
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const OffsetsDeleted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  return forget_offsets(*group, event.former);
}

Contradiction Folding::operator()(const OffsetsExpired& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (!group->members.empty()) return sentence("group '", event.group, "' has members");
  return forget_offsets(*group, event.former);
}

}  // namespace muster::domain
