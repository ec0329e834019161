// Committed offsets as `muster offset fetch` shows them.
#pragma once

#include <wire_generated.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/output.h"

namespace muster::tools {

using CommittedOffsets = std::vector<std::unique_ptr<wire::CommittedOffsetT>>;

/// An offset of -1 (nothing committed yet) is null.
Json offset_json(const wire::CommittedOffsetT& offset);
/// A table of one row; a sentence when nothing is committed.
std::string offset_text(std::string_view group, const wire::CommittedOffsetT& offset);

Json offsets_json(std::string_view group, const CommittedOffsets& offsets);
std::string offsets_text(std::string_view group, const CommittedOffsets& offsets);

/// 1700000000123 is "2023-11-14T22:13:20.123Z"; 0 is "-".
std::string time_text(std::int64_t time_ms);

}  // namespace muster::tools
