// What a strategy is told of a group, and the way back from its member numbers to seats.
#pragma once

#include <vector>

#include "domain/assign/strategy.h"
#include "domain/events.h"
#include "domain/state.h"

namespace muster::domain {

struct PlanInput {
  AssignmentInput input;
  std::vector<SeatId> seats;  // of the input's members
  /// Free although the last plan gives them to a member who is here, as while nothing is granted.
  std::vector<TopicPartition> ungranted;
};

/// Members that drain are members, but in no audience. A pin counts for a subscriber that does not
/// drain, and keeps its partition free while its member is absent; any other pin does nothing.
PlanInput plan_input(const State& state, const Group& group);

/// The existing topics of one subscription, by name and by pattern, ascending by id, each once.
std::vector<TopicId> topics_of(const State& state, const Group& group,
                               const Subscription& subscription);

/// The topics that somebody subscribes to and that exist, ascending by id.
std::vector<PlannedTopic> planned_topics(const State& state, const Group& group);

}  // namespace muster::domain
