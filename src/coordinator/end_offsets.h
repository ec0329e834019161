// End offsets as clients and administrators report them: observations of the source, not journaled,
// unknown again after a restart until reported anew.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <vector>

#include "domain/ids.h"

namespace muster::coordinator {

class EndOffsets {
 public:
  /// `at` is an existing partition.
  void report(TopicPartition at, std::int64_t end) {
    std::vector<std::int64_t>& ends = ends_[at.topic];
    const auto index = static_cast<std::size_t>(at.partition);
    if (index >= ends.size()) ends.resize(index + 1, kUnknown);
    ends[index] = end;
  }

  /// -1: unknown.
  std::int64_t of(TopicPartition at) const {
    const auto found = ends_.find(at.topic);
    const auto index = static_cast<std::size_t>(at.partition);
    return found == ends_.end() || index >= found->second.size() ? kUnknown : found->second[index];
  }

  void forget(TopicId topic) { ends_.erase(topic); }

 private:
  static constexpr std::int64_t kUnknown = -1;
  absl::flat_hash_map<TopicId, std::vector<std::int64_t>> ends_;
};

}  // namespace muster::coordinator
