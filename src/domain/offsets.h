// Commits: the rule that CommitOffsets and the last commit of a release share, and the former
// values that destructive events carry.
#pragma once

#include <expected>
#include <vector>

#include "domain/commands.h"
#include "domain/decide.h"
#include "domain/state.h"

namespace muster::domain {

/// What one item of a commit comes to, without regard to the others. `group` may be null: none yet.
struct CommitJudgement {
  TopicPartition at;
  CommitOutcome outcome = CommitOutcome::kApplied;  // or kSuperseded
};
std::expected<CommitJudgement, Rejection> judge_commit(const State& state, const Group* group,
                                                       std::string_view group_name,
                                                       const CommitItem& item, Now now);

/// The event's form of an item that is applied.
OffsetValue offset_value(const CommitItem& item, TopicPartition at);

/// The committed offsets of one topic, as destructive events keep them.
void append_former_offsets(const Group& group, TopicId topic, std::vector<OffsetValue>& former);

}  // namespace muster::domain
