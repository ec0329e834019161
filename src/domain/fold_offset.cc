// The fold of offsets.

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

}  // namespace muster::domain
