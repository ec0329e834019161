// From quotas to partitions: which partitions the members above their quota give up, and who below
// gets which. Nothing else moves. Both choices spread each topic over its members; what pins give
// them of it counts.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "domain/assign/audience.h"

namespace muster::domain {

/// Stands for a pinned partition in an assignment under work.
inline constexpr MemberIndex kPinned = kUnassigned - 1;

/// Says where a member stands in the audience under work. One array serves all audiences in turn.
class Positions {
 public:
  explicit Positions(std::size_t member_count) : position_(member_count, kStranger) {}

  static constexpr std::uint32_t kStranger = std::numeric_limits<std::uint32_t>::max();

  void enter(const Audience& audience);
  void leave(const Audience& audience);

  /// kStranger when the member is none of the audience.
  std::uint32_t operator[](MemberIndex member) const { return position_[member]; }

 private:
  std::vector<std::uint32_t> position_;
};

/// Takes partitions from all who hold more than their quota and leaves them kUnassigned. Which:
/// those of topics that the member has many of and that the members to get some have few of.
void give_up(const AssignmentInput& input, const Audience& audience, const Positions& positions,
             Assignment& assignment);

/// Gives every kUnassigned partition of the audience to a member below its quota, or as an extra;
/// quotas and extras must leave room for exactly these. Topics are dealt one after the other,
/// without a look ahead: returns those, as numbers within the audience, of which it gave some and
/// of which somebody has at least two more than somebody else.
std::vector<std::uint32_t> deal_out(const AssignmentInput& input, const Audience& audience,
                                    const Positions& positions, Assignment& assignment);

/// Exchanges partitions between two members at a time where that evens out the `uneven` topics and
/// adds no unevenness to others and no move, until there is none, or until it has done about as
/// many steps as there are partitions and subscribers.
void even_out(const AssignmentInput& input, const Audience& audience, const Positions& positions,
              const std::vector<std::uint32_t>& uneven, Assignment& assignment);

}  // namespace muster::domain
