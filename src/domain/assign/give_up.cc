#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "domain/assert.h"
#include "domain/assign/deal.h"

namespace muster::domain {
namespace {

/// A partition that a member with too many holds; `topic` counts within the audience.
struct Holding {
  std::uint32_t topic = 0;
  std::uint32_t partition = 0;
};

/// What is given up or free anyway, weighed topic by topic. Evenness of a topic is the sum of the
/// squares of its members' shares. Taking one from a member with x of them and giving it to one
/// with y changes that by 2 (y - x + 1): the best to give up has the greatest x - y, where y is
/// estimated as the mean of those who will get something, with what they will get so far.
class Spread {
 public:
  Spread(const AssignmentInput& input, const Audience& audience, const Positions& positions,
         const Assignment& assignment);

  void release(const Audience& audience, Assignment& assignment);

 private:
  struct Run {  // all that a member holds of one topic, pinned ones apart
    std::int64_t weight = 0;
    std::uint32_t topic = 0;
    std::int64_t pinned = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    bool operator<(const Run& other) const {  // the first of a priority queue is the greatest
      return weight != other.weight ? weight < other.weight : topic > other.topic;
    }
  };

  Run weighed(Run run) const {
    run.weight = (run.end - run.begin + run.pinned) * receivers_ - receiving_[run.topic];
    return run;
  }
  void release(const Audience& audience, std::size_t giver, Assignment& assignment);

  std::int64_t receivers_ = 0;            // members that will get something
  std::vector<std::int64_t> receiving_;   // by topic: what these have and will get of it
  std::vector<std::uint32_t> giver_end_;  // by position: end of the member's holdings
  std::vector<Holding> holdings_;         // of the members that will give, one after the other
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pinned_;  // their position and topic, sorted
};

Spread::Spread(const AssignmentInput& input, const Audience& audience, const Positions& positions,
               const Assignment& assignment)
    : receiving_(audience.topics.size()), giver_end_(audience.subscribers.size()) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < giver_end_.size(); ++i) {
    giver_end_[i] = total;  // the beginning, until it is filled
    if (audience.held[i] > audience.quota[i]) total += static_cast<std::uint32_t>(audience.held[i]);
    if (audience.held[i] < audience.quota[i]) ++receivers_;
  }
  // Without any that lack something, it is for those that may take an extra.
  const bool open = receivers_ == 0;
  if (open) receivers_ = std::ranges::count(audience.open, true);
  const auto receives = [&](std::uint32_t at) {
    return open ? audience.open[at] : audience.held[at] < audience.quota[at];
  };
  holdings_.resize(total);
  for (std::uint32_t t = 0; t < audience.topics.size(); ++t) {
    const std::vector<MemberIndex>& owners = assignment[audience.topics[t]];
    std::int64_t receiving = 0;
    for (std::uint32_t p = 0; p < owners.size(); ++p) {
      if (owners[p] == kPinned) continue;
      if (owners[p] == kUnassigned) {
        ++receiving;
        continue;
      }
      const std::uint32_t at = positions[owners[p]];
      if (audience.held[at] > audience.quota[at]) {
        holdings_[giver_end_[at]++] = {.topic = t, .partition = p};
      } else if (receives(at)) {
        ++receiving;
      }
    }
    for (const AssignmentInput::Pin& pin : input.topics[audience.topics[t]].pins) {
      if (pin.member == kUnassigned) continue;
      const std::uint32_t at = positions[pin.member];
      if (audience.held[at] > audience.quota[at]) {
        pinned_.emplace_back(at, t);
      } else if (receives(at)) {
        ++receiving;
      }
    }
    receiving_[t] = receiving;
  }
  std::ranges::sort(pinned_);
}

void Spread::release(const Audience& audience, Assignment& assignment) {
  for (std::size_t i = 0; i < giver_end_.size(); ++i) {
    if (audience.held[i] > audience.quota[i]) release(audience, i, assignment);
  }
}

void Spread::release(const Audience& audience, std::size_t giver, Assignment& assignment) {
  const auto position = static_cast<std::uint32_t>(giver);
  const std::uint32_t end = giver_end_[giver];
  std::vector<Run> runs;
  for (std::uint32_t i = end - static_cast<std::uint32_t>(audience.held[giver]); i < end; ++i) {
    if (runs.empty() || runs.back().topic != holdings_[i].topic) {
      const std::uint32_t topic = holdings_[i].topic;
      const auto pinned = std::ranges::equal_range(pinned_, std::pair(position, topic));
      runs.push_back({.topic = topic, .pinned = std::ssize(pinned), .begin = i, .end = i});
    }
    ++runs.back().end;
  }
  for (Run& run : runs) run = weighed(run);
  std::priority_queue<Run> queue(std::less<Run>(), std::move(runs));
  for (; audience.held[giver] > audience.quota[giver]; --audience.held[giver]) {
    MUSTER_ASSERT(!queue.empty());
    Run run = queue.top();
    queue.pop();
    const Holding& holding = holdings_[--run.end];
    assignment[audience.topics[run.topic]][holding.partition] = kUnassigned;
    ++receiving_[run.topic];
    if (run.begin < run.end) queue.push(weighed(run));
  }
}

}  // namespace

void Positions::enter(const Audience& audience) {
  for (std::uint32_t i = 0; i < audience.subscribers.size(); ++i) {
    position_[audience.subscribers[i]] = i;
  }
}

void Positions::leave(const Audience& audience) {
  for (const MemberIndex member : audience.subscribers) position_[member] = kStranger;
}

void give_up(const AssignmentInput& input, const Audience& audience, const Positions& positions,
             Assignment& assignment) {
  bool wanted = false;
  for (std::size_t i = 0; i < audience.held.size(); ++i) {
    wanted = wanted || audience.held[i] > audience.quota[i];
  }
  if (wanted) Spread(input, audience, positions, assignment).release(audience, assignment);
}

}  // namespace muster::domain
