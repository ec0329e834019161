// Commits: the rule that CommitOffsets and the last commit of a release share, and the former
// values that destructive events carry.
#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/commands.h"
#include "domain/decide.h"
#include "domain/state.h"

namespace muster::domain {

/// What one item of a commit comes to, without regard to the others. `group` may be null: none yet.
/// `topic` is the one that the item names; null: there is none.
struct CommitJudgement {
  TopicPartition at;
  CommitOutcome outcome = CommitOutcome::kApplied;  // or kSuperseded
  bool unchanged = false;                           // a compare-and-set that was applied before
  const PartitionState* partition = nullptr;        // as it is; null: nothing known of it
};
std::expected<CommitJudgement, Rejection> judge_commit(const Group* group,
                                                       std::string_view group_name,
                                                       const Topic* topic, const CommitItem& item,
                                                       Now now);

/// A commit against the direction of the last one under the same token, on purpose.
bool rewinds(const PartitionState* partition, const CommitItem& item);

/// The event's form of an item that is applied.
OffsetValue offset_value(const CommitItem& item, TopicPartition at);

/// Nothing wrong with what is reported of a partition's ends; -1: not reported.
std::optional<Rejection> refuse_ends(std::string_view topic, PartitionIndex partition,
                                     std::int64_t start, std::int64_t end);

/// What is committed for one partition, as destructive events keep it. Offset -1: nothing.
OffsetValue former_offset(TopicPartition at, const PartitionState* partition);

/// The committed offsets of one topic, as destructive events keep them.
void append_former_offsets(const Group& group, TopicId topic, std::vector<OffsetValue>& former);

}  // namespace muster::domain
