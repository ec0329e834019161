// The best balance among members that could all take everything: like water poured into vessels
// whose bottoms are what pins have put there already.
#pragma once

#include <vector>

#include "domain/assign/audience.h"

namespace muster::domain {

struct WaterLevel {
  Count level = 0;   // every member has at least this many
  Count extras = 0;  // so many of those that are at the level have one more
};

/// `pinned`: what each member has by pins (at least one member). `partitions`: how many come on
/// top.
WaterLevel water_level(const std::vector<Count>& pinned, Count partitions);

/// Quotas of an audience that shares no member with another: balanced within one, as far as pins
/// allow, with as few moves as any such quotas. `pinned`: by member of the input.
void fill_quotas(Audience& audience, const std::vector<Count>& pinned);

}  // namespace muster::domain
