#include "domain/offsets.h"

#include "domain/names.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

/// fenced-commit: the item does not present the partition's current token.
std::unexpected<Rejection> refuse_fenced(std::string_view group, const CommitItem& item,
                                         FencingToken current) {
  Rejection rejection{.code = ErrorCode::kFenced, .current_fence = current};
  if (current == 0) {
    rejection.message =
        sentence("Group '", group, "' did not commit ", item.topic, "/", item.partition, ": token ",
                 item.fence, " has ended and nobody owns the partition now. Stop working on it.");
  } else {
    rejection.message =
        sentence("Group '", group, "' did not commit ", item.topic, "/", item.partition,
                 ": it presents token ", item.fence, ", the current one is ", current,
                 ". Another owner has the partition: stop working on it.");
  }
  return std::unexpected(rejection);
}

std::string committed_text(std::int64_t committed) {
  return committed < 0 ? "nothing is" : sentence("offset ", committed, " is");
}

/// A retry is answered alike: what was to be set is there already.
std::expected<CommitJudgement, Rejection> compare_and_set(std::string_view group,
                                                          const CommitItem& item, TopicPartition at,
                                                          const PartitionState* partition) {
  const std::int64_t committed = partition == nullptr ? -1 : partition->committed;
  const std::int64_t expected = item.expected.value_or(committed);
  const bool done = committed == item.offset && partition->committed_fence == item.fence &&
                    partition->metadata_view() == item.metadata;
  if (done) return CommitJudgement{.at = at, .unchanged = true, .partition = partition};
  if (committed == expected) return CommitJudgement{.at = at, .partition = partition};
  return refuse(ErrorCode::kOffsetConflict, "Group '", group, "' did not set ", item.topic, "/",
                item.partition, " to offset ", item.offset, ": ", committed_text(committed),
                " committed, and ", committed_text(expected),
                " expected. Fetch it again, and decide anew.");
}

}  // namespace

bool rewinds(const PartitionState* partition, const CommitItem& item) {
  return item.expected && partition != nullptr && partition->committed > item.offset;
}

CommitPlace commit_place(const State& state, const Group* group, std::string_view group_name,
                         std::string_view topic) {
  CommitPlace place{.group_name = group_name, .group = group, .topic = state.topic(topic)};
  if (place.topic == nullptr || group == nullptr) return place;
  const auto table = group->partitions.find(place.topic->id);
  if (table != group->partitions.end()) place.table = &table->second;
  return place;
}

std::expected<CommitJudgement, Rejection> judge_commit(const CommitPlace& place,
                                                       const CommitItem& item, Now now) {
  const Topic* topic = place.topic;
  if (topic == nullptr) {
    // Before it is quoted: a message must fit a frame and spoil no terminal.
    if (auto refused = refuse_name("topic", item.topic, now.limits)) {
      return std::unexpected(*refused);
    }
    return refuse_unknown_topic(item.topic);
  }
  if (item.partition < 0 || item.partition >= topic->partition_count) {
    return refuse_unknown_partition(*topic, item.partition);
  }
  if (item.offset < 0) {
    return refuse(ErrorCode::kInvalidOffset, "Offset ", item.offset, " of ", item.topic, "/",
                  item.partition, " is negative: an offset is the next one to read, 0 or more.");
  }
  if (item.start != -1 || item.end != -1) {
    if (auto refused = refuse_ends(item.topic, item.partition, item.start, item.end)) {
      return std::unexpected(*refused);
    }
  }
  if (item.expected && *item.expected < -1) {
    return refuse(ErrorCode::kInvalidOffset, "Offset ", *item.expected, " of ", item.topic, "/",
                  item.partition,
                  " can't be expected: it is 0 or more, or -1 where nothing is committed.");
  }
  if (item.metadata.size() > now.limits.commit_metadata_bytes_max) {
    return refuse(ErrorCode::kMetadataTooLarge, "The metadata of ", item.topic, "/", item.partition,
                  " has ", item.metadata.size(), " bytes: use at most ",
                  now.limits.commit_metadata_bytes_max, ".");
  }

  const TopicPartition at{.topic = topic->id, .partition = item.partition};
  const PartitionState* partition =
      place.table == nullptr ? nullptr : place.table->find(item.partition);
  const FencingToken current = partition == nullptr ? 0 : partition->fence;
  if (item.fence == 0 && current != 0) {
    return refuse(ErrorCode::kPartitionOwned, "Partition ", item.topic, "/", item.partition,
                  " of group '", place.group_name, "' is owned by '",
                  place.group->member(partition->owner)->member_id,
                  "': a commit without a fencing token needs that nobody owns it. Stop the member, "
                  "or commit with its token.");
  }
  if (item.fence != current) return refuse_fenced(place.group_name, item, current);

  if (item.expected) return compare_and_set(place.group_name, item, at, partition);
  const bool superseded = item.fence != 0 && partition->committed_fence == item.fence &&
                          partition->has_commit() && item.offset < partition->committed;
  return CommitJudgement{
      .at = at,
      .outcome = superseded ? CommitOutcome::kSuperseded : CommitOutcome::kApplied,
      .partition = partition};
}

void append_offset(std::vector<OffsetValue>& offsets, const CommitItem& item, TopicPartition at) {
  OffsetValue& value = offsets.emplace_back();
  value.at = at;
  value.offset = item.offset;
  value.fence = item.fence;
  if (!item.metadata.empty()) value.metadata = item.metadata;
}

std::optional<Rejection> refuse_ends(std::string_view topic, PartitionIndex partition,
                                     std::int64_t start, std::int64_t end) {
  const auto refused = [&](const auto&... pieces) {
    return refuse(ErrorCode::kInvalidOffset, pieces...).error();
  };
  if (end < -1) {
    return refused("End offset ", end, " of ", topic, "/", partition,
                   " is negative: report 0 or more, or leave it out.");
  }
  if (start < -1) {
    return refused("Start offset ", start, " of ", topic, "/", partition,
                   " is negative: report 0 or more, or leave it out.");
  }
  if (end < 0 || start <= end) return std::nullopt;
  return refused("Partition ", topic, "/", partition, " can't begin at ", start, " and end at ",
                 end, ": the end is the offset after its last record.");
}

OffsetValue former_offset(TopicPartition at, const PartitionState* partition) {
  if (partition == nullptr || !partition->has_commit()) return {.at = at, .offset = -1};
  return {.at = at,
          .offset = partition->committed,
          .fence = partition->committed_fence,
          .metadata = std::string(partition->metadata_view()),
          .commit_time_ms = partition->commit_time_ms};
}

void append_former_offsets(const Group& group, TopicId topic, std::vector<OffsetValue>& former) {
  const auto table = group.partitions.find(topic);
  if (table == group.partitions.end()) return;
  table->second.for_each([&](PartitionIndex index, const PartitionState& partition) {
    if (!partition.has_commit()) return;
    former.push_back(former_offset({.topic = topic, .partition = index}, &partition));
  });
}

}  // namespace muster::domain
