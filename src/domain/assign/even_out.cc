#include <algorithm>

#include "domain/assert.h"
#include "domain/assign/deal.h"

namespace muster::domain {
namespace {

/// Partitions by who has them, for exchanges between two members that keep everybody's load and
/// add no move: one of a topic that the giver has two more of than the taker, for one of a topic
/// that the taker has more of.
class Exchange {
 public:
  Exchange(const AssignmentInput& input, const Audience& audience, const Positions& positions,
           Assignment& assignment);

  /// False when the work has been spent.
  bool goes_on() const { return work_ > 0; }

  /// Whether there was anything to exchange.
  bool even_out(std::uint32_t topic);

 private:
  struct Owned {
    std::uint32_t topic = 0;  // within the audience
    std::uint32_t partition = 0;
    bool pinned = false;  // counts, but stays
  };

  std::span<Owned> owned_by(std::uint32_t member) {
    return std::span(owned_).subspan(begin_[member], begin_[member + 1] - begin_[member]);
  }
  void count_shares(std::uint32_t topic);
  /// One of the topic from `giver` for another of `taker`.
  bool exchange(std::uint32_t topic, std::uint32_t giver, std::uint32_t taker);
  bool exchange(Owned& given, std::uint32_t giver, std::uint32_t taker);
  /// What a change of owner adds to the moves: 1, 0, or -1 when the partition comes back.
  int added_moves(const Owned& owned, std::uint32_t from, std::uint32_t to) const;

  const AssignmentInput& input_;
  const Audience& audience_;
  const Positions& positions_;
  Assignment& assignment_;
  std::vector<std::uint32_t> begin_;  // of each member's partitions in owned_
  std::vector<Owned> owned_;
  std::vector<Count> shares_;  // by member: how many it has of the topic under work
  std::vector<Count> excess_;  // by topic: the giver's share less the taker's
  std::size_t work_ = 0;       // that may still be done
};

Exchange::Exchange(const AssignmentInput& input, const Audience& audience,
                   const Positions& positions, Assignment& assignment)
    : input_(input),
      audience_(audience),
      positions_(positions),
      assignment_(assignment),
      begin_(audience.subscribers.size() + 1),
      shares_(audience.subscribers.size()),
      excess_(audience.topics.size()) {
  const auto for_each_owned = [&](auto use) {
    for (std::uint32_t t = 0; t < audience.topics.size(); ++t) {
      const std::vector<MemberIndex>& owners = assignment[audience.topics[t]];
      for (std::uint32_t p = 0; p < owners.size(); ++p) {
        if (owners[p] < kPinned) use(owners[p], Owned{.topic = t, .partition = p});
      }
      for (const AssignmentInput::Pin& pin : input.topics[audience.topics[t]].pins) {
        const auto p = static_cast<std::uint32_t>(pin.partition);
        if (pin.member != kUnassigned) {
          use(pin.member, Owned{.topic = t, .partition = p, .pinned = true});
        }
      }
    }
  };
  for_each_owned([&](MemberIndex owner, Owned) { ++begin_[positions[owner] + 1]; });
  for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  owned_.resize(begin_.back());
  std::vector<std::uint32_t> next(begin_);
  for_each_owned([&](MemberIndex owner, Owned owned) { owned_[next[positions[owner]]++] = owned; });
  work_ = 4096 + owned_.size() + begin_.size();
}

void Exchange::count_shares(std::uint32_t topic) {
  std::ranges::fill(shares_, 0);
  for (const MemberIndex owner : assignment_[audience_.topics[topic]]) {
    if (owner < kPinned) ++shares_[positions_[owner]];
  }
  for (const AssignmentInput::Pin& pin : input_.topics[audience_.topics[topic]].pins) {
    if (pin.member != kUnassigned) ++shares_[positions_[pin.member]];
  }
}

bool Exchange::even_out(std::uint32_t topic) {
  if (work_ == 0) return false;
  count_shares(topic);
  work_ -= std::min(work_, shares_.size());
  bool any = false;
  for (std::uint32_t giver = 0; giver < shares_.size() && work_ > 0; ++giver) {
    for (std::uint32_t taker = 0; taker < shares_.size() && shares_[giver] >= 2 && work_ > 0;
         ++taker) {
      while (shares_[giver] >= shares_[taker] + 2 && exchange(topic, giver, taker)) {
        --shares_[giver];
        ++shares_[taker];
        any = true;
      }
      work_ -= std::min<std::size_t>(work_, 1);
    }
  }
  return any;
}

bool Exchange::exchange(std::uint32_t topic, std::uint32_t giver, std::uint32_t taker) {
  work_ -= std::min(work_, owned_by(giver).size() + owned_by(taker).size());
  for (const Owned& owned : owned_by(giver)) ++excess_[owned.topic];
  for (const Owned& owned : owned_by(taker)) --excess_[owned.topic];
  const bool done = std::ranges::any_of(owned_by(giver), [&](Owned& given) {
    return given.topic == topic && !given.pinned && work_ > 0 && exchange(given, giver, taker);
  });
  // Those of before: what was exchanged is of these topics, too.
  for (const Owned& owned : owned_by(giver)) excess_[owned.topic] = 0;
  for (const Owned& owned : owned_by(taker)) excess_[owned.topic] = 0;
  return done;
}

bool Exchange::exchange(Owned& given, std::uint32_t giver, std::uint32_t taker) {
  const int added = added_moves(given, giver, taker);
  work_ -= std::min(work_, owned_by(taker).size());
  for (Owned& returned : owned_by(taker)) {
    if (excess_[returned.topic] >= 0 || returned.pinned) continue;
    if (added + added_moves(returned, taker, giver) > 0) continue;
    assignment_[audience_.topics[given.topic]][given.partition] = audience_.subscribers[taker];
    assignment_[audience_.topics[returned.topic]][returned.partition] =
        audience_.subscribers[giver];
    std::swap(given, returned);
    return true;
  }
  return false;
}

int Exchange::added_moves(const Owned& owned, std::uint32_t from, std::uint32_t to) const {
  const auto& current = input_.topics[audience_.topics[owned.topic]].current;
  if (current.empty()) return 0;
  const MemberIndex owner = current[owned.partition];
  return (owner == audience_.subscribers[from] ? 1 : 0) -
         (owner == audience_.subscribers[to] ? 1 : 0);
}

}  // namespace

void even_out(const AssignmentInput& input, const Audience& audience, const Positions& positions,
              const std::vector<std::uint32_t>& uneven, Assignment& assignment) {
  if (uneven.empty() || audience.topics.size() == 1) return;
  Exchange exchange(input, audience, positions, assignment);
  for (bool any = true; any && exchange.goes_on();) {  // one may make way for another
    any = false;
    for (const std::uint32_t topic : uneven) any = exchange.even_out(topic) || any;
  }
}

}  // namespace muster::domain
