// The push that tells a client why its connection is about to be closed, for the reasons that are
// the socket layer's own: too many connections, no hello. The coordinator says all others.
#pragma once

#include <cstdint>
#include <string>

#include "domain/errors.h"

namespace muster::daemon {

/// A framed Closing push. It carries sequence 0: it reflects nothing of the state, and so need not
/// wait for the journal (durable-before-visible).
std::string closing_message(ErrorCode code, std::string message, std::uint32_t retry_after_ms);

}  // namespace muster::daemon
