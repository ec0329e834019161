// Refusals that say: what was named is not there, or it is more than allowed. Both can be seen from
// the request and the state at its sequence.

#include <algorithm>

#include "tests/sim/asked_offsets.h"
#include "tests/sim/witness.h"

namespace muster::sim {
namespace {

/// The group that the request speaks of, if it has one of these bodies; else null.
template <typename... Bodies>
const flatbuffers::String* group_of(const wire::Request& request) {
  const flatbuffers::String* group = nullptr;
  const auto look = [&](const auto* body) {
    if (body != nullptr) group = body->group();
  };
  (look(request.body_as<Bodies>()), ...);
  return group;
}

/// Of a group that must be there; the others make one.
const flatbuffers::String* needed_group(const wire::Request& request) {
  return group_of<wire::Holdings, wire::Release, wire::DeleteOffsets, wire::FetchOffsets,
                  wire::CheckFence, wire::DescribeGroup, wire::ListMembers, wire::ListPartitions,
                  wire::DeleteGroup, wire::RemoveMember, wire::FreezeGroup, wire::DrainMember,
                  wire::PinPartition, wire::SubmitPlan>(request);
}

std::size_t items_in(const wire::Request& request) {
  if (const auto* body = request.body_as_Commit()) return asked_offsets(*body).size();
  if (const auto* body = request.body_as_Release()) return body->items()->size();
  if (const auto* body = request.body_as_ReportEnds()) return body->items()->size();
  if (const auto* body = request.body_as_FetchOffsets()) {
    return body->partitions() == nullptr ? 0 : body->partitions()->size();
  }
  std::size_t items = 0;
  if (const auto* body = request.body_as_ResetOffsets()) {
    for (const wire::ResetTopic* topic : *body->topics()) items += topic->offsets()->size();
  }
  return items;
}

}  // namespace

/// Whether the request names a topic, or a partition of one, that is not there.
bool Witness::names_unknown_place(const wire::Request& request, Sequence at) const {
  const auto no_topic = [&](const flatbuffers::String* name) {
    return model_.topic_at(name->str(), at) == nullptr;
  };
  const auto not_there = [&](const std::string& name, PartitionIndex index) {
    const TopicFacts* topic = model_.topic_at(name, at);
    return topic == nullptr || index < 0 || index >= topic->partitions.at(at);
  };
  const auto no_partition = [&](const flatbuffers::String* name, PartitionIndex index) {
    return not_there(name->str(), index);
  };
  const auto one_of = [&](const auto* items) {
    return items != nullptr && std::ranges::any_of(*items, [&](const auto* item) {
             return no_partition(item->topic(), item->partition());
           });
  };
  if (const auto* body = request.body_as_DescribeTopic()) return no_topic(body->name());
  if (const auto* body = request.body_as_ExpandTopic()) return no_topic(body->name());
  if (const auto* body = request.body_as_DeleteTopic()) return no_topic(body->name());
  if (const auto* body = request.body_as_Holdings()) return no_topic(body->after_topic());
  if (const auto* body = request.body_as_Commit()) {
    return std::ranges::any_of(asked_offsets(*body), [&](const AskedOffset& asked) {
      return not_there(asked.topic, asked.partition);
    });
  }
  if (const auto* body = request.body_as_ReportEnds()) return one_of(body->items());
  if (const auto* body = request.body_as_FetchOffsets()) return one_of(body->partitions());
  if (const auto* body = request.body_as_CheckFence()) {
    return no_partition(body->topic(), body->partition());
  }
  if (const auto* body = request.body_as_PinPartition()) {
    return no_partition(body->topic(), body->partition());
  }
  if (const auto* body = request.body_as_DeleteOffsets()) {
    return no_partition(body->topic(), body->partition() == -1 ? 0 : body->partition());
  }
  if (const auto* body = request.body_as_Join())
    return std::ranges::any_of(*body->topics(), no_topic);
  if (const auto* body = request.body_as_ResetOffsets()) {
    return std::ranges::any_of(*body->topics(), [&](const wire::ResetTopic* topic) {
      return std::ranges::any_of(*topic->offsets(), [&](const wire::ResetOffset* offset) {
        return no_partition(topic->topic(), offset->partition());
      });
    });
  }
  return false;
}

/// A group, topic or partition that is not there, or (a pin) that the member does not subscribe to.
bool Witness::names_unknown_resource(const wire::Request& request, Sequence at) const {
  const flatbuffers::String* needed = needed_group(request);
  if (needed != nullptr && model_.group_at(needed->str(), at) == nullptr) return true;
  if (names_unknown_place(request, at)) return true;
  const wire::PinPartition* pin = request.body_as_PinPartition();
  if (pin == nullptr || pin->member_id() == nullptr) return false;
  const GroupFacts& group = *model_.group_at(pin->group()->str(), at);
  const SeatFacts* seat = group.seat_at(pin->member_id()->str(), at, nullptr);
  return seat != nullptr && !seat->wishes.at(at).includes(pin->topic()->str());
}

/// Whether the request is, or would bring, more than the limits of this world allow.
bool Witness::is_over_limit(const wire::Request& request, Sequence at) const {
  if (items_in(request) > limits_.items_per_request_max) return true;
  if (request.body_as_CreateTopic() != nullptr) {
    return model_.living_topics(at) >= limits_.topics_max;
  }
  const flatbuffers::String* name =
      group_of<wire::Commit, wire::Join, wire::ResetOffsets, wire::ConfigureGroup>(request);
  const GroupFacts* group = name == nullptr ? nullptr : model_.group_at(name->str(), at);
  const bool makes_group = name != nullptr && group == nullptr;
  if (makes_group && model_.living_groups(at) >= limits_.groups_max) return true;
  if (const auto* configure = request.body_as_ConfigureGroup()) {
    const std::int32_t most = configure->max_members();
    return most > 0 && static_cast<std::size_t>(most) > limits_.members_per_group_max;
  }
  if (const auto* join = request.body_as_Join()) {
    const bool crowded = group != nullptr &&
                         group->member_count.at(at) >= limits_.members_per_group_max &&
                         group->seat_at(join->member_id()->str(), at, nullptr) == nullptr;
    const std::size_t patterns = join->patterns() == nullptr ? 0 : join->patterns()->size();
    return crowded || join->topics()->size() > limits_.topics_per_member_max ||
           patterns > limits_.patterns_per_member_max;
  }
  // An event may be larger than a frame: the model does not know the length of events.
  return request.body_type() == wire::RequestBody::ListEvents;
}

bool Witness::has_too_much_metadata(const wire::Request& request) const {
  const auto too_much = [&](const auto* text) {
    return text != nullptr && text->size() > limits_.commit_metadata_bytes_max;
  };
  if (const auto* commit = request.body_as_Commit()) {
    return std::ranges::any_of(*commit->items(),
                               [&](const auto* item) { return too_much(item->metadata()); });
  }
  if (const auto* reset = request.body_as_ResetOffsets()) {
    return std::ranges::any_of(*reset->topics(), [&](const wire::ResetTopic* topic) {
      return std::ranges::any_of(*topic->offsets(),
                                 [&](const auto* offset) { return too_much(offset->metadata()); });
    });
  }
  const wire::Join* join = request.body_as_Join();
  return join != nullptr && join->metadata() != nullptr &&
         join->metadata()->size() > limits_.member_metadata_bytes_max;
}

/// A number of partitions that no topic may have, or fewer than it has.
bool Witness::is_wrong_count(const wire::Request& request, Sequence at) const {
  const auto out_of_range = [&](std::int32_t count) {
    return count < 1 || count > limits_.partitions_per_topic_max;
  };
  if (const auto* create = request.body_as_CreateTopic()) return out_of_range(create->partitions());
  const wire::ExpandTopic* expand = request.body_as_ExpandTopic();
  if (expand == nullptr) return false;
  const TopicFacts* topic = model_.topic_at(expand->name()->str(), at);
  return out_of_range(expand->partitions()) ||
         (topic != nullptr && expand->partitions() < topic->partitions.at(at));
}

}  // namespace muster::sim
