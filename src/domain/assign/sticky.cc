#include "domain/assign/sticky.h"

#include "domain/assert.h"
#include "domain/assign/audience.h"
#include "domain/assign/balance.h"
#include "domain/assign/deal.h"
#include "domain/assign/level_out.h"
#include "domain/assign/water_level.h"

namespace muster::domain {
namespace {

/// How many partitions each member has by pins alone.
std::vector<Count> count_pinned(const AssignmentInput& input) {
  std::vector<Count> pinned(input.member_count);
  for (const AssignmentInput::Topic& topic : input.topics) {
    for (const AssignmentInput::Pin& pin : topic.pins) {
      if (pin.member != kUnassigned) ++pinned[pin.member];
    }
  }
  return pinned;
}

/// Everything where it is now, pinned partitions apart.
Assignment present(const AssignmentInput& input) {
  MUSTER_ASSERT(input.member_count < kPinned);
  Assignment assignment;
  assignment.reserve(input.topics.size());
  for (const AssignmentInput::Topic& topic : input.topics) {
    const auto count = static_cast<std::size_t>(topic.partition_count);
    if (topic.current.empty() || input.subscribers(topic).empty()) {
      assignment.emplace_back(count, kUnassigned);
    } else {
      MUSTER_ASSERT(topic.current.size() == count);
      assignment.push_back(topic.current);
    }
    for (const AssignmentInput::Pin& pin : topic.pins) {
      MUSTER_ASSERT(pin.partition >= 0 && static_cast<std::size_t>(pin.partition) < count);
      assignment.back()[pin.partition] = kPinned;
    }
  }
  return assignment;
}

/// Counts what subscribers hold and takes away what others do, who have ceased to subscribe.
void count_held(const Audience& audience, const Positions& positions, Assignment& assignment) {
  for (const std::uint32_t topic : audience.topics) {
    for (MemberIndex& owner : assignment[topic]) {
      if (owner >= kPinned) continue;
      const std::uint32_t at = positions[owner];
      if (at == Positions::kStranger) {
        owner = kUnassigned;
      } else {
        ++audience.held[at];
      }
    }
  }
}

void place_pins(const AssignmentInput& input, Assignment& assignment) {
  for (std::size_t i = 0; i < input.topics.size(); ++i) {
    for (const AssignmentInput::Pin& pin : input.topics[i].pins) {
      assignment[i][pin.partition] = pin.member;
    }
  }
}

}  // namespace

Assignment Sticky::assign(const AssignmentInput& input) const {
  Assignment assignment = present(input);
  Audiences audiences(input);
  Positions positions(input.member_count);
  for (const Audience& audience : audiences.all()) {
    positions.enter(audience);
    count_held(audience, positions, assignment);
    positions.leave(audience);
  }

  const std::vector<Count> pinned = count_pinned(input);
  for (const std::vector<std::uint32_t>& component : audiences.components(input.member_count)) {
    std::vector<Audience> together;
    together.reserve(component.size());
    for (const std::uint32_t i : component) together.push_back(audiences.all()[i]);
    if (together.size() == 1) {
      fill_quotas(together.front(), pinned);
    } else {
      balance_quotas(together, pinned);
    }
    for (const Audience& audience : together) {
      positions.enter(audience);
      give_up(input, audience, positions, assignment);
      const std::vector<std::uint32_t> uneven = deal_out(input, audience, positions, assignment);
      even_out(input, audience, positions, uneven, assignment);
      positions.leave(audience);
    }
    level_out(input, together, pinned, positions, assignment);
  }
  place_pins(input, assignment);
  return assignment;
}

}  // namespace muster::domain
