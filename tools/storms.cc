#include "tools/storms.h"

#include <optional>
#include <string>
#include <utility>

namespace muster::tools {
namespace {

/// The member that an event which makes a plan due is about; nothing for all other events.
struct DuePlan {
  using Member = std::optional<std::string>;
  Member operator()(const domain::MemberJoined& event) const { return event.member_id; }
  Member operator()(const domain::MemberReplaced& event) const { return event.member_id; }
  Member operator()(const domain::MemberSubscribed& event) const { return event.member_id; }
  Member operator()(const domain::MemberLeft& event) const { return event.member_id; }
  Member operator()(const domain::MemberExpired& event) const { return event.member_id; }
  Member operator()(const domain::MemberDrained& event) const { return event.member_id; }
  Member operator()(const domain::PartitionPinned& event) const { return event.member_id; }
  Member operator()(const domain::GroupTopicDropped&) const { return std::string(); }
  Member operator()(const domain::TopicsMatched&) const { return std::string(); }
  Member operator()(const domain::GroupConfigured&) const { return std::string(); }
  Member operator()(const domain::GroupFrozen&) const { return std::string(); }
  Member operator()(const auto&) const { return std::nullopt; }
};

}  // namespace

void StormWatch::take(Sequence sequence, const domain::Event& event) {
  if (const auto* plan = std::get_if<domain::PlanMade>(&event.body)) {
    if (plan->more) return;  // a part of a plan: the last one counts
    Group& group = groups_[plan->group];
    take_plan(plan->group, group,
              {.sequence = sequence,
               .time_ms = event.time_ms,
               .causes = std::exchange(group.causes, {})});
  } else if (auto member = std::visit(DuePlan{}, event.body)) {
    Group& group = groups_[std::string(domain::event_group(event.body))];
    ++group.causes[{domain::event_name(event.body), std::move(*member)}];
  } else if (const auto* deleted = std::get_if<domain::GroupDeleted>(&event.body)) {
    groups_.erase(deleted->group);
  }
}

void StormWatch::take_plan(const std::string& name, Group& group, Plan plan) {
  // A clock that was set back begins a new minute.
  while (!group.plans.empty() && (plan.time_ms - group.plans.front().time_ms >= kStormWindow_ms ||
                                  plan.time_ms < group.plans.front().time_ms)) {
    group.plans.pop_front();
  }
  group.plans.push_back(std::move(plan));
  if (group.plans.size() < kStormPlans) return;
  // Overlapping minutes are one storm: only what it does not count yet is added.
  if (group.storm == 0 || storms_[group.storm - 1].last_sequence < group.plans.front().sequence) {
    storms_.push_back({.group = name});
    group.storm = storms_.size();
  }
  Storm& storm = storms_[group.storm - 1];
  for (const Plan& one : group.plans) {
    if (one.sequence > storm.last_sequence) add(storm, one);
  }
}

void StormWatch::add(Storm& storm, const Plan& plan) const {
  if (storm.plans == 0) {
    storm.first_sequence = plan.sequence;
    storm.began_ms = plan.time_ms;
  }
  storm.last_sequence = plan.sequence;
  storm.ended_ms = plan.time_ms;
  ++storm.plans;
  for (const auto& [cause, count] : plan.causes) storm.causes[cause] += count;
}

}  // namespace muster::tools
