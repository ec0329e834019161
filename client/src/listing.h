// What the coordinator says a member holds, while the pages of the answer come in.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <map>
#include <optional>

#include "client/src/holdings.h"
#include "client/src/lease.h"

namespace muster {

struct Listed {
  FencingToken fence = 0;
  std::int64_t committed = -1;
  std::optional<std::uint64_t> release_by_ms;  // set: it is being revoked
};

/// The pages are read at later and later sequences, and pushes arrive between them; so a push
/// that speaks of the listing's time is put into it, and nothing is concluded before the end.
class Listing {
 public:
  void add(const wire::GrantedTopicT& topic, const Lease& lease) {
    for (const wire::GrantedPartition& each : topic.partitions) {
      Listed& listed = partitions_[{topic.topic, each.partition()}];
      listed = {.fence = each.fence(), .committed = each.committed(), .release_by_ms = {}};
      if (each.revoking()) listed.release_by_ms = lease.end_of_ms(each.revoke_remaining_ms());
    }
  }
  void revoke(const PartitionKey& key, FencingToken fence, std::uint64_t release_by_ms) {
    const auto found = partitions_.find(key);
    if (found == partitions_.end() || found->second.fence != fence) return;
    found->second.release_by_ms = release_by_ms;
  }
  void lose(const PartitionKey& key, FencingToken fence) {
    const auto found = partitions_.find(key);
    if (found != partitions_.end() && found->second.fence == fence) partitions_.erase(found);
  }

  const std::map<PartitionKey, Listed>& partitions() const { return partitions_; }

 private:
  std::map<PartitionKey, Listed> partitions_;
};

}  // namespace muster
