// One event of every type, with every field set: what the golden bytes say.
#pragma once

#include <vector>

#include "domain/events.h"

namespace muster::golden {

/// In the order of domain::EventBody.
std::vector<domain::Event> golden_events();

}  // namespace muster::golden
