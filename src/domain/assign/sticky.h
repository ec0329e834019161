// sticky: balance first, then stillness, then evenness.
//
// 1. Balance. The loads (pinned partitions count), sorted from the highest, are the smallest
//    possible in lexicographic order. Where subscriptions allow, they are within one of each other.
// 2. Moves. Among all plans of that balance, one with the fewest moves. A move is a partition that
//    the last plan gives to a member who is still here and this one to another. The minimum is
//    reached exactly, whatever the subscriptions. So a plan for an unchanged group is unchanged.
// 3. Evenness. Among these plans, one with the least sum, over all topics and members, of the
//    square of what the member has of the topic (pinned partitions count). So topics are spread
//    over their members within one where that costs no balance and no move, and otherwise as evenly
//    as can be. From nothing with equal subscriptions this is exactly round_robin's deal. The
//    minimum is reached exactly, whatever the subscriptions, in all but very large groups: members
//    that share topics, directly or through others, with at most 262,144 pairs of a topic and a
//    subscriber (level_out.h, where a limit of steps is stated, too). In larger ones topics are
//    dealt greedily, and exchanges between two members of one audience mend what they can.
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
