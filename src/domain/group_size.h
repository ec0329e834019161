// How many partitions a group may share: a plan is made and kept in one piece, so the limit is held
// where a subscription or a topic is admitted and not when a plan would be too large (bounded).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/errors.h"
#include "domain/events.h"
#include "domain/limits.h"
#include "domain/state.h"

namespace muster::domain {

/// kLimitReached if the group, with a member of this subscription more, would share too many.
/// `group` may be null: nobody is in it. `events`: of the same decision, with what new patterns
/// match.
std::optional<Rejection> refuse_group_size(const State& state, const Group* group,
                                           std::string_view group_name,
                                           const Subscription& subscription,
                                           const std::vector<EventBody>& events,
                                           const Limits& limits);

/// kLimitReached if a group that subscribes to the topic would share too many with so many
/// partitions more. `events`: of the same decision, with the groups whose patterns match the topic.
std::optional<Rejection> refuse_topic_size(const State& state, std::string_view topic,
                                           std::int32_t more_partitions,
                                           const std::vector<EventBody>& events,
                                           const Limits& limits);

}  // namespace muster::domain
