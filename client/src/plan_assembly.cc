#include "client/src/plan_assembly.h"

#include <algorithm>
#include <utility>

namespace muster {

PlanAssembly::PlanAssembly(const wire::PlanWantedT& first) : membership_(first.membership) {
  request_.group = first.group;
  request_.timeout = std::chrono::milliseconds(first.timeout_ms);
}

void PlanAssembly::add(const wire::PlanWantedT& page) {
  for (const auto& piece : page.topics) {
    if (!piece->continued) {
      request_.topics.push_back({.name = piece->topic, .partitions = piece->partitions});
    }
    if (request_.topics.empty()) {
      makes_sense_ = false;
      return;
    }
    for (const std::int32_t owner : piece->current) {
      request_.topics.back().owners.push_back(
          owner < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(owner)));
    }
  }
  for (const auto& piece : page.subscriptions) {
    if (!piece->continued) request_.subscriptions.emplace_back();
    if (request_.subscriptions.empty()) {
      makes_sense_ = false;
      return;
    }
    auto& topics = request_.subscriptions.back();
    topics.insert(topics.end(), piece->topics.begin(), piece->topics.end());
  }
  for (const auto& member : page.members) {
    request_.members.push_back({.member_id = member->member_id,
                                .metadata = {member->metadata.begin(), member->metadata.end()},
                                .subscription = member->subscription});
  }
  for (const auto& pin : page.pins) {
    const auto member = static_cast<std::size_t>(pin->member);
    request_.pins.push_back({.topic = pin->topic,
                             .partition = pin->partition,
                             .member = pin->member < 0 ? std::nullopt : std::optional(member)});
  }
}

std::shared_ptr<const PlanRequest> PlanAssembly::finish() {
  if (!makes_sense_ || !numbers_fit()) return nullptr;
  for (auto& topics : request_.subscriptions) std::ranges::sort(topics);
  return std::make_shared<const PlanRequest>(std::move(request_));
}

bool PlanAssembly::numbers_fit() const {
  const auto below = [](std::size_t limit) {
    return [limit](std::size_t number) { return number < limit; };
  };
  const auto topic_fits = [&](const PlanRequest::Topic& topic) {
    return topic.partitions >= 0 &&
           topic.owners.size() == static_cast<std::size_t>(topic.partitions) &&
           std::ranges::all_of(topic.owners, [&](const auto& owner) {
             return !owner || *owner < request_.members.size();
           });
  };
  const auto pin_fits = [&](const PlanRequest::Pin& pin) {
    return pin.topic < request_.topics.size() && pin.partition >= 0 &&
           pin.partition < request_.topics[pin.topic].partitions &&
           (!pin.member || *pin.member < request_.members.size());
  };
  return std::ranges::all_of(request_.topics, topic_fits) &&
         std::ranges::all_of(request_.pins, pin_fits) &&
         std::ranges::all_of(request_.subscriptions,
                             [&](const auto& topics) {
                               return std::ranges::all_of(topics, below(request_.topics.size()));
                             }) &&
         std::ranges::all_of(request_.members, below(request_.subscriptions.size()),
                             &PlanRequest::Member::subscription);
}

}  // namespace muster
