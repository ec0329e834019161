// The small words of a partition's story.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/events.h"

namespace muster::tools {

/// "3 ms", "1.9 s", "10 s", "2 m 3 s", "2 h 3 m", "3 d 4 h". What is negative, because the wall
/// clock was set back, is "0 ms".
std::string elapsed_text(std::int64_t elapsed_ms);

/// "muster:alice at 127.0.0.1"
std::string who_text(const domain::Cause& cause);

/// "pod-0", "pod-0 and pod-1", "pod-0, pod-1 and pod-2", "pod-0, pod-1, pod-2 and 997 more"
std::string listed(const std::vector<std::string>& names);

/// "expired: it was silent for its session timeout (30 s)"; "expired" when the times are 0, since
/// they are not known.
std::string expiry_text(domain::ExpiryReason reason, std::uint32_t session_timeout_ms,
                        std::uint32_t disconnect_grace_ms);

}  // namespace muster::tools
