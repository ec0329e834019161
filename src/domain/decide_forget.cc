// Offsets that go: deleted by an operator, or expired because their group was without members for
// as long as its retention says. Both keep what was there, so that it can be put back.

#include <algorithm>

#include "domain/decide.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

/// A member that subscribes to the topic would begin anew without knowing why.
std::optional<Rejection> refuse_subscribed(const Group& group, const Topic& topic) {
  if (!group.subscriptions.contains(topic.name)) return std::nullopt;
  std::string who;
  for (const auto& [seat, member] : group.members) {
    if (!subscribes(group, member, topic)) continue;
    who = member.member_id;
    break;
  }
  return refuse(ErrorCode::kGroupSubscribed, "Offsets of topic '", topic.name, "' in group '",
                group.name, "' can't be deleted while members subscribe to it ('", who,
                "' does): stop them, or set the offsets otherwise with muster group "
                "reset-offsets --live.")
      .error();
}

std::optional<Rejection> refuse_owned(const Group& group, const Topic& topic,
                                      std::optional<PartitionIndex> partition) {
  for (const auto& [seat, member] : group.members) {
    auto at = member.held.lower_bound({.topic = topic.id, .partition = partition.value_or(0)});
    if (at == member.held.end() || at->topic != topic.id) continue;
    if (partition && at->partition != *partition) continue;
    return refuse(ErrorCode::kPartitionOwned, "The offset of ", topic.name, "/", at->partition,
                  " in group '", group.name, "' can't be deleted while '", member.member_id,
                  "' owns it: wait until it is released, or stop the member.")
        .error();
  }
  return std::nullopt;
}

}  // namespace

Decided decide(const State& state, const DeleteOffsets& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits)) {
    return std::unexpected(*refused);
  }
  if (auto refused = refuse_name("topic", command.topic, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const Topic* topic = state.topic(command.topic);
  if (topic == nullptr) return refuse_unknown_topic(command.topic);
  const auto partition = command.partition;
  if (partition && (*partition < 0 || *partition >= topic->partition_count)) {
    return refuse_unknown_partition(*topic, *partition);
  }
  if (auto refused = refuse_subscribed(*group, *topic)) return std::unexpected(*refused);
  if (auto refused = refuse_owned(*group, *topic, partition)) return std::unexpected(*refused);

  OffsetsDeleted event{.group = group->name, .former = {}};
  if (!partition) {
    append_former_offsets(*group, topic->id, event.former);
  } else {
    const TopicPartition at{.topic = topic->id, .partition = *partition};
    const PartitionState* known = group->partition(at);
    if (known != nullptr && known->has_commit()) event.former.push_back(former_offset(at, known));
  }
  Decision decision;
  decision.changed = static_cast<std::uint32_t>(event.former.size());
  if (!event.former.empty()) decision.events.emplace_back(std::move(event));
  return decision;
}

Decided decide(const State& state, const ExpireOffsets& command, Now now) {
  const Group* group = state.group(command.group);
  if (group == nullptr || !group->members.empty()) return Decision{};
  if (group->offset_retention_ms == 0) return Decision{};

  OffsetsExpired event{.group = group->name, .former = {}};
  for (const auto& [id, table] : group->partitions) {
    table.for_each([&, topic = id](PartitionIndex index, const PartitionState& partition) {
      if (!partition.has_commit() || now.wall_ms < expires_ms(*group, partition)) return;
      event.former.push_back(former_offset({.topic = topic, .partition = index}, &partition));
    });
  }
  Decision decision;
  if (!event.former.empty()) decision.events.emplace_back(std::move(event));
  return decision;
}

}  // namespace muster::domain
