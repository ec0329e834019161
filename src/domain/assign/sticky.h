// sticky: balance first, then stillness, then evenness.
//
// 1. Balance. The loads (pinned partitions count), sorted from the highest, are the smallest
//    possible in lexicographic order. Where subscriptions allow, they are within one of each other.
// 2. Moves. Among all plans of that balance, one with the fewest moves. A move is a partition that
//    the last plan gives to a member who is still here and this one to another. The minimum is
//    reached exactly, whatever the subscriptions. So a plan for an unchanged group is unchanged.
// 3. Evenness. Which partitions are given up, and who gets which, spreads each topic over its
//    members, and costs no balance and no move. The first choice is greedy, topic by topic; where a
//    topic comes out uneven, exchanges between two members mend it while there are any that do. So
//    topics are even from nothing with equal subscriptions, where this is exactly round_robin's
//    deal. Otherwise they nearly always are where they can be: what takes an exchange among three
//    members, or another give-up by members that exchange nothing, is not looked for.
// Whatever remains open goes to the first members by id.
#pragma once

#include "domain/assign/strategy.h"

namespace muster::domain {

class Sticky final : public Strategy {
 public:
  std::string_view name() const override { return "sticky"; }
  Assignment assign(const AssignmentInput& input) const override;
};

}  // namespace muster::domain
