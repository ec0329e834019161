// `muster status` as it is shown.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/output.h"

namespace muster::tools {

Json status_json(const wire::StatusReplyT& status);
/// `now_ms`: wall clock, for "5m 10s ago".
std::string status_text(const wire::StatusReplyT& status, std::string_view server,
                        std::int64_t now_ms);

}  // namespace muster::tools
