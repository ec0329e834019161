// A partition as its holder is told of it, in replies and in pushes.
#pragma once

#include "codec/wire.h"
#include "domain/state.h"

namespace muster::coordinator {

/// `remaining_ms` has a meaning only while the partition is being revoked.
wire::GrantedPartition granted_partition(const domain::PartitionState& partition,
                                         PartitionIndex index, std::uint32_t remaining_ms);

}  // namespace muster::coordinator
