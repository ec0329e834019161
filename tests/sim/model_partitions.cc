// Plans, grants, tokens and offsets in the model.

#include <algorithm>

#include "tests/sim/model.h"

namespace muster::sim {

void Model::on(const domain::PlanMade& event) {
  require_no_quiet_time("plans");
  GroupFacts* group = group_now(event.group);
  if (group == nullptr) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " plans a group that is not there.");
  }
  begin_plan(*group, event);
  group->wanted.set(sequence_, {});
  group->generation.set(sequence_, event.generation);
  if (!event.more) {
    group->planned.clear();
    for (const domain::PlannedTopic& topic : event.planned) {
      group->planned[topic.topic] = topic.partition_count;
    }
  }
  for (const domain::PartitionList& list : event.unassigned) {
    for (const PartitionIndex index : list.partitions) {
      group->partitions[{list.topic, index}].target = kNobody;
    }
  }
  for (const domain::MemberPartitions& member : event.targets) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) {
        group->partitions[{list.topic, index}].target = member.seat;
      }
    }
  }
  mark_revoking(*group, event.revoking);
  planned_ = group;
  slice_ = event;
}

void Model::mark_revoking(GroupFacts& group,
                          const std::vector<domain::MemberPartitions>& revoking) {
  for (const domain::MemberPartitions& member : revoking) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) {
        PartitionFacts& partition = group.partitions[{list.topic, index}];
        Ownership now = partition.ownership.now();
        verdict_.require(now.owner == member.seat && !now.revoking, "single-owner", "Event ",
                         sequence_, " asks seat ", member.seat, " for a partition of seat ",
                         now.owner, now.revoking ? ", a second time." : ".");
        now.revoking = true;
        partition.ownership.set(sequence_, now);
      }
    }
  }
}

void Model::on(const domain::PartitionsGranted& event) {
  require_no_quiet_time("grants");
  GroupFacts* group = group_now(event.group);
  if (group == nullptr) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " grants in a group that is not there.");
  }
  verdict_.require(event.fence_base == base_now(), "fence-rises", "Event ", sequence_,
                   " grants above fence base ", event.fence_base, " and not ", base_now(), ".");
  for (const domain::MemberPartitions& to : event.grants) grant(*group, to);
}

void Model::grant(GroupFacts& group, const domain::MemberPartitions& to) {
  SeatFacts* seat = live_seat(group, to.seat, to.member_id);
  if (seat == nullptr) return;
  verdict_.require(seat->occupant.now().incarnation == to.incarnation, "outcomes-not-intents",
                   "Event ", sequence_, " grants to another incarnation than has seat ", to.seat,
                   ".");
  const FencingToken token = base_now() + sequence_;
  for (const domain::PartitionList& list : to.topics) {
    const TopicFacts* topic = topic_by_id(list.topic);
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      PartitionFacts& partition = group.partitions[at];
      const Ownership& now = partition.ownership.now();
      verdict_.require(now.owner == kNobody, "single-owner", "Event ", sequence_, " grants ", index,
                       " of topic ", list.topic, " in group ", group.name, " to seat ", to.seat,
                       " while seat ", now.owner, " owns it.");
      verdict_.require(!group.reset.now().wanted.contains(at), "live-reset", "Event ", sequence_,
                       " grants ", index, " of topic ", list.topic, " in group ", group.name,
                       " before its reset is done.");
      FencingToken& highest = highest_[{group.name, at}];
      verdict_.require(token > highest, "fence-rises", "Event ", sequence_, " grants under token ",
                       token, " after ", highest, ".");
      highest = token;
      verdict_.require(partition.target == to.seat, "outcomes-not-intents", "Event ", sequence_,
                       " grants to seat ", to.seat, " what the plan gives to ", partition.target,
                       ".");
      verdict_.require(topic != nullptr && index >= 0 && index < topic->partitions.now(),
                       "outcomes-not-intents", "Event ", sequence_, " grants partition ", index,
                       " of topic ", list.topic, ", which is not there.");
      partition.ownership.set(sequence_, {.owner = to.seat, .token = token});
      seat->held.set(sequence_, seat->held.now() + 1);
    }
  }
}

void Model::on(const domain::PartitionsReleased& event) {
  end_named_tokens(event.group, event.seat, event.incarnation, event.tokens, false);
}

void Model::on(const domain::PartitionsFenced& event) {
  end_named_tokens(event.group, event.seat, event.incarnation, event.tokens, true);
}

void Model::on(const domain::OffsetsCommitted& event) {
  GroupFacts& group = group_or_new(event.group);
  for (const domain::OffsetValue& value : event.offsets) {
    const TopicFacts* topic = topic_by_id(value.at.topic);
    const bool exists =
        topic != nullptr && value.at.partition >= 0 && value.at.partition < topic->partitions.now();
    verdict_.require(exists, "outcomes-not-intents", "Event ", sequence_,
                     " commits to a partition that is not there.");
    if (!exists) return;
    PartitionFacts& partition = group.partitions[value.at];
    const Ownership& now = partition.ownership.now();
    verdict_.require(value.fence == now.token, "fenced-commit", "Event ", sequence_,
                     " commits partition ", value.at.partition, " of ", topic->name, " in group ",
                     event.group, " under token ", value.fence, "; current is ", now.token, ".");
    const Committed& former = partition.commits.now();
    const bool rises =
        value.fence == 0 || former.fence != value.fence || value.offset >= former.offset;
    verdict_.require(rises && value.offset >= 0, "offsets-rise", "Event ", sequence_,
                     " commits offset ", value.offset, " under token ", value.fence, " after ",
                     former.offset, ".");
    partition.commits.set(sequence_, {.offset = value.offset,
                                      .fence = value.fence,
                                      .metadata = value.metadata,
                                      .time_ms = time_ms_});
  }
}

void Model::on(const domain::GroupDeleted& event) {
  GroupFacts* group = group_now(event.group);
  verdict_.require(group != nullptr && group->live.empty(), "outcomes-not-intents", "Event ",
                   sequence_, " deletes group ", event.group, ", which has members or is gone.");
  if (group == nullptr) return;
  std::set<TopicId> topics;
  for (const auto& [at, partition] : group->partitions) topics.insert(at.topic);
  for (const domain::OffsetValue& value : event.former) topics.insert(value.at.topic);
  for (const TopicId topic : topics) check_former(*group, topic, event.former);
  group->died = sequence_;
}

}  // namespace muster::sim
