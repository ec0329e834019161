// Balance and moves together are the cost of a flow from audiences to members to a sink, convex on
// every edge: the best balance is the least sum of the squares of the loads (loads that networks
// allow have a least element, which all such sums agree about: Frank and Murota 2022), and a move
// is a unit that a member lacks of what it held. The present flow is one of least cost. So there
// are prices of the nodes at which no change pays, and they tell what all flows of least cost have
// in common (complementary slackness): a change that would lose by the prices occurs in none of
// them, and those that come out even occur in any combination that the sums admit.
#include "domain/assign/freedom.h"

#include <algorithm>

namespace muster::domain {
namespace {

/// Prices are the distances from all nodes at once over all changes of one unit (Bellman 1958,
/// Ford 1956). There are negative distances, but no negative cycle, since no change pays.
class Prices {
 public:
  Prices(const Network& network, const PresentFlow& present)
      : network_(network),
        present_(present),
        audiences_(network.audience_count()),
        members_(network.member_count()),
        square_(2 * static_cast<std::int64_t>(audiences_.size() + members_.size()) + 3) {}

  /// False when the steps did not suffice.
  bool find(std::int64_t& steps) {
    bool changed = true;
    while (changed && steps > 0) {
      changed = lower_audiences_and_members();
      changed = lower_members_and_sink() || changed;
      steps -= static_cast<std::int64_t>(network_.edge_count() + members_.size());
    }
    return !changed;
  }

  Role role(std::uint32_t edge) const {
    // What giving one more to this member gains by the prices.
    const std::int64_t gain =
        members_[network_.member_of(edge)] - audiences_[network_.audience_of(edge)];
    if (gain == 0) return Role::kTakes;
    return gain == -1 ? Role::kGives : Role::kHasNothing;  // -1: the move that a unit kept saves
  }

  bool may_have_more(std::uint32_t member) const {
    return sink_ == members_[member] + next_load(member);
  }
  bool may_have_less(std::uint32_t member) const {
    return present_.load[member] > present_.pinned[member] &&
           members_[member] == sink_ - last_load(member);
  }

 private:
  /// What one more in the load costs, and what the last one did: of differences of squares each
  /// weighs more than the moves of any path.
  std::int64_t next_load(std::uint32_t member) const {
    return (2 * std::int64_t{present_.load[member]} + 1) * square_;
  }
  std::int64_t last_load(std::uint32_t member) const {
    return (2 * std::int64_t{present_.load[member]} - 1) * square_;
  }

  static bool lower(std::int64_t& price, std::int64_t other) {
    if (other >= price) return false;
    price = other;
    return true;
  }

  bool lower_audiences_and_members() {
    bool changed = false;
    for (std::uint32_t edge = 0; edge < network_.edge_count(); ++edge) {
      std::int64_t& audience = audiences_[network_.audience_of(edge)];
      std::int64_t& member = members_[network_.member_of(edge)];
      const Count units = present_.units[edge];
      const Count held = present_.held[edge];
      changed = lower(member, audience - (units < held ? 1 : 0)) || changed;
      if (units > 0) changed = lower(audience, member + (units > held ? 0 : 1)) || changed;
    }
    return changed;
  }

  bool lower_members_and_sink() {
    bool changed = false;
    for (std::uint32_t member = 0; member < members_.size(); ++member) {
      changed = lower(sink_, members_[member] + next_load(member)) || changed;
      if (present_.load[member] == present_.pinned[member]) continue;
      changed = lower(members_[member], sink_ - last_load(member)) || changed;
    }
    return changed;
  }

  const Network& network_;
  const PresentFlow& present_;
  std::vector<std::int64_t> audiences_;
  std::vector<std::int64_t> members_;
  std::int64_t sink_ = 0;
  std::int64_t square_;  // in moves, which are the unit of prices
};

}  // namespace

std::optional<Freedom> find_freedom(const Network& network, const PresentFlow& present,
                                    std::int64_t& steps) {
  Prices prices(network, present);
  if (!prices.find(steps)) return std::nullopt;
  Freedom freedom{.roles = {}, .least_load = present.load, .most_load = present.load};
  freedom.roles.reserve(network.edge_count());
  for (std::uint32_t edge = 0; edge < network.edge_count(); ++edge) {
    freedom.roles.push_back(prices.role(edge));
  }
  for (std::uint32_t member = 0; member < network.member_count(); ++member) {
    if (prices.may_have_more(member)) ++freedom.most_load[member];
    if (prices.may_have_less(member)) --freedom.least_load[member];
  }
  return freedom;
}

}  // namespace muster::domain
