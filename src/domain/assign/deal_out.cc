#include <algorithm>
#include <limits>
#include <queue>

#include "domain/assert.h"
#include "domain/assign/deal.h"

namespace muster::domain {
namespace {

/// Members by how many partitions they lack, in queues: whoever lacks most is next, and among
/// equals who was served longest ago. Those that lack nothing come last, while there are extras for
/// them. Serving whoever lacks most is how Gale (1957) and Ryser (1957) fill a table of given sums
/// without putting two into one cell, here: without giving two of a topic to one member. When all
/// lack alike it is round_robin's deal.
class Queues {
 public:
  explicit Queues(const Audience& audience)
      : open_(audience.open),
        extras_(audience.extras),
        lacks_(audience.quota.size()),
        behind_(audience.quota.size()) {
    Count most = 0;
    for (std::size_t i = 0; i < lacks_.size(); ++i) {
      lacks_[i] = audience.quota[i] - audience.held[i];
      most = std::max(most, lacks_[i]);
    }
    queues_.resize(static_cast<std::size_t>(most) + 1);
    for (std::uint32_t i = 0; i < lacks_.size(); ++i) append(i);
  }

  static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

  /// Takes the next member out; kNobody when all others have been taken out or have enough.
  std::uint32_t take() {
    while (!filled_.empty() && queues_[filled_.top()].first == kNobody) filled_.pop();
    if (filled_.empty() || (filled_.top() == 0 && extras_ == 0)) return kNobody;
    Queue& queue = queues_[filled_.top()];
    const std::uint32_t member = queue.first;
    queue.first = behind_[member];
    return member;
  }

  /// The member taken out got a partition.
  void serve(std::uint32_t member) {
    if (lacks_[member] == 0) --extras_;
    --lacks_[member];
    append(member);
  }

  void append(std::uint32_t member) {
    if (lacks_[member] < 0 || (lacks_[member] == 0 && !open_[member])) return;
    Queue& queue = queues_[lacks_[member]];
    behind_[member] = kNobody;
    if (queue.first == kNobody) {
      filled_.push(lacks_[member]);
      queue.first = member;
    } else {
      behind_[queue.last] = member;
    }
    queue.last = member;
  }

  /// The member taken out got nothing and goes back to where it stood.
  void prepend(std::uint32_t member) {
    Queue& queue = queues_[lacks_[member]];
    if (queue.first == kNobody) {
      filled_.push(lacks_[member]);
      queue.last = member;
    }
    behind_[member] = queue.first;
    queue.first = member;
  }

 private:
  struct Queue {
    std::uint32_t first = kNobody;
    std::uint32_t last = kNobody;  // means something only while there is a first
  };

  std::span<const bool> open_;
  Count extras_ = 0;
  std::vector<Count> lacks_;
  std::vector<std::uint32_t> behind_;  // each member in its queue
  std::vector<Queue> queues_;          // by what the members in it lack
  std::priority_queue<Count>
      filled_;  // numbers of queues: all that are not empty, and some that are
};

class Dealer {
 public:
  explicit Dealer(const Audience& audience) : queues_(audience), shares_(audience.quota.size()) {}

  /// `owners` and `pins`: of one topic. Members that have their even share of it already stand
  /// aside; when nobody else is left, a share is one more. Everyone who stands aside holds a share
  /// at least, so that all of this takes no longer than the topic has partitions. Says whether the
  /// topic was dealt and is uneven now.
  bool deal(std::vector<MemberIndex>& owners, std::span<const AssignmentInput::Pin> pins,
            const Audience& audience, const Positions& positions) {
    ++topic_;
    Count free = 0;
    Count partitions = 0;
    Count most = 0;
    for (const MemberIndex owner : owners) {
      free += owner == kUnassigned ? 1 : 0;
      partitions += owner != kPinned ? 1 : 0;
    }
    if (free == 0) return false;
    for (const AssignmentInput::Pin& pin : pins) {
      if (pin.member == kUnassigned) continue;
      ++partitions;
      most = std::max(most, ++share_of(positions[pin.member]));
    }
    if (free < partitions) {
      for (const MemberIndex owner : owners) {
        if (owner < kPinned) most = std::max(most, ++share_of(positions[owner]));
      }
    }
    const auto members = static_cast<Count>(audience.subscribers.size());
    Count even = std::max(partitions / members, 1);
    for (MemberIndex& owner : owners) {
      if (owner != kUnassigned) continue;
      const std::uint32_t member = next_below(even);
      owner = audience.subscribers[member];
      most = std::max(most, ++share_of(member));
      queues_.serve(member);
    }
    for (; !aside_.empty(); aside_.pop_back()) queues_.prepend(aside_.back());
    return most >= least_share(partitions, members, most) + 2;
  }

 private:
  struct Share {
    std::uint32_t topic = 0;
    Count count = 0;
  };

  /// How many of the topic under work the member has.
  Count& share_of(std::uint32_t member) {
    Share& share = shares_[member];
    if (share.topic != topic_) share = {.topic = topic_, .count = 0};
    return share.count;
  }

  /// The smallest share of the topic under work; where it does not matter how much below the mean
  /// it is, the mean. So members are looked at only if they are no more than the partitions.
  Count least_share(Count partitions, Count members, Count most) {
    const Count mean = partitions / members;
    if (mean == 0 || most != mean + 1) return mean;
    Count least = mean;
    for (std::uint32_t i = 0; i < shares_.size(); ++i) least = std::min(least, share_of(i));
    return least;
  }

  std::uint32_t next_below(Count& even) {
    for (;;) {
      const std::uint32_t member = queues_.take();
      if (member == Queues::kNobody) {
        MUSTER_ASSERT(
            !aside_.empty());  // else quotas and extras were less than what there is to deal
        for (const std::uint32_t waiting : aside_) queues_.append(waiting);
        aside_.clear();
        ++even;
      } else if (share_of(member) < even) {
        return member;
      } else {
        aside_.push_back(member);
      }
    }
  }

  Queues queues_;
  std::uint32_t topic_ = 0;  // counts from 1, so that no share is of it before
  std::vector<Share> shares_;
  std::vector<std::uint32_t> aside_;  // in the order of taking
};

}  // namespace

std::vector<std::uint32_t> deal_out(const AssignmentInput& input, const Audience& audience,
                                    const Positions& positions, Assignment& assignment) {
  Dealer dealer(audience);
  std::vector<std::uint32_t> uneven;
  for (std::uint32_t t = 0; t < audience.topics.size(); ++t) {
    const std::uint32_t topic = audience.topics[t];
    const auto& pins = input.topics[topic].pins;
    if (dealer.deal(assignment[topic], pins, audience, positions)) uneven.push_back(t);
  }
  return uneven;
}

}  // namespace muster::domain
