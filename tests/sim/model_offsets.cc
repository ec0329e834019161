// Offsets that go against their direction, in the model: rewinds, resets, deletions, expiries.

#include <algorithm>

#include "tests/sim/model.h"

namespace muster::sim {

bool Model::exists(TopicPartition at) const {
  const TopicFacts* topic = topic_by_id(at.topic);
  return topic != nullptr && at.partition >= 0 && at.partition < topic->partitions.now();
}

/// What an event says was there before must be what was there: it is all that an undo has.
void Model::require_former(const GroupFacts& group, const domain::OffsetValue& former) {
  const Committed& committed = group.partition(former.at).commits.now();
  verdict_.require(committed.offset == former.offset && committed.metadata == former.metadata &&
                       (former.offset < 0 || committed.time_ms == former.commit_time_ms),
                   "outcomes-not-intents", "Event ", sequence_, " keeps the former offset ",
                   former.offset, " of partition ", former.at.partition, " of topic ",
                   former.at.topic, " in group ", group.name, " where ", committed.offset,
                   " was committed.");
}

void Model::set_offset(GroupFacts& group, const domain::OffsetValue& value) {
  if (value.offset < 0) return group.partitions[value.at].commits.set(sequence_, {});
  group.partitions[value.at].commits.set(sequence_, {.offset = value.offset,
                                                     .fence = value.fence,
                                                     .metadata = value.metadata,
                                                     .time_ms = time_ms_});
}

void Model::on(const domain::OffsetsReset& event) {
  GroupFacts& group = group_or_new(event.group);
  verdict_.require(!event.offsets.empty() && event.offsets.size() == event.former.size(),
                   "outcomes-not-intents", "Event ", sequence_, " resets ", event.offsets.size(),
                   " offsets and keeps ", event.former.size(), " former ones.");
  if (verdict_.violated()) return;
  for (std::size_t i = 0; i < event.offsets.size(); ++i) {
    const domain::OffsetValue& value = event.offsets[i];
    const Ownership& now = group.partition(value.at).ownership.now();
    verdict_.require(exists(value.at) && event.former[i].at == value.at, "outcomes-not-intents",
                     "Event ", sequence_, " resets a partition that is not there.");
    // Without a token it needs that nobody owns the partition, with one it is the owner's rewind.
    verdict_.require(value.fence == now.token, "fenced-commit", "Event ", sequence_,
                     " resets partition ", value.at.partition, " of topic ", value.at.topic,
                     " in group ", event.group, " under token ", value.fence, "; current is ",
                     now.token, ".");
    verdict_.require(value.fence == 0 || value.offset < event.former[i].offset, "offsets-rise",
                     "Event ", sequence_, " is no rewind: from ", event.former[i].offset, " to ",
                     value.offset, ".");
    require_former(group, event.former[i]);
  }
  if (event.begun != 0) finish_reset(group, event);
  for (const domain::OffsetValue& value : event.offsets) set_offset(group, value);
}

/// All of it at once, as it was begun, and whoever shall have the partitions gets them in this
/// unit.
void Model::finish_reset(GroupFacts& group, const domain::OffsetsReset& event) {
  const Resetting& reset = group.reset.now();
  bool whole = reset.begun == event.begun && reset.wanted.size() == event.offsets.size();
  for (const domain::OffsetValue& value : event.offsets) {
    const auto wanted = reset.wanted.find(value.at);
    whole &= wanted != reset.wanted.end() && wanted->second.offset == value.offset &&
             wanted->second.metadata == value.metadata;
    freed_.emplace_back(&group, value.at);
  }
  verdict_.require(whole, "live-reset", "Event ", sequence_, " completes the reset of group ",
                   group.name, " that began with ", event.begun,
                   ", but is not what was asked for then.");
  group.reset.set(sequence_, {});
}

void Model::on(const domain::OffsetsResetBegun& event) {
  GroupFacts* group = group_now(event.group);
  const bool idle = group != nullptr && group->reset.now().begun == 0 && !group->live.empty();
  verdict_.require(idle, "live-reset", "Event ", sequence_, " begins a reset of group ",
                   event.group, ", which is empty, not there, or is being reset.");
  if (!idle) return;
  mark_revoking(*group, event.revoking);
  Resetting reset{.begun = sequence_, .wanted = {}};
  bool owned = false;
  for (const domain::OffsetValue& value : event.offsets) {
    const Ownership& now = group->partition(value.at).ownership.now();
    owned |= now.owner != kNobody;
    verdict_.require(exists(value.at) && (now.owner == kNobody || now.revoking), "live-reset",
                     "Event ", sequence_, " does not ask for partition ", value.at.partition,
                     " of topic ", value.at.topic, " back, which it resets.");
    reset.wanted[value.at] = {.offset = value.offset, .metadata = value.metadata};
  }
  std::size_t asked = 0;
  for (const domain::MemberPartitions& member : event.revoking) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) {
        asked += reset.wanted.contains({list.topic, index}) ? 0 : 1;
      }
    }
  }
  verdict_.require(owned && asked == 0, "live-reset", "Event ", sequence_,
                   " waits for nobody, or disturbs what it does not reset.");
  group->reset.set(sequence_, std::move(reset));
}

void Model::on(const domain::OffsetsDeleted& event) {
  GroupFacts* group = group_now(event.group);
  verdict_.require(group != nullptr && !event.former.empty(), "outcomes-not-intents", "Event ",
                   sequence_, " deletes nothing.");
  if (group == nullptr) return;
  for (const domain::OffsetValue& former : event.former) {
    require_former(*group, former);
    const TopicFacts* topic = topic_by_id(former.at.topic);
    const bool idle = topic != nullptr && !group->subscribes(topic->name, sequence_) &&
                      group->partition(former.at).ownership.now().owner == kNobody;
    verdict_.require(idle, "deleted-when-idle", "Event ", sequence_, " deletes the offset of ",
                     former.at.partition, " of topic ", former.at.topic, " in group ", group->name,
                     ", which somebody works on.");
    set_offset(*group, {.at = former.at, .offset = -1});
  }
}

void Model::on(const domain::OffsetsExpired& event) {
  GroupFacts* group = group_now(event.group);
  const bool empty = group != nullptr && group->live.empty() && !event.former.empty() &&
                     group->settings.now().offset_retention_ms != 0;
  verdict_.require(empty, "expired-when-empty", "Event ", sequence_, " expires offsets of group ",
                   event.group, ", which has members, or keeps them for ever.");
  if (!empty) return;
  const auto retention_ms = static_cast<std::int64_t>(group->settings.now().offset_retention_ms);
  for (const domain::OffsetValue& former : event.former) {
    require_former(*group, former);
    const std::int64_t since_ms = std::max(group->emptied_ms, former.commit_time_ms);
    verdict_.require(time_ms_ - since_ms >= retention_ms, "expired-when-empty", "Event ", sequence_,
                     " expires an offset of group ", group->name, " after ", time_ms_ - since_ms,
                     " ms; its retention is ", retention_ms, " ms.");
    set_offset(*group, {.at = former.at, .offset = -1});
  }
}

}  // namespace muster::sim
