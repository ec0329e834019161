// Release: the owner gives partitions back, each under its current token and with an optional last
// commit. A refused commit does not block the release, or the partition would stay with a member
// that no longer works on it (no-orphan). What becomes free is granted on in the same unit.

#include <set>

#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

/// The member that asks, if it still is one. Null: absent or replaced, so every token has ended.
const Member* asking_member(const Group& group, const ReleasePartitions& command) {
  const Member* member = group.member(command.member_id);
  return member != nullptr && member->incarnation == command.incarnation ? member : nullptr;
}

void judge_last_commit(const State& state, const Group& group, const ReleaseItem& item, Now now,
                       ReleaseOutcome& outcome, OffsetsCommitted& commits) {
  const CommitItem commit{.topic = item.topic,
                          .partition = item.partition,
                          .offset = item.offset,
                          .fence = item.fence,
                          .metadata = item.metadata};
  const auto judged =
      judge_commit(commit_place(state, &group, group.name, commit.topic), commit, now);
  if (!judged) {
    outcome.commit = CommitOutcome::kRefused;
    outcome.commit_error = judged.error();
    return;
  }
  outcome.commit = judged->outcome;
  if (judged->outcome == CommitOutcome::kApplied) {
    append_offset(commits.offsets, commit, judged->at);
  }
}

}  // namespace

Decided decide(const State& state, const ReleasePartitions& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits))
    return std::unexpected(*refused);
  if (command.items.empty()) {
    return refuse(ErrorCode::kMalformedRequest, "The release for group '", command.group,
                  "' names no partition: name at least one.");
  }
  if (command.items.size() > now.limits.items_per_request_max) {
    return refuse(ErrorCode::kLimitReached, "The release for group '", command.group, "' names ",
                  command.items.size(), " partitions: use at most ",
                  now.limits.items_per_request_max, " a request.");
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const Member* member = asking_member(*group, command);
  if (member != nullptr && !command.presence.bound_here) {
    return refuse_not_bound(command.group, command.member_id);
  }

  Decision decision;
  OffsetsCommitted commits{.group = command.group, .offsets = {}};
  PartitionsReleased released{.group = command.group,
                              .seat = member ? member->seat : kNobody,
                              .member_id = command.member_id,
                              .incarnation = command.incarnation,
                              .tokens = {}};
  std::set<TopicPartition> seen;
  for (const ReleaseItem& item : command.items) {
    ReleaseOutcome& outcome = decision.releases.emplace_back();
    const Topic* topic = state.topic(item.topic);
    if (topic == nullptr) {
      outcome.ended = TokenEnd::kTopicDeleted;
      continue;
    }
    const TopicPartition at{.topic = topic->id, .partition = item.partition};
    const PartitionState* partition = group->partition(at);
    const bool current = member != nullptr && partition != nullptr && item.fence != 0 &&
                         partition->fence == item.fence && partition->owner == member->seat;
    if (!current) {
      outcome.ended = end_of_token(partition, item.fence);
      continue;
    }
    outcome.released = true;
    outcome.ended = TokenEnd::kReleased;
    if (!seen.insert(at).second) continue;  // named twice: released once
    if (item.commits) judge_last_commit(state, *group, item, now, outcome, commits);
    released.tokens.push_back({.at = at, .fence = item.fence});
  }

  if (!commits.offsets.empty()) decision.events.emplace_back(std::move(commits));
  if (!released.tokens.empty()) {
    Grants grants(*group);
    for (const TopicPartition& at : seen) grants.freed(at);  // ascending
    decision.events.emplace_back(std::move(released));
    grants.append_to(decision.events, state.fence_base);
  }
  return decision;
}

}  // namespace muster::domain
