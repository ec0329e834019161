#include "domain/assign/round_robin.h"

#include <algorithm>

namespace muster::domain {

Assignment RoundRobin::assign(const AssignmentInput& input) const {
  Assignment assignment;
  assignment.reserve(input.topics.size());
  MemberIndex cursor = 0;  // the next member to be asked
  for (const AssignmentInput::Topic& topic : input.topics) {
    std::vector<MemberIndex>& owners = assignment.emplace_back();
    owners.reserve(static_cast<std::size_t>(topic.partition_count));
    // The first subscriber at or after the cursor; from there on the deal goes around.
    auto next = std::ranges::lower_bound(topic.subscribers, cursor);
    for (std::int32_t i = 0; i < topic.partition_count; ++i) {
      if (next == topic.subscribers.end()) next = topic.subscribers.begin();
      owners.push_back(*next);
      cursor = *next + 1;
      ++next;
    }
  }
  return assignment;
}

}  // namespace muster::domain
