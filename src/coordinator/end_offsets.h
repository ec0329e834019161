// Where partitions begin and end, as clients and administrators report it: observations of the
// source, the same for every group, not journaled, unknown again after a restart until reported
// anew. The last report counts: a source may be cut off at its end, too.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>

#include "domain/ids.h"

namespace muster::coordinator {

/// -1: nobody has reported it.
struct PartitionEnds {
  std::int64_t start = -1;  // the first offset that is still there
  std::int64_t end = -1;    // the one after the last
};

class EndOffsets {
 public:
  /// `at` is an existing partition. What `ends` leaves out stays as it was reported before.
  void report(TopicPartition at, PartitionEnds ends) {
    if (ends.start < 0 && ends.end < 0) return;
    PartitionEnds& known = ends_[at.topic][at.partition];
    if (ends.start >= 0) known.start = ends.start;
    if (ends.end >= 0) known.end = ends.end;
  }

  PartitionEnds of(TopicPartition at) const {
    const auto topic = ends_.find(at.topic);
    if (topic == ends_.end()) return {};
    const auto partition = topic->second.find(at.partition);
    return partition == topic->second.end() ? PartitionEnds() : partition->second;
  }

  void forget(TopicId topic) { ends_.erase(topic); }

 private:
  // Hashed, not indexed: one report for partition 99,999 must not cost 100,000 entries (bounded).
  absl::flat_hash_map<TopicId, absl::flat_hash_map<PartitionIndex, PartitionEnds>> ends_;
};

}  // namespace muster::coordinator
