// Planning as the leader, in the C interface.
#include "client/c/handles.h"

namespace {

/// The element of that number, or nullptr.
template <typename Elements>
const auto* at(const Elements& elements, std::size_t index) {
  return index < elements.size() ? &elements[index] : nullptr;
}

const muster::PlanRequest::Topic* topic_at(const muster_plan_request* request, std::size_t topic) {
  return request == nullptr ? nullptr : at(request->value.topics, topic);
}
const muster::PlanRequest::Member* member_at(const muster_plan_request* request,
                                             std::size_t member) {
  return request == nullptr ? nullptr : at(request->value.members, member);
}
const muster::PlanRequest::Pin* pin_at(const muster_plan_request* request, std::size_t pin) {
  return request == nullptr ? nullptr : at(request->value.pins, pin);
}

}  // namespace

extern "C" {

const char* muster_plan_request_group(const muster_plan_request* request) {
  return request == nullptr ? nullptr : request->value.group.c_str();
}
int64_t muster_plan_request_timeout_ms(const muster_plan_request* request) {
  return request == nullptr ? 0 : request->value.timeout.count();
}

size_t muster_plan_request_topic_count(const muster_plan_request* request) {
  return request == nullptr ? 0 : request->value.topics.size();
}
const char* muster_plan_request_topic_name(const muster_plan_request* request, size_t topic) {
  const auto* found = topic_at(request, topic);
  return found == nullptr ? nullptr : found->name.c_str();
}
int32_t muster_plan_request_topic_partitions(const muster_plan_request* request, size_t topic) {
  const auto* found = topic_at(request, topic);
  return found == nullptr ? 0 : found->partitions;
}
size_t muster_plan_request_owner(const muster_plan_request* request, size_t topic,
                                 int32_t partition) {
  const auto* found = topic_at(request, topic);
  if (found == nullptr || partition < 0) return MUSTER_NOBODY;
  const auto* owner = at(found->owners, static_cast<std::size_t>(partition));
  return owner == nullptr ? MUSTER_NOBODY : owner->value_or(MUSTER_NOBODY);
}

size_t muster_plan_request_member_count(const muster_plan_request* request) {
  return request == nullptr ? 0 : request->value.members.size();
}
const char* muster_plan_request_member_id(const muster_plan_request* request, size_t member) {
  const auto* found = member_at(request, member);
  return found == nullptr ? nullptr : found->member_id.c_str();
}
const char* muster_plan_request_member_metadata(const muster_plan_request* request, size_t member,
                                                size_t* size) {
  const auto* found = member_at(request, member);
  if (size != nullptr) *size = found == nullptr ? 0 : found->metadata.size();
  return found == nullptr ? nullptr : found->metadata.c_str();
}
size_t muster_plan_request_member_topic_count(const muster_plan_request* request, size_t member) {
  const auto* found = member_at(request, member);
  return found == nullptr ? 0 : request->value.topics_of(*found).size();
}
size_t muster_plan_request_member_topic(const muster_plan_request* request, size_t member,
                                        size_t index) {
  const auto* found = member_at(request, member);
  const auto* topic = found == nullptr ? nullptr : at(request->value.topics_of(*found), index);
  return topic == nullptr ? MUSTER_NOBODY : *topic;
}

size_t muster_plan_request_pin_count(const muster_plan_request* request) {
  return request == nullptr ? 0 : request->value.pins.size();
}
size_t muster_plan_request_pin_topic(const muster_plan_request* request, size_t pin) {
  const auto* found = pin_at(request, pin);
  return found == nullptr ? MUSTER_NOBODY : found->topic;
}
int32_t muster_plan_request_pin_partition(const muster_plan_request* request, size_t pin) {
  const auto* found = pin_at(request, pin);
  return found == nullptr ? -1 : found->partition;
}
size_t muster_plan_request_pin_member(const muster_plan_request* request, size_t pin) {
  const auto* found = pin_at(request, pin);
  return found == nullptr ? MUSTER_NOBODY : found->member.value_or(MUSTER_NOBODY);
}

void muster_plan_assign(muster_plan* plan, size_t topic, int32_t partition, size_t member) {
  if (plan == nullptr) return;
  try {
    const auto* of_topic = at(plan->request.topics, topic);
    const auto* to_member = at(plan->request.members, member);
    if (of_topic == nullptr || to_member == nullptr) {
      plan->wrong = "topic number " + std::to_string(topic) + " or member number " +
                    std::to_string(member) + " is not in the request";
      return;
    }
    plan->value[to_member->member_id][of_topic->name].push_back(partition);
  } catch (const std::bad_alloc&) {
    plan->wrong = "no memory";  // short enough to need none
  }
}

}  // extern "C"
