// What commands ask of a group's committed offsets.
#pragma once

#include <expected>
#include <string>

#include "tools/offset_view.h"
#include "tools/server_link.h"

namespace muster::tools {

/// All that the group has committed, by topic and partition.
std::expected<CommittedOffsets, Error> ask_offsets(ServerLink& link, const std::string& group);

}  // namespace muster::tools
