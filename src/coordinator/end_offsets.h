// End offsets as clients and administrators report them: observations of the source, not journaled,
// unknown again after a restart until reported anew.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>

#include "domain/ids.h"

namespace muster::coordinator {

class EndOffsets {
 public:
  /// `at` is an existing partition.
  void report(TopicPartition at, std::int64_t end) { ends_[at.topic][at.partition] = end; }

  /// -1: unknown.
  std::int64_t of(TopicPartition at) const {
    const auto topic = ends_.find(at.topic);
    if (topic == ends_.end()) return kUnknown;
    const auto partition = topic->second.find(at.partition);
    return partition == topic->second.end() ? kUnknown : partition->second;
  }

  void forget(TopicId topic) { ends_.erase(topic); }

 private:
  static constexpr std::int64_t kUnknown = -1;
  // Hashed, not indexed: one report for partition 99,999 must not cost 100,000 entries (bounded).
  absl::flat_hash_map<TopicId, absl::flat_hash_map<PartitionIndex, std::int64_t>> ends_;
};

}  // namespace muster::coordinator
