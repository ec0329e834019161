#include "domain/assign/range.h"

#include "domain/assert.h"

namespace muster::domain {

Assignment Range::assign(const AssignmentInput& input) const {
  Assignment assignment;
  assignment.reserve(input.topics.size());
  for (const AssignmentInput::Topic& topic : input.topics) {
    const std::vector<MemberIndex>& subscribers = input.subscribers(topic);
    const auto count = static_cast<std::size_t>(topic.partition_count);
    std::vector<MemberIndex>& owners = assignment.emplace_back(count, kUnassigned);
    MUSTER_ASSERT(topic.pins.size() <= count);
    const std::size_t free = count - topic.pins.size();
    const std::size_t share = subscribers.empty() ? 0 : free / subscribers.size();
    const std::size_t extras = subscribers.empty() ? 0 : free % subscribers.size();
    auto pin = topic.pins.begin();
    std::size_t subscriber = 0;  // whose range is being filled
    std::size_t room = share + (extras > 0 ? 1 : 0);
    for (std::size_t i = 0; i < count; ++i) {
      if (pin != topic.pins.end() && static_cast<std::size_t>(pin->partition) == i) {
        owners[i] = (pin++)->member;
        continue;
      }
      if (subscribers.empty()) continue;
      if (room == 0) room = share + (++subscriber < extras ? 1 : 0);
      owners[i] = subscribers[subscriber];
      --room;
    }
    MUSTER_ASSERT(pin == topic.pins.end());  // ascending and within the topic
  }
  return assignment;
}

}  // namespace muster::domain
