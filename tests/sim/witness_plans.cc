// Leaders and their plans: what they are asked with, what they submit, and when they are overruled.

#include <algorithm>
#include <set>

#include "tests/sim/witness.h"

namespace muster::sim {

// ---- the events --------------------------------------------------------------------------------

/// A leader's plan comes with a request of the leader that was asked; another one in its place
/// needs a reason, and no reason comes before its time.
void Witness::check_plan(const StagedUnit& unit, const domain::PlanMade& event) {
  coverage_.strategy(event.strategy);
  if (goes_on(event)) return;
  const std::string& why = event.instead_of_leader;
  if (why.find("submitted a wrong plan") != std::string::npos) {
    coverage_.fault(Fault::kLeaderWrong);
  } else if (why.find("left, expired or was removed") != std::string::npos) {
    coverage_.fault(Fault::kLeaderGone);
  } else if (why.find("computes no plans") != std::string::npos) {
    coverage_.fault(Fault::kLeaderUnable);
  } else if (why.find("submitted no plan within") != std::string::npos) {
    coverage_.fault(Fault::kLeaderLate);
    const auto since = rounds_ms_.find(event.group);
    verdict_.require(since != rounds_ms_.end(), "patient-coordinator", "The leader of group ",
                     event.group, " is late before it was asked.");
    if (since == rounds_ms_.end()) return;
    const std::uint64_t passed_ms = awake_ms() - since->second;
    verdict_.require(passed_ms + 1 >= limits_.leader_plan_timeout_ms, "patient-coordinator",
                     "The leader of group ", event.group, " had ", passed_ms,
                     " ms to plan; it has ", limits_.leader_plan_timeout_ms, " ms.");
  } else {
    verdict_.require(why.empty(), "right-strategy", "A plan is made instead of the leader, since ",
                     why, ".");
  }
  if (event.strategy != "leader") return;
  for (const auto& [id, conversation] : conversations_) {
    for (const Asked& asked : conversation.asked) {
      const wire::SubmitPlan* plan = asked.request().body_as_SubmitPlan();
      if (plan == nullptr || plan->group()->str() != event.group) continue;
      submitted_[unit.first].push_back(asked.frame);
    }
  }
  verdict_.require(submitted_.contains(unit.first), "leader-plans", "Plan ", unit.first,
                   " is the leader's, which has submitted none.");
}

/// Whether the event is a further slice of a plan.
bool Witness::goes_on(const domain::PlanMade& event) {
  const auto last = staged_plans_.find(event.group);
  const bool same = last != staged_plans_.end() && last->second == event.generation;
  if (event.more) {
    staged_plans_[event.group] = event.generation;
  } else {
    staged_plans_.erase(event.group);
  }
  return same;
}

/// Each target is as submitted, or as pinned.
bool Witness::is_made_of(const GroupFacts& group, Sequence made,
                         const wire::SubmitPlan& plan) const {
  if (!wrong_with(plan, group, made).empty()) return false;
  for (const wire::PlannedOwners* topic : *plan.topics()) {
    const TopicFacts* facts = model_.topic_at(topic->topic()->str(), made);
    if (facts->partitions.now() == 0) continue;  // deleted since
    for (const wire::PlannedOwner* owner : *topic->owners()) {
      const TopicPartition at{facts->id, owner->partition()};
      if (group.fixed(at, facts->name, made)) continue;
      const SeatId target = group.partition(at).target;
      const std::string submitted = plan.members()->Get(owner->member())->str();
      if (target == kNobody || group.seats.at(target).member_id != submitted) return false;
    }
  }
  return true;
}

/// A plan has become durable, or a slice of it.
void Witness::note_plan(Sequence first, const domain::PlanMade& event) {
  rounds_ms_.erase(event.group);
  const auto last = durable_plans_.find(event.group);
  const bool cut_off = last != durable_plans_.end() && last->second != event.generation;
  if (cut_off) coverage_.fault(Fault::kPlanCutOff);
  if (cut_off) in_slices_.erase(event.group);
  if (event.outdated) coverage_.fault(Fault::kPlanOutdated);
  if (const auto found = submitted_.find(first); found != submitted_.end()) {
    in_slices_[event.group] = std::move(found->second);
    submitted_.erase(found);
  }
  if (event.more) {
    coverage_.fault(Fault::kPlanInSlices);
    durable_plans_[event.group] = event.generation;
    return;
  }
  durable_plans_.erase(event.group);
  const auto frames = in_slices_.extract(event.group);
  if (event.strategy == "leader" && !event.outdated && frames) {
    check_submitted(event, frames.mapped());
  }
}

void Witness::check_submitted(const domain::PlanMade& event,
                              const std::vector<std::string>& frames) {
  const GroupFacts* group = model_.group_now(event.group);
  if (group == nullptr) return;
  const bool right = std::ranges::any_of(frames, [&](const std::string& frame) {
    return is_made_of(*group, event.membership,
                      *flatbuffers::GetRoot<wire::Request>(frame.data())->body_as_SubmitPlan());
  });
  verdict_.require(right, "leader-plans", "Generation ", event.generation, " of group ",
                   event.group, " is the leader's, but not as it submitted it.");
}

/// Since when leaders are waited for: from the first request of a round on.
void Witness::note_round(const StagedUnit& unit) {
  for (std::size_t i = 0; i < unit.events.size(); ++i) {
    const domain::EventBody& body = unit.events[i].body;
    if (const auto* requested = std::get_if<domain::PlanRequested>(&body)) {
      const bool first = rounds_ms_.try_emplace(requested->group, awake_ms()).second;
      if (!first) coverage_.fault(Fault::kLeaderAskedAgain);
    } else if (const auto* made = std::get_if<domain::PlanMade>(&body)) {
      note_plan(unit.first + i, *made);
    } else if (const auto* frozen = std::get_if<domain::GroupFrozen>(&body)) {
      rounds_ms_.erase(frozen->group);
    } else if (const auto* deleted = std::get_if<domain::GroupDeleted>(&body)) {
      rounds_ms_.erase(deleted->group);
      durable_plans_.erase(deleted->group);
      in_slices_.erase(deleted->group);
    }
  }
}

// ---- what the leader says ----------------------------------------------------------------------

std::string Witness::wrong_with(const wire::SubmitPlan& plan, const GroupFacts& group,
                                Sequence at) const {
  std::vector<SeatId> members;
  for (const auto* name : *plan.members()) {
    SeatId seat = kNobody;
    if (group.seat_at(name->str(), at, &seat) == nullptr) return "names a stranger";
    members.push_back(seat);
  }
  const Ground about = model_.ground(group, at);
  std::set<TopicPartition> given;
  for (const wire::PlannedOwners* topic : *plan.topics()) {
    const auto asked = std::ranges::find(about.topics, topic->topic()->str(), &Ground::Topic::name);
    if (asked == about.topics.end()) return "names a topic that is none of the group's";
    for (const wire::PlannedOwner* owner : *topic->owners()) {
      if (owner->partition() < 0 || owner->partition() >= asked->partitions) {
        return "names a partition that is not there";
      }
      if (owner->member() >= members.size()) return "names a number that no member has";
      const SeatId seat = members[owner->member()];
      if (std::ranges::find(asked->candidates, seat) == asked->candidates.end()) {
        return "names one who may not have it";
      }
      if (!given.insert({asked->id, owner->partition()}).second) return "names a partition twice";
    }
  }
  for (const Plot& plot : about.plots) {
    const bool needed = !plot.fixed && !about.candidates(plot).empty();
    if (needed && !given.contains(plot.at)) return "leaves a partition out";
  }
  return {};
}

// ---- what the leader is told -------------------------------------------------------------------

void Witness::check_wanted(ConnectionId id, const wire::PlanWanted& page, Sequence at) {
  const GroupFacts* group = model_.group_at(page.group()->str(), at);
  SeatId seat = kNobody;
  const SeatFacts* leader =
      group == nullptr ? nullptr : group->seat_at(page.member_id()->str(), at, &seat);
  const bool asked = leader != nullptr && group->wanted.at(at).sequence == page.membership() &&
                     group->wanted.at(at).seat == seat &&
                     leader->occupant.at(at).incarnation == page.incarnation() &&
                     page.timeout_ms() == limits_.leader_plan_timeout_ms;
  verdict_.require(asked, "pushes-are-true", "A plan of group ", page.group()->str(),
                   " for membership ", page.membership(), " is wanted of ", page.member_id()->str(),
                   " at ", at, ", which was not asked for it then.");
  if (!asked) return;
  std::vector<wire::PlanWantedT>& pages = conversations_[id].wanted;
  if (!pages.empty() && pages.front().membership != page.membership()) pages.clear();
  pages.emplace_back();
  page.UnPackTo(&pages.back());
  if (page.more()) return;
  check_whole(std::exchange(pages, {}), *group, at);
}

/// All pages together name whom the group has, what each may be given, and what there is to give.
void Witness::check_whole(const std::vector<wire::PlanWantedT>& pages, const GroupFacts& group,
                          Sequence at) {
  std::vector<const wire::PlanTopicT*> topics;
  std::vector<const wire::PlanSubscriptionT*> subscriptions;
  std::vector<const wire::PlanMemberT*> members;
  for (const wire::PlanWantedT& page : pages) {
    for (const auto& one : page.topics) topics.push_back(one.get());
    for (const auto& one : page.subscriptions) subscriptions.push_back(one.get());
    for (const auto& one : page.members) members.push_back(one.get());
  }
  const Ground about = model_.ground(group, at);
  bool right = topics.size() == about.topics.size();
  for (const Ground::Topic& topic : about.topics) {
    const auto told = std::ranges::find(topics, topic.name, &wire::PlanTopicT::topic);
    right &= told != topics.end() && (*told)->partitions == topic.partitions &&
             (*told)->current.size() == static_cast<std::size_t>(topic.partitions);
  }
  std::size_t candidates = 0;
  for (const SeatId seat : group.members_at(at)) {
    const SeatFacts& facts = group.seats.at(seat);
    if (group.drains(facts.member_id, at)) continue;
    ++candidates;
    const Wishes& wishes = facts.wishes.at(at);
    const auto told = std::ranges::find(members, facts.member_id, &wire::PlanMemberT::member_id);
    right &= told != members.end() && (*told)->subscription < subscriptions.size() &&
             std::string((*told)->metadata.begin(), (*told)->metadata.end()) == wishes.metadata;
    if (!right) break;
    for (std::uint32_t i = 0; i < topics.size(); ++i) {
      const std::vector<std::uint32_t>& some = subscriptions[(*told)->subscription]->topics;
      const bool listed = std::ranges::find(some, i) != some.end();
      right &= listed == wishes.includes(topics[i]->topic);
    }
  }
  right &= candidates == members.size();
  verdict_.require(right, "pushes-are-true", "A plan of group ", group.name, " is wanted at ", at,
                   " with other members, subscriptions or topics than the group has.");
}

}  // namespace muster::sim
