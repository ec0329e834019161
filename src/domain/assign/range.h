// range: each topic by itself in contiguous ranges, as Kafka's RangeAssignor (KIP-49, "range").
// Topics of equal size and equal subscribers line up: partition 3 of both is with the same member,
// so that they can be joined without moving data. The price is balance: every topic's extra
// partitions go to its first subscribers.
#pragma once

#include "domain/assign/strategy.h"

namespace muster::domain {

class Range final : public Strategy {
 public:
  std::string_view name() const override { return "range"; }
  Assignment assign(const AssignmentInput& input) const override;
};

}  // namespace muster::domain
