// Plans between the moment they are due and their last slice: at most one a group. Nothing of this
// is needed after a crash: a group that has not got the whole of its plan still needs one
// (needs_plan), whatever had been computed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "domain/assert.h"
#include "domain/plan_task.h"

namespace muster::coordinator {

class PlansUnderWay {
 public:
  /// The group's plan is being computed.
  void begin(const domain::PlanHead& head) {
    plans_[head.group] = {.id = head.group_id,
                          .membership = head.membership,
                          .configured = head.configured,
                          .slices = std::nullopt,
                          .reached = 0};
  }

  /// It has been computed; false when it is no longer the one that is waited for.
  bool computed(domain::ComputedPlan plan) {
    const auto found = plans_.find(plan.head.group);
    if (found == plans_.end() || found->second.slices) return false;
    if (found->second.membership != plan.head.membership) return false;
    found->second.slices.emplace().plan =
        std::make_shared<const domain::ComputedPlan>(std::move(plan));
    return true;
  }

  /// What is left of a plan after the slice that the journal has staged up to `reached`.
  void go_on(domain::PlanUnderWay rest, Sequence reached) {
    const domain::PlanHead& head = rest.plan->head;
    plans_[head.group] = {.id = head.group_id,
                          .membership = head.membership,
                          .configured = head.configured,
                          .slices = rest,
                          .reached = reached};
  }

  void end(const std::string& group) { plans_.erase(group); }

  /// Whether a plan that still answers the group's settings is on its way.
  bool covers(const domain::Group& group) const {
    const auto found = plans_.find(group.name);
    return found != plans_.end() && found->second.id == group.id &&
           found->second.configured == group.strategy;
  }

  /// The first group after `group` whose next slice may be applied: the one before it is durable
  /// and told, so that a plan never fills the memory with what the disk has not taken.
  std::optional<std::string> ready_after(const std::string& group, Sequence durable) const {
    const auto ready = [&](const auto& entry) {
      return entry.second.slices && entry.second.reached <= durable;
    };
    const auto from = plans_.upper_bound(group);
    for (auto entry = from; entry != plans_.end(); ++entry) {
      if (ready(*entry)) return entry->first;
    }
    for (auto entry = plans_.begin(); entry != from; ++entry) {
      if (ready(*entry)) return entry->first;
    }
    return std::nullopt;
  }

  /// Of a group that is ready.
  const domain::PlanUnderWay& slices(const std::string& group) const {
    const std::optional<domain::PlanUnderWay>& slices = plans_.at(group).slices;
    MUSTER_ASSERT(slices.has_value());
    return *slices;
  }

 private:
  struct Plan {
    GroupId id = 0;
    Sequence membership = 0;
    std::string configured;
    std::optional<domain::PlanUnderWay> slices;  // nothing: it is being computed
    Sequence reached = 0;                        // end of the last slice
  };
  std::map<std::string, Plan> plans_;
};

}  // namespace muster::coordinator
