// The plans of a planner, right and wrong ones, and what it does unasked.

#include <algorithm>
#include <iterator>

#include "tests/sim/names.h"
#include "tests/sim/planner.h"

namespace muster::sim {

void Planner::want(const wire::PlanWantedT& page) {
  if (!wanted_.empty() && wanted_.front().membership != page.membership) wanted_.clear();
  wanted_.push_back(page);
  if (!page.more) answer();
}

/// An owner for each partition among those who subscribe to its topic.
wire::SubmitPlanT Planner::right_plan() {
  wire::SubmitPlanT plan;
  plan.group = join_.group;
  plan.member_id = join_.member_id;
  plan.incarnation = join_.incarnation;
  plan.membership = wanted_.front().membership;
  std::vector<const wire::PlanTopicT*> topics;
  std::vector<const wire::PlanSubscriptionT*> subscriptions;
  std::vector<std::uint32_t> subscription_of;
  for (const wire::PlanWantedT& page : wanted_) {
    for (const auto& topic : page.topics) topics.push_back(topic.get());
    for (const auto& subscription : page.subscriptions) subscriptions.push_back(subscription.get());
    for (const auto& member : page.members) {
      plan.members.push_back(member->member_id);
      subscription_of.push_back(member->subscription);
    }
  }
  for (std::uint32_t i = 0; i < topics.size(); ++i) {
    std::vector<std::uint32_t> candidates;
    for (std::uint32_t member = 0; member < plan.members.size(); ++member) {
      const auto& some = subscriptions.at(subscription_of[member])->topics;
      if (std::ranges::find(some, i) != some.end()) candidates.push_back(member);
    }
    if (candidates.empty()) continue;
    plan.topics.push_back(std::make_unique<wire::PlannedOwnersT>());
    plan.topics.back()->topic = topics[i]->topic;
    for (PartitionIndex index = 0; index < topics[i]->partitions; ++index) {
      const std::int32_t now = topics[i]->current.at(static_cast<std::size_t>(index));
      const bool stays =
          now >= 0 && random_.chance(600) &&
          std::ranges::find(candidates, static_cast<std::uint32_t>(now)) != candidates.end();
      const std::uint32_t member =
          stays ? static_cast<std::uint32_t>(now) : candidates[random_.below(candidates.size())];
      plan.topics.back()->owners.emplace_back(index, member);
    }
  }
  return plan;
}

/// One thing is wrong with it: as a rule, since nobody misses a pinned partition.
void Planner::spoil(wire::SubmitPlanT& plan) {
  if (plan.topics.empty()) {
    plan.members.emplace_back("a stranger");
    return;
  }
  wire::PlannedOwnersT& topic = *plan.topics[random_.below(plan.topics.size())];
  auto& owners = topic.owners;
  switch (random_.below(8)) {
    case 0:
      return owners.pop_back();
    case 1:
      return owners.push_back(owners.front());
    case 2:
      plan.members.emplace_back("a stranger");
      owners.front() = {owners.front().partition(),
                        static_cast<std::uint32_t>(plan.members.size() - 1)};
      return;
    case 3:
      owners.front() = {owners.front().partition(), static_cast<std::uint32_t>(random_.below(6))};
      return;
    case 4:
      owners.front() = {random_.chance(500) ? -1 : 99'999, owners.front().member()};
      return;
    case 5:
      topic.topic = random_.chance(500) ? "no such topic" : topic_name(random_.below(kTopics));
      return;
    case 6: {
      const auto missing = static_cast<std::ptrdiff_t>(random_.below(plan.topics.size()));
      plan.topics.erase(plan.topics.begin() + missing);
      return;
    }
    default: {
      const SeatFacts* other = nullptr;  // one who is a member, and maybe no subscriber
      const GroupFacts* group = model_.group_at(join_.group, model_.sequence());
      if (group != nullptr && !group->live.empty()) {
        other = &group->seats.at(*std::next(
            group->live.begin(), static_cast<std::ptrdiff_t>(random_.below(group->live.size()))));
      }
      plan.members.push_back(other == nullptr ? "a stranger" : other->member_id);
      owners.front() = {owners.front().partition(),
                        static_cast<std::uint32_t>(plan.members.size() - 1)};
      return;
    }
  }
}

void Planner::answer() {
  const std::uint64_t timeout_us = wanted_.back().timeout_ms * std::uint64_t{1'000};
  plan_ = right_plan();
  wanted_.clear();
  waiting_plan_us_ = schedule_.now_us() + random_.below(20'000);
  if (well_behaved_) return;
  const std::uint64_t mood = random_.below(20);
  if (mood == 0) return die(random_.chance(500));
  if (mood == 1) waiting_plan_us_ = kNever;
  if (mood <= 3) waiting_plan_us_ = schedule_.now_us() + timeout_us + random_.below(100'000);
  if (mood <= 6) waiting_plan_us_ = schedule_.now_us() + random_.below(timeout_us);
  if (mood == 7) plan_.membership -= random_.between(1, 9);
  if (mood >= 16) spoil(plan_);
}

void Planner::meddle(std::uint64_t number) {
  Random random(number);
  const std::uint64_t what = random.below(20);
  if (what == 0) return die(random.chance(500));
  if (what == 1) {
    wire::LeaveT leave;
    leave.group = join_.group;
    leave.member_id = join_.member_id;
    leave.incarnation = join_.incarnation;
    send(std::move(leave));
    return die(false);
  }
  if (!is_member_) return;
  if (what < 9) {
    subscribe(random);
    if (random.chance(200)) join_.computes_plans = !join_.computes_plans;
    join();
  } else if (what < 11) {
    wire::JoinT wrong = join_;
    wrong.patterns = {"topic-("};
    send(std::move(wrong));
  } else {
    const GroupFacts* group = model_.group_at(join_.group, model_.sequence());
    plan_ = {};
    plan_.group = join_.group;
    plan_.member_id = join_.member_id;
    plan_.incarnation = join_.incarnation;
    if (group != nullptr) plan_.membership = group->wanted.any(random.draw()).sequence;
    if (group != nullptr && random.chance(600)) {
      plan_.membership = group->wanted.now().sequence;
    }
    send(plan_);
  }
  settle();
}

}  // namespace muster::sim
