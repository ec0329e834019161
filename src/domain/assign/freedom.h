// What may still be chosen once balance and moves are decided: which members may give partitions
// up, which may take some, and who may have the extra.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/assign/network.h"

namespace muster::domain {

/// What a member does in one audience, in every plan of the best balance with the fewest moves.
enum class Role : std::uint8_t {
  kHasNothing,
  kGives,  // keeps what it holds or gives of it, and takes nothing
  kTakes,  // keeps all that it holds, and may take more
};

struct Freedom {
  std::vector<Role> roles;        // by edge
  std::vector<Count> least_load;  // by member
  std::vector<Count> most_load;   // at most one more
};

/// A plan of the best balance with the fewest moves, as far as it concerns a network.
struct PresentFlow {
  std::vector<Count> units;   // by edge: what the member is to have of the audience, pins apart
  std::vector<Count> held;    // by edge: what it has had of it
  std::vector<Count> pinned;  // by member
  std::vector<Count> load;    // by member: pinned ones and units
};

/// Nothing when `steps` did not suffice; takes off what it needed.
std::optional<Freedom> find_freedom(const Network& network, const PresentFlow& present,
                                    std::int64_t& steps);

}  // namespace muster::domain
