#include "tools/statistics.h"

namespace muster::tools {

void Activity::add(const domain::EventBody& body, std::size_t body_bytes) {
  ++events;
  bytes += body_bytes;
  commits += std::holds_alternative<domain::OffsetsCommitted>(body);
  const auto* plan = std::get_if<domain::PlanMade>(&body);
  plans += plan != nullptr && !plan->more;  // of one that was made in parts, the last counts
  joined += std::holds_alternative<domain::MemberJoined>(body);
  left += std::holds_alternative<domain::MemberLeft>(body);
  expired += std::holds_alternative<domain::MemberExpired>(body);
  fenced += std::holds_alternative<domain::PartitionsFenced>(body);
}

void Statistics::take(Sequence sequence, const domain::Event& event, std::size_t bytes) {
  if (all_.events == 0) {
    first_sequence_ = sequence;
    first_time_ms_ = event.time_ms;
  } else if (event.time_ms < last_time_ms_) {
    ++steps_back_;
  }
  last_sequence_ = sequence;
  last_time_ms_ = event.time_ms;
  all_.add(event.body, bytes);
  TypeCount& type = by_type_[event.body.index()];
  ++type.events;
  type.bytes += bytes;
  if (const std::string_view group = domain::event_group(event.body); !group.empty()) {
    by_group_[std::string(group)].add(event.body, bytes);
  }
  by_hour_[event.time_ms / kHour_ms].add(event.body, bytes);
  storms_.take(sequence, event);
}

}  // namespace muster::tools
