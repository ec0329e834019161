#include "domain/assign/level_out.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "domain/assign/freedom.h"
#include "domain/assign/levelling.h"
#include "domain/assign/shares.h"

namespace muster::domain {

void level_out(const AssignmentInput& input, std::span<const Audience> audiences,
               const std::vector<Count>& pinned, Positions& positions, Assignment& assignment) {
  std::size_t pairs = 0;
  std::int64_t partitions = 0;
  std::int64_t kept = 0;  // neither given up nor free anyway
  for (const Audience& audience : audiences) {
    pairs += audience.topics.size() * audience.subscribers.size();
    partitions += audience.partitions;
    kept += std::accumulate(audience.held.begin(), audience.held.end(), std::int64_t{0});
  }
  if (kept == partitions || pairs > kMostShares) return;
  if (all_even(input, audiences, positions, assignment)) return;

  Shares shares(input, audiences, positions, assignment);
  const Network network(audiences, input.member_count);
  const auto subscriptions = static_cast<std::int64_t>(network.edge_count());
  std::int64_t steps = std::min(kMostSteps, kMostStepsEach * (partitions + subscriptions));
  PresentFlow present = shares.flow(network, pinned);
  std::optional<Freedom> freedom = find_freedom(network, present, steps);
  if (!freedom) return;
  shares.confine(network, *freedom);
  Levelling levelling(shares, network, std::move(*freedom), std::move(present.load), steps);
  levelling.run();
  for (std::uint32_t i = 0; i < audiences.size(); ++i) {
    positions.enter(audiences[i]);
    for (std::uint32_t row = shares.rows_begin(i); row < shares.rows_end(i); ++row) {
      if (levelling.changed()[row]) shares.write_back(row, audiences[i], positions, assignment);
    }
    positions.leave(audiences[i]);
  }
}

}  // namespace muster::domain
