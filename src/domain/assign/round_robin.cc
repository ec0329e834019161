#include "domain/assign/round_robin.h"

#include <algorithm>

namespace muster::domain {

Assignment RoundRobin::assign(const AssignmentInput& input) const {
  Assignment assignment;
  assignment.reserve(input.topics.size());
  MemberIndex cursor = 0;  // the next member to be asked
  for (const AssignmentInput::Topic& topic : input.topics) {
    const std::vector<MemberIndex>& subscribers = input.subscribers(topic);
    const auto count = static_cast<std::size_t>(topic.partition_count);
    std::vector<MemberIndex>& owners = assignment.emplace_back(count, kUnassigned);
    // The first subscriber at or after the cursor; from there on the deal goes around.
    auto next = std::ranges::lower_bound(subscribers, cursor);
    auto pin = topic.pins.begin();
    for (std::size_t i = 0; i < count; ++i) {
      if (pin != topic.pins.end() && static_cast<std::size_t>(pin->partition) == i) {
        owners[i] = (pin++)->member;
        continue;
      }
      if (subscribers.empty()) continue;
      if (next == subscribers.end()) next = subscribers.begin();
      owners[i] = *next;
      cursor = *next + 1;
      ++next;
    }
  }
  return assignment;
}

}  // namespace muster::domain
