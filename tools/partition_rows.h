// Which partitions of a long list a person wants to see first.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/group_view.h"

namespace muster::tools {

/// All of them in their order, if there are no more than `most` (0: however many). Otherwise
/// `most`: first those without an owner, then those that move, then those that lag most; lags that
/// are unknown come last.
std::vector<const wire::PartitionInfoT*> telling_partitions(const GroupView& view,
                                                            std::size_t most);

}  // namespace muster::tools
