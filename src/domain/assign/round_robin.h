// round_robin: members sorted by id, partitions sorted by topic name and number, dealt in turn.
// One cursor over all members serves all topics; it skips those that don't subscribe and stays
// where it stopped, so that many small topics don't all begin with the first member.
#pragma once

#include "domain/assign/strategy.h"

namespace muster::domain {

class RoundRobin final : public Strategy {
 public:
  std::string_view name() const override { return "round_robin"; }
  Assignment assign(const AssignmentInput& input) const override;
};

}  // namespace muster::domain
