#include "domain/assign/shares.h"

#include <algorithm>
#include <limits>

#include "domain/assert.h"

namespace muster::domain {
namespace {

/// Calls `use` with the owner of each partition that has one.
void for_each_owner(const AssignmentInput::Topic& topic, const std::vector<MemberIndex>& owners,
                    auto use) {
  for (const MemberIndex owner : owners) {
    if (owner < kPinned) use(owner);
  }
  for (const AssignmentInput::Pin& pin : topic.pins) {
    if (pin.member != kUnassigned) use(pin.member);
  }
}

/// `counts`: by position, all 0 before and afterwards.
bool is_even(const AssignmentInput::Topic& topic, const std::vector<MemberIndex>& owners,
             const Positions& positions, std::span<Count> counts) {
  std::size_t total = 0;
  for_each_owner(topic, owners, [&](MemberIndex owner) {
    ++total;
    ++counts[positions[owner]];
  });
  // With no more than these at one above the mean, and none higher, all others are at the mean.
  const auto mean = static_cast<Count>(total / counts.size());
  std::size_t above = 0;
  bool higher = false;
  for_each_owner(topic, owners, [&](MemberIndex owner) {
    Count& count = counts[positions[owner]];
    higher = higher || count > mean + 1;
    above += count == mean + 1 ? 1 : 0;
    count = 0;
  });
  return !higher && above == total % counts.size();
}

}  // namespace

bool all_even(const AssignmentInput& input, std::span<const Audience> audiences,
              Positions& positions, const Assignment& assignment) {
  std::vector<Count> counts;
  for (const Audience& audience : audiences) {
    counts.resize(audience.subscribers.size());
    positions.enter(audience);
    const bool even = std::ranges::all_of(audience.topics, [&](std::uint32_t topic) {
      return is_even(input.topics[topic], assignment[topic], positions, counts);
    });
    positions.leave(audience);
    if (!even) return false;
  }
  return true;
}

// Until `confine`, `least` counts the pinned partitions alone, and `most` these and the held ones.
Shares::Shares(const AssignmentInput& input, std::span<const Audience> audiences,
               Positions& positions, const Assignment& assignment)
    : input_(input) {
  rows_begin_.push_back(0);
  begin_.push_back(0);
  for (std::uint32_t i = 0; i < audiences.size(); ++i) {
    for (const std::uint32_t topic : audiences[i].topics) {
      topics_.push_back(topic);
      audience_of_.push_back(i);
      begin_.push_back(begin_.back() + audiences[i].subscribers.size());
    }
    rows_begin_.push_back(row_count());
  }
  shares_.resize(begin_.back());
  for (std::uint32_t i = 0; i < audiences.size(); ++i) {
    positions.enter(audiences[i]);
    for (std::uint32_t r = rows_begin(i); r < rows_end(i); ++r) {
      const std::span<Share> shares = row(r);
      const AssignmentInput::Topic& topic = input.topics[topics_[r]];
      for (const AssignmentInput::Pin& pin : topic.pins) {
        if (pin.member == kUnassigned) continue;
        Share& share = shares[positions[pin.member]];
        ++share.count;
        ++share.least;
        ++share.most;
      }
      const std::vector<MemberIndex>& owners = assignment[topics_[r]];
      for (std::size_t p = 0; p < owners.size(); ++p) {
        if (owners[p] == kPinned) continue;
        ++shares[positions[owners[p]]].count;
        if (topic.current.empty() || topic.current[p] == kUnassigned) continue;
        const std::uint32_t holder = positions[topic.current[p]];
        if (holder != Positions::kStranger) ++shares[holder].most;
      }
    }
    positions.leave(audiences[i]);
  }
}

PresentFlow Shares::flow(const Network& network, const std::vector<Count>& pinned) const {
  PresentFlow flow{.units = std::vector<Count>(network.edge_count()),
                   .held = std::vector<Count>(network.edge_count()),
                   .pinned = {},
                   .load = {}};
  for (std::uint32_t r = 0; r < row_count(); ++r) {
    std::uint32_t edge = network.edges_begin(audience_of(r));
    for (const Share& share : row(r)) {
      flow.units[edge] += share.count - share.least;
      flow.held[edge] += share.most - share.least;
      ++edge;
    }
  }
  for (std::uint32_t member = 0; member < network.member_count(); ++member) {
    flow.pinned.push_back(pinned[network.input_member(member)]);
  }
  flow.load = flow.pinned;
  for (std::uint32_t edge = 0; edge < network.edge_count(); ++edge) {
    flow.load[network.member_of(edge)] += flow.units[edge];
  }
  return flow;
}

void Shares::confine(const Network& network, const Freedom& freedom) {
  for (std::uint32_t r = 0; r < row_count(); ++r) {
    std::uint32_t edge = network.edges_begin(audience_of(r));
    for (Share& share : row(r)) {
      switch (freedom.roles[edge++]) {
        case Role::kHasNothing:
          share.most = share.least;
          break;
        case Role::kGives:
          break;
        case Role::kTakes:
          share.least = share.most;
          share.most = std::numeric_limits<Count>::max();
          break;
      }
      // Not both gives and takes of one audience: that would be one move more than need be.
      MUSTER_ASSERT(share.least <= share.count && share.count <= share.most);
    }
  }
}

void Shares::write_back(std::uint32_t row_number, const Audience& audience,
                        const Positions& positions, Assignment& assignment) const {
  const AssignmentInput::Topic& topic = input_.topics[topics_[row_number]];
  std::vector<MemberIndex>& owners = assignment[topics_[row_number]];
  std::vector<Count> left;
  for (const Share& share : row(row_number)) left.push_back(share.count);
  for (const AssignmentInput::Pin& pin : topic.pins) {
    if (pin.member != kUnassigned) --left[positions[pin.member]];
  }
  const std::vector<MemberIndex> before = owners;
  std::ranges::replace_if(owners, [](MemberIndex owner) { return owner != kPinned; }, kUnassigned);
  for (const std::vector<MemberIndex>* preferred : {&topic.current, &before}) {
    for (std::size_t p = 0; p < preferred->size(); ++p) {
      const MemberIndex member = (*preferred)[p];
      if (owners[p] != kUnassigned || member == kUnassigned) continue;
      const std::uint32_t at = positions[member];
      if (at == Positions::kStranger || left[at] == 0) continue;
      owners[p] = member;
      --left[at];
    }
  }
  std::size_t next = 0;
  for (MemberIndex& owner : owners) {
    if (owner != kUnassigned) continue;
    while (left[next] == 0) ++next;
    owner = audience.subscribers[next];
    --left[next];
  }
}

}  // namespace muster::domain
