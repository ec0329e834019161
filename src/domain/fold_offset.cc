// The fold of offsets, and of the end of the group that kept them.

#include <memory>

#include "domain/folding.h"

namespace muster::domain {

Contradiction Folding::operator()(const OffsetsCommitted& event) {
  Group& group = find_or_create_group(event.group);
  for (const OffsetValue& value : event.offsets) {
    if (auto wrong = unknown(value.at)) return wrong;
    if (value.offset < 0) {
      return sentence("offset ", value.offset, " is committed for ", at_text(value.at));
    }
    PartitionState& partition = group.partitions[value.at.topic].at(value.at.partition);
    if (value.fence != partition.fence) {  // fenced-commit
      return sentence(at_text(value.at), " is committed under token ", value.fence,
                      " while its token is ", partition.fence);
    }
    const Changing changing(state_, group.id, value.at, partition);
    partition.committed = value.offset;
    partition.committed_fence = value.fence;
    partition.commit_time_ms = time_ms_;
    if (value.metadata.empty()) {
      partition.metadata.reset();
    } else {
      partition.metadata = std::make_unique<std::string>(value.metadata);
    }
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupDeleted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (!group->members.empty()) return sentence("group '", event.group, "' has members");
  for (const auto& [topic, count] : group->planned) {
    state_.digest -= hash_of(group->id, topic, count);
  }
  for (const auto& [member_id, ended] : group->ended) {
    state_.digest -= hash_of(group->id, member_id, ended);
  }
  for (const auto& [topic, table] : group->partitions) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      state_.digest -= hash_of(group->id, {.topic = topic, .partition = index}, partition);
    });
  }
  state_.digest -= hash_of(*group);
  state_.groups.erase(event.group);
  return std::nullopt;
}

}  // namespace muster::domain
