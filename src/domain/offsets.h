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

/// Where a topic's items of a commit lie: looked up once for all that name it one after the other.
struct CommitPlace {
  std::string_view group_name;
  const Group* group = nullptr;           // null: none yet
  const Topic* topic = nullptr;           // null: there is none of that name
  const PartitionTable* table = nullptr;  // null: nothing known of the topic in the group
};
CommitPlace commit_place(const State& state, const Group* group, std::string_view group_name,
                         std::string_view topic);

/// What one item of a commit comes to, without regard to the others.
struct CommitJudgement {
  TopicPartition at;
  CommitOutcome outcome = CommitOutcome::kApplied;  // or kSuperseded
  bool unchanged = false;                           // a compare-and-set that was applied before
  const PartitionState* partition = nullptr;        // as it is; null: nothing known of it
};
/// `place` is that of the topic that the item names.
std::expected<CommitJudgement, Rejection> judge_commit(const CommitPlace& place,
                                                       const CommitItem& item, Now now);

/// A commit against the direction of the last one under the same token, on purpose.
bool rewinds(const PartitionState* partition, const CommitItem& item);

/// Adds the event's form of an item that is applied.
void append_offset(std::vector<OffsetValue>& offsets, const CommitItem& item, TopicPartition at);

/// Nothing wrong with what is reported of a partition's ends; -1: not reported.
std::optional<Rejection> refuse_ends(std::string_view topic, PartitionIndex partition,
                                     std::int64_t start, std::int64_t end);

/// What is committed for one partition, as destructive events keep it. Offset -1: nothing.
OffsetValue former_offset(TopicPartition at, const PartitionState* partition);

/// The committed offsets of one topic, as destructive events keep them.
void append_former_offsets(const Group& group, TopicId topic, std::vector<OffsetValue>& former);

}  // namespace muster::domain
