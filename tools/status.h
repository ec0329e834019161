// `muster status` as it is shown.
#pragma once

#include <wire_generated.h>

#include <string>
#include <string_view>

#include "tools/output.h"

namespace muster::tools {

Json status_json(const wire::StatusReplyT& status);
std::string status_text(const wire::StatusReplyT& status, std::string_view server);

}  // namespace muster::tools
