#include "tests/sim/orphans.h"

#include <algorithm>
#include <variant>

namespace muster::sim {
namespace {

constexpr std::uint64_t kLookEveryMs = 100;
constexpr std::uint64_t kBeyondTheDeadlineMs = 1'000;

/// What follows from churn, and offsets: they leave it open to nobody to have a partition.
bool is_churn(const domain::EventBody& body) {
  return !std::holds_alternative<domain::PlanMade>(body) &&
         !std::holds_alternative<domain::PlanRequested>(body) &&
         !std::holds_alternative<domain::PartitionsGranted>(body) &&
         !std::holds_alternative<domain::PartitionsReleased>(body) &&
         !std::holds_alternative<domain::PartitionsFenced>(body) &&
         !std::holds_alternative<domain::OffsetsCommitted>(body) &&
         !std::holds_alternative<domain::OffsetsReset>(body) &&
         !std::holds_alternative<domain::OffsetsDeleted>(body) &&
         !std::holds_alternative<domain::OffsetsExpired>(body);
}

}  // namespace

void Orphans::hindered() {
  unhindered_since_ms_ = schedule_.now_ms();
  calm_.clear();
}

void Orphans::durable(const StagedUnit& unit) {
  for (const domain::Event& event : unit.events) {
    const domain::EventBody& body = event.body;
    const std::string group(domain::event_group(body));
    if (!group.empty() && is_churn(body)) churn(group);
    const TopicFacts* topic = nullptr;
    if (const auto* created = std::get_if<domain::TopicCreated>(&body)) {
      topic = model_.topic_at(created->name, model_.sequence());
    } else if (const auto* expanded = std::get_if<domain::TopicExpanded>(&body)) {
      topic = model_.topic_by_id(expanded->topic);
    }
    if (topic == nullptr) continue;
    for (const auto& facts : model_.all_groups()) {
      if (facts->died == 0 && facts->subscribes(topic->name, model_.sequence())) churn(facts->name);
    }
  }
}

void Orphans::look() {
  if (schedule_.now_ms() < looked_ms_ + kLookEveryMs) return;
  looked_ms_ = schedule_.now_ms();
  if (model_.quiet_time_ms() != 0) return hindered();
  for (const auto& group : model_.all_groups()) {
    if (group->died == 0 && !group->live.empty() && !group->settings.now().frozen) look_at(*group);
  }
}

void Orphans::look_at(const GroupFacts& group) {
  Calm& calm = calm_[group.name];
  for (const auto& [at, partition] : group.partitions) {
    const Ownership& now = partition.ownership.now();
    if (!now.revoking) continue;
    const Occupant& owner = group.seats.at(now.owner).occupant.now();
    calm.release_ms = std::max(calm.release_ms, owner.rebalance_timeout_ms);
  }
  if (group.wanted.now().sequence != 0) calm.leader_ms = leader_plan_timeout_ms_;
  const std::uint64_t since_ms = std::max(calm.since_ms, unhindered_since_ms_);
  const std::uint64_t passed_ms = schedule_.now_ms() - since_ms;
  if (passed_ms <= calm.release_ms + calm.leader_ms + kBeyondTheDeadlineMs) return;
  const Ground about = model_.ground(group, model_.sequence());
  for (const Plot& plot : about.plots) {
    const Ownership& now = group.partition(plot.at).ownership.now();
    const bool wanted = plot.fixed ? *plot.fixed != kNobody : !about.candidates(plot).empty();
    const bool right = now.owner == kNobody ? !wanted : !now.revoking;
    verdict_.require(right, "no-orphan", "Partition ", about.topics[plot.topic].name, "/",
                     plot.at.partition, " of group ", group.name,
                     now.revoking ? " is still being revoked " : " has no owner ", passed_ms,
                     " ms after its last churn; the longest deadline to release is ",
                     calm.release_ms, " ms, the leader's to plan ", calm.leader_ms, " ms.");
  }
}

}  // namespace muster::sim
