#include "assign_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "domain/assign/sticky.h"

namespace muster::domain {

AssignmentInput input_of(const TestGroup& group, AudienceOrder order) {
  AssignmentInput input{.member_count = group.members};
  for (const TestGroup::Topic& topic : group.topics) {
    if (std::ranges::count(input.audiences, topic.subscribers) == 0) {
      input.audiences.push_back(topic.subscribers);
    }
  }
  if (order == AudienceOrder::kReversed) std::ranges::reverse(input.audiences);
  for (const TestGroup::Topic& topic : group.topics) {
    const auto audience = std::ranges::find(input.audiences, topic.subscribers);
    input.topics.push_back(
        {.id = input.topics.size() + 1,
         .partition_count = topic.partitions,
         .audience = static_cast<std::uint32_t>(audience - input.audiences.begin()),
         .current = topic.current,
         .pins = topic.pins});
  }
  return input;
}

Assignment sticky(const TestGroup& group) { return Sticky().assign(input_of(group)); }

TestGroup with_plan(TestGroup group, const Assignment& plan) {
  for (std::size_t i = 0; i < plan.size(); ++i) group.topics[i].current = plan[i];
  return group;
}

std::uint32_t draw(std::mt19937_64& random, std::uint32_t end) {
  return static_cast<std::uint32_t>(random() % end);
}

namespace {

/// Members that are there subscribe with a chance of `chance` in 4.
Owners some_members(std::mt19937_64& random, const std::vector<bool>& present,
                    std::uint32_t chance) {
  Owners members;
  for (MemberIndex i = 0; i < present.size(); ++i) {
    if (present[i] && draw(random, 4) < chance) members.push_back(i);
  }
  return members;
}

/// A member's current partitions become nobody's once it is gone, but not when it only ceased to
/// subscribe: then it is still here and loses them.
void forget(TestGroup& group, MemberIndex gone) {
  for (TestGroup::Topic& topic : group.topics) {
    std::ranges::replace(topic.current, gone, kUnassigned);
  }
}

void toggle(Owners& subscribers, MemberIndex member) {
  const auto at = std::ranges::lower_bound(subscribers, member);
  if (at != subscribers.end() && *at == member) {
    subscribers.erase(at);
  } else {
    subscribers.insert(at, member);
  }
}

}  // namespace

TestGroup random_group(std::mt19937_64& random, const Shape& shape) {
  TestGroup group{.members = 1 + draw(random, shape.members)};
  std::vector<bool> present(group.members);
  for (std::size_t i = 0; i < group.members; ++i) present[i] = draw(random, 8) > 0;
  const std::uint32_t chance = 1 + draw(random, 3);
  group.topics.resize(1 + draw(random, shape.topics));
  for (TestGroup::Topic& topic : group.topics) {
    topic.partitions = static_cast<std::int32_t>(draw(random, shape.partitions + 1));
    topic.subscribers = some_members(random, present, shape.equal ? 4 : chance);
    if (!shape.pins || topic.subscribers.empty()) continue;
    for (PartitionIndex p = 0; p < topic.partitions; ++p) {
      if (draw(random, 4) > 0) continue;
      const auto subscribers = static_cast<std::uint32_t>(topic.subscribers.size());
      const std::uint32_t chosen = draw(random, subscribers + 1);
      topic.pins.push_back(
          {.partition = p,
           .member = chosen == subscribers ? kUnassigned : topic.subscribers[chosen]});
    }
  }
  return group;
}

void disturb(std::mt19937_64& random, TestGroup& group, bool equal) {
  const auto member = draw(random, static_cast<std::uint32_t>(group.members));
  const auto number = draw(random, static_cast<std::uint32_t>(group.topics.size()));
  const bool growth = draw(random, 3) == 0;
  if (growth) {
    TestGroup::Topic& topic = group.topics[number];
    topic.partitions += static_cast<std::int32_t>(1 + draw(random, 2));
    if (!topic.current.empty()) topic.current.resize(topic.partitions, kUnassigned);
    return;
  }
  if (equal || draw(random, 2) == 0) {
    for (TestGroup::Topic& topic : group.topics) toggle(topic.subscribers, member);
    forget(group, member);
  } else {
    toggle(group.topics[number].subscribers, member);
  }
  for (TestGroup::Topic& topic : group.topics) {
    for (AssignmentInput::Pin& pin : topic.pins) {
      if (!std::ranges::binary_search(topic.subscribers, pin.member)) pin.member = kUnassigned;
    }
  }
}

std::vector<std::int64_t> loads(const TestGroup& group, const Assignment& plan) {
  std::vector<std::int64_t> loads(group.members);
  for (const Owners& owners : plan) {
    for (const MemberIndex owner : owners) {
      if (owner != kUnassigned) ++loads[owner];
    }
  }
  return loads;
}

std::vector<std::int64_t> balance(const TestGroup& group, const Assignment& plan) {
  std::vector<std::int64_t> sorted = loads(group, plan);
  std::ranges::sort(sorted, std::greater<>());
  return sorted;
}

std::int64_t moves(const TestGroup& group, const Assignment& plan) {
  std::int64_t moves = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    for (std::size_t p = 0; p < group.topics[i].current.size(); ++p) {
      const MemberIndex owner = group.topics[i].current[p];
      moves += owner != kUnassigned && owner != plan[i][p] ? 1 : 0;
    }
  }
  return moves;
}

void check_valid(const TestGroup& group, const Assignment& plan) {
  REQUIRE(plan.size() == group.topics.size());
  bool valid = true;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const TestGroup::Topic& topic = group.topics[i];
    REQUIRE(plan[i].size() == static_cast<std::size_t>(topic.partitions));
    auto pin = topic.pins.begin();
    for (PartitionIndex p = 0; p < topic.partitions; ++p) {
      if (pin != topic.pins.end() && pin->partition == p) {
        valid = valid && plan[i][p] == (pin++)->member;
      } else if (topic.subscribers.empty()) {
        valid = valid && plan[i][p] == kUnassigned;
      } else {
        valid = valid && std::ranges::binary_search(topic.subscribers, plan[i][p]);
      }
    }
  }
  CHECK(valid);
}

std::int64_t unevenness(const TestGroup& group, const Assignment& plan) {
  std::int64_t sum = 0;
  std::vector<std::int64_t> shares(group.members);
  for (const Owners& owners : plan) {
    for (const MemberIndex owner : owners) {
      if (owner != kUnassigned) sum += 2 * shares[owner]++ + 1;  // from one square to the next
    }
    std::ranges::fill(shares, 0);
  }
  return sum;
}

Optimum worth(const TestGroup& group, const Assignment& plan) {
  return {.balance = balance(group, plan),
          .moves = moves(group, plan),
          .unevenness = unevenness(group, plan)};
}

std::int64_t spread(const TestGroup& group, const Assignment& plan) {
  std::int64_t worst = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    std::vector<std::int64_t> shares;
    for (const MemberIndex member : group.topics[i].subscribers) {
      shares.push_back(std::ranges::count(plan[i], member));
    }
    if (shares.empty()) continue;
    const auto [least, most] = std::ranges::minmax(shares);
    worst = std::max(worst, most - least);
  }
  return worst;
}

namespace {

/// Tries every subscriber of every partition that is not pinned, one partition after the other.
/// Partitions of one topic that nobody holds are alike: they are given in the order of members.
class Search {
 public:
  explicit Search(const TestGroup& group) : group_(group), loads_(group.members) {
    for (const TestGroup::Topic& topic : group.topics) {
      const std::size_t number = plan_.size();
      plan_.emplace_back(topic.partitions, kUnassigned);
      auto pin = topic.pins.begin();
      for (PartitionIndex p = 0; p < topic.partitions; ++p) {
        const MemberIndex owner = topic.current.empty() ? kUnassigned : topic.current[p];
        if (pin != topic.pins.end() && pin->partition == p) {
          if (pin->member != kUnassigned) ++loads_[pin->member];
          plan_[number][p] = pin->member;
          moves_ += owner != kUnassigned && owner != pin->member ? 1 : 0;
          ++pin;
        } else if (topic.subscribers.empty()) {
          moves_ += owner != kUnassigned ? 1 : 0;
        } else {
          open_.push_back({.topic = number, .partition = p, .current = owner});
        }
      }
    }
    std::ranges::sort(open_, {}, [](const Open& open) {
      return std::tuple(open.current == kUnassigned, open.topic, open.partition);
    });
  }

  Optimum run() {
    visit(0);
    return best_;
  }

 private:
  struct Open {
    std::size_t topic = 0;
    PartitionIndex partition = 0;
    MemberIndex current = kUnassigned;
  };

  void visit(std::size_t next) {
    if (next == open_.size()) return weigh();
    const Open& open = open_[next];
    const bool alike = next > 0 && open.current == kUnassigned &&
                       open_[next - 1].current == kUnassigned &&
                       open_[next - 1].topic == open.topic;
    const MemberIndex first = alike ? plan_[open.topic][open_[next - 1].partition] : 0;
    for (const MemberIndex member : group_.topics[open.topic].subscribers) {
      if (member < first || (found_ && loads_[member] == best_.balance.front())) continue;
      const int move = open.current != kUnassigned && open.current != member ? 1 : 0;
      plan_[open.topic][open.partition] = member;
      ++loads_[member];
      moves_ += move;
      visit(next + 1);
      moves_ -= move;
      --loads_[member];
    }
  }

  void weigh() {
    sorted_ = loads_;
    std::ranges::sort(sorted_, std::greater<>());
    const auto cost = std::tie(sorted_, moves_);
    const auto least = std::tie(best_.balance, best_.moves);
    if (found_ && cost > least) return;
    const std::int64_t uneven = unevenness(group_, plan_);
    if (found_ && cost == least && uneven >= best_.unevenness) return;
    best_ = {.balance = sorted_, .moves = moves_, .unevenness = uneven};
    found_ = true;
  }

  const TestGroup& group_;
  Assignment plan_;
  std::vector<Open> open_;
  std::vector<std::int64_t> loads_;
  std::vector<std::int64_t> sorted_;
  std::int64_t moves_ = 0;
  Optimum best_;
  bool found_ = false;
};

}  // namespace

Optimum brute_force(const TestGroup& group) { return Search(group).run(); }

}  // namespace muster::domain
