// Resets: an administrator says where a group goes on. A group without members is rewritten at
// once. A live one hands the partitions back first (OffsetsResetBegun revokes them); when nobody
// owns any of them, all are rewritten and granted again in one unit, so that no member ever sees a
// part of it. In between everything is folded state: a crash forgets nothing, and whatever ends an
// ownership (release, fence, leave, expiry) brings the reset nearer its end (no-orphan).

#include <set>

#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

std::optional<Rejection> refuse_reset(const State& state, const Group* group,
                                      const ResetOffsets& command, const Limits& limits) {
  const auto refused = [](ErrorCode code, const auto&... pieces) {
    return refuse(code, pieces...).error();
  };
  if (auto wrong = refuse_name("group", command.group, limits)) return wrong;
  if (command.items.empty()) {
    return refused(ErrorCode::kMalformedRequest, "The reset of group '", command.group,
                   "' names no partition: name at least one.");
  }
  if (command.items.size() > limits.items_per_request_max) {
    return refused(ErrorCode::kLimitReached, "The reset of group '", command.group, "' names ",
                   command.items.size(), " partitions: use at most ", limits.items_per_request_max,
                   " a request.");
  }
  if (group == nullptr && state.groups.size() >= limits.groups_max) {
    return refused(ErrorCode::kLimitReached, "Group '", command.group,
                   "' would be one more than the ", limits.groups_max,
                   " groups allowed: delete one, or raise max-groups.");
  }
  if (group != nullptr && !group->members.empty() && !command.live) {
    return refused(ErrorCode::kGroupNotEmpty, "Offsets of group '", command.group,
                   "' can't be set while it has members (", group->members.size(),
                   "): stop them, or say --live, and they hand their partitions over for it.");
  }
  return std::nullopt;
}

std::optional<Rejection> refuse_item(const Topic* topic, const ResetItem& item,
                                     const Limits& limits) {
  if (auto wrong = refuse_name("topic", item.topic, limits)) return wrong;
  if (topic == nullptr) return refuse_unknown_topic(item.topic).error();
  if (item.partition < 0 || item.partition >= topic->partition_count) {
    return refuse_unknown_partition(*topic, item.partition).error();
  }
  if (item.offset < -1 || (item.offset == -1 && !item.metadata.empty())) {
    return refuse(ErrorCode::kInvalidOffset, "Offset ", item.offset, " of ", item.topic, "/",
                  item.partition,
                  " can't be set: it is 0 or more, or -1 and without metadata for nothing.")
        .error();
  }
  if (item.metadata.size() > limits.commit_metadata_bytes_max) {
    return refuse(ErrorCode::kMetadataTooLarge, "The metadata of ", item.topic, "/", item.partition,
                  " has ", item.metadata.size(), " bytes: use at most ",
                  limits.commit_metadata_bytes_max, ".")
        .error();
  }
  return std::nullopt;
}

/// What is to be set, by partition.
std::expected<std::map<TopicPartition, PendingOffset>, Rejection> wanted_offsets(
    const State& state, const ResetOffsets& command, const Limits& limits) {
  std::map<TopicPartition, PendingOffset> wanted;
  for (const ResetItem& item : command.items) {
    const Topic* topic = state.topic(item.topic);
    if (auto wrong = refuse_item(topic, item, limits)) return std::unexpected(*wrong);
    const bool fresh = wanted
                           .emplace(TopicPartition{.topic = topic->id, .partition = item.partition},
                                    PendingOffset{.offset = item.offset, .metadata = item.metadata})
                           .second;
    if (fresh) continue;
    return refuse(ErrorCode::kMalformedRequest, "The reset of group '", command.group, "' names ",
                  item.topic, "/", item.partition, " twice: name it once.");
  }
  return wanted;
}

OffsetValue value_of(TopicPartition at, const PendingOffset& wanted) {
  return {.at = at, .offset = wanted.offset, .metadata = wanted.metadata};
}

bool is_there(const PartitionState* partition, const PendingOffset& wanted) {
  if (partition == nullptr || !partition->has_commit()) return wanted.offset == -1;
  return partition->committed == wanted.offset && partition->committed_fence == 0 &&
         partition->metadata_view() == wanted.metadata;
}

bool same(const std::map<TopicPartition, PendingOffset>& one,
          const std::map<TopicPartition, PendingOffset>& other) {
  return std::ranges::equal(one, other, [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.offset == right.second.offset &&
           left.second.metadata == right.second.metadata;
  });
}

Decision reset_at_once(const Group* group, const ResetOffsets& command,
                       const std::map<TopicPartition, PendingOffset>& wanted) {
  OffsetsReset event{.group = command.group, .offsets = {}, .former = {}, .undoes = command.undoes};
  for (const auto& [at, pending] : wanted) {
    const PartitionState* partition = group == nullptr ? nullptr : group->partition(at);
    if (is_there(partition, pending)) continue;  // a retry
    event.offsets.push_back(value_of(at, pending));
    event.former.push_back(former_offset(at, partition));
  }
  Decision decision;
  decision.changed = static_cast<std::uint32_t>(event.offsets.size());
  if (!event.offsets.empty()) decision.events.emplace_back(std::move(event));
  return decision;
}

Decision begin_reset(const Group& group, const ResetOffsets& command,
                     const std::map<TopicPartition, PendingOffset>& wanted) {
  OffsetsResetBegun event{
      .group = group.name, .offsets = {}, .revoking = {}, .undoes = command.undoes};
  PartitionsBySeat revoking;
  for (const auto& [at, pending] : wanted) {
    event.offsets.push_back(value_of(at, pending));
    const PartitionState* partition = group.partition(at);
    if (partition != nullptr && partition->phase == Phase::kOwned) {
      revoking.add(partition->owner, at);
    }
  }
  event.revoking = revoking.take(group);
  Decision decision;
  decision.changed = static_cast<std::uint32_t>(wanted.size());
  decision.events.emplace_back(std::move(event));
  return decision;
}

}  // namespace

Decided decide(const State& state, const ResetOffsets& command, Now now) {
  const Group* group = state.group(command.group);
  if (auto refused = refuse_reset(state, group, command, now.limits)) {
    return std::unexpected(*refused);
  }
  const auto wanted = wanted_offsets(state, command, now.limits);
  if (!wanted) return std::unexpected(wanted.error());
  if (group != nullptr && group->reset && same(group->reset->offsets, *wanted)) {
    Decision decision;  // a retry
    decision.changed = static_cast<std::uint32_t>(wanted->size());
    decision.begun = group->reset->sequence;
    return decision;
  }
  if (group != nullptr && group->reset) {
    return refuse(ErrorCode::kResetUnderWay, "A live reset of group '", command.group,
                  "' waits since sequence ", group->reset->sequence, " for ",
                  group->reset->offsets.size(),
                  " partitions to be handed over: try again when it is done.");
  }

  const bool owned = std::ranges::any_of(*wanted, [&](const auto& one) {
    const PartitionState* partition = group == nullptr ? nullptr : group->partition(one.first);
    return partition != nullptr && partition->phase != Phase::kFree;
  });
  return owned ? begin_reset(*group, command, *wanted) : reset_at_once(group, command, *wanted);
}

Decided decide(const State& state, const FinishReset& command, Now) {
  const Group* group = state.group(command.group);
  if (group == nullptr || !group->reset || !reset_is_due(*group)) return Decision{};

  const PendingReset& reset = *group->reset;
  OffsetsReset event{.group = group->name,
                     .offsets = {},
                     .former = {},
                     .begun = reset.sequence,
                     .undoes = reset.undoes};
  Grants grants(*group);
  for (const auto& [at, pending] : reset.offsets) {
    const PartitionState* partition = group->partition(at);
    event.offsets.push_back(value_of(at, pending));
    event.former.push_back(former_offset(at, partition));
    const bool wanted = partition != nullptr && group->member(partition->target) != nullptr;
    if (wanted) grants.grant(partition->target, at);
  }
  Decision decision;
  decision.events.emplace_back(std::move(event));
  grants.append_to(decision.events, state.fence_base);
  return decision;
}

}  // namespace muster::domain
