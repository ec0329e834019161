// The server's refusals as the client's errors.
#pragma once

#include <wire_generated.h>

#include "muster/error.hpp"

namespace muster {

/// Keeps the server's name and retriability, also for codes that this build does not know.
Error from_wire(const wire::ErrorT& refusal);

}  // namespace muster
