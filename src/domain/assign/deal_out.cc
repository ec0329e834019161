#include <algorithm>

#include "domain/assert.h"
#include "domain/assign/deal.h"

namespace muster::domain {
namespace {

/// Members by how many partitions they still want, in queues: whoever wants most is next, and among
/// equals who was served longest ago. Serving whoever wants most is how Gale (1957) and Ryser
/// (1957) fill a table of given sums without putting two into one cell, here: without giving two of
/// a topic to one member. When all want alike it is round_robin's deal.
class Wanting {
 public:
  explicit Wanting(const Audience& audience)
      : wants_(audience.quota.size()), next_(audience.quota.size()) {
    for (std::size_t i = 0; i < wants_.size(); ++i) {
      wants_[i] = audience.quota[i] - audience.held[i];
      most_ = std::max(most_, wants_[i]);
    }
    queues_.resize(static_cast<std::size_t>(most_) + 1);
    for (std::uint32_t i = 0; i < wants_.size(); ++i) append(i);
  }

  static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

  /// Takes the next member out; kNobody when all others have been taken out or have enough.
  std::uint32_t take() {
    Count wants = most_;
    while (wants > 0 && queues_[wants].first == kNobody) --wants;
    most_ = wants;
    if (wants == 0) return kNobody;
    const std::uint32_t member = queues_[wants].first;
    queues_[wants].first = next_[member];
    return member;
  }

  /// The member taken out got a partition.
  void serve(std::uint32_t member) {
    --wants_[member];
    append(member);
  }

  void append(std::uint32_t member) {
    if (wants_[member] <= 0) return;
    Queue& queue = queues_[wants_[member]];
    next_[member] = kNobody;
    if (queue.first == kNobody) {
      queue.first = member;
    } else {
      next_[queue.last] = member;
    }
    queue.last = member;
    most_ = std::max(most_, wants_[member]);
  }

  /// The member taken out got nothing and goes back to where it stood.
  void prepend(std::uint32_t member) {
    Queue& queue = queues_[wants_[member]];
    if (queue.first == kNobody) queue.last = member;
    next_[member] = queue.first;
    queue.first = member;
    most_ = std::max(most_, wants_[member]);
  }

 private:
  struct Queue {
    std::uint32_t first = kNobody;
    std::uint32_t last = kNobody;  // means something only while there is a first
  };

  Count most_ = 0;  // nobody wants more
  std::vector<Count> wants_;
  std::vector<std::uint32_t> next_;  // behind each member in its queue
  std::vector<Queue> queues_;        // by what the members in it want
};

class Dealer {
 public:
  explicit Dealer(const Audience& audience) : wanting_(audience), shares_(audience.quota.size()) {}

  /// `owners`: of one topic. Members that have their even share of it already stand aside; when
  /// nobody else is left, a share is one more. Everyone who stands aside holds a share at least, so
  /// that all of this takes no longer than the topic has partitions.
  void deal(std::vector<MemberIndex>& owners, const Audience& audience,
            const Positions& positions) {
    ++topic_;
    Count free = 0;
    Count partitions = 0;
    for (const MemberIndex owner : owners) {
      free += owner == kUnassigned ? 1 : 0;
      partitions += owner != kPinned ? 1 : 0;
    }
    if (free == 0) return;
    if (free < partitions) {
      for (const MemberIndex owner : owners) {
        if (owner < kPinned) ++share_of(positions[owner]);
      }
    }
    const auto members = static_cast<Count>(audience.subscribers.size());
    Count even = std::max(partitions / members, 1);
    for (MemberIndex& owner : owners) {
      if (owner != kUnassigned) continue;
      const std::uint32_t member = next_below(even);
      owner = audience.subscribers[member];
      ++share_of(member);
      wanting_.serve(member);
    }
    for (; !aside_.empty(); aside_.pop_back()) wanting_.prepend(aside_.back());
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

  std::uint32_t next_below(Count& even) {
    for (;;) {
      const std::uint32_t member = wanting_.take();
      if (member == Wanting::kNobody) {
        MUSTER_ASSERT(!aside_.empty());  // else the quotas were less than what there is to deal
        for (const std::uint32_t waiting : aside_) wanting_.append(waiting);
        aside_.clear();
        ++even;
      } else if (share_of(member) < even) {
        return member;
      } else {
        aside_.push_back(member);
      }
    }
  }

  Wanting wanting_;
  std::uint32_t topic_ = 0;  // counts from 1, so that no share is of it before
  std::vector<Share> shares_;
  std::vector<std::uint32_t> aside_;  // in the order of taking
};

}  // namespace

void deal_out(const Audience& audience, const Positions& positions, Assignment& assignment) {
  Dealer dealer(audience);
  for (const std::uint32_t topic : audience.topics) {
    dealer.deal(assignment[topic], audience, positions);
  }
}

}  // namespace muster::domain
