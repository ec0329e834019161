// Commit: all items are applied, or none (one-command-one-unit). With a token the partition's
// current token must be presented (fenced-commit); without one it is an administrator's commit,
// which needs that nobody owns the partition. What goes back on purpose (compare and set) is an
// event that keeps what was there. A token is proof enough: the connection that
// presents it need not be the member's own (§4 rule 1).

#include <set>

#include "domain/decide.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {

Decided decide(const State& state, const CommitOffsets& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits))
    return std::unexpected(*refused);
  if (command.items.empty()) {
    return refuse(ErrorCode::kMalformedRequest, "The commit for group '", command.group,
                  "' names no partition: name at least one.");
  }
  if (command.items.size() > now.limits.items_per_request_max) {
    return refuse(ErrorCode::kLimitReached, "The commit for group '", command.group, "' names ",
                  command.items.size(), " partitions: use at most ",
                  now.limits.items_per_request_max, " a request.");
  }
  const Group* group = state.group(command.group);
  if (group == nullptr && state.groups.size() >= now.limits.groups_max) {
    return refuse(ErrorCode::kLimitReached, "Group '", command.group,
                  "' would be one more than the ", now.limits.groups_max,
                  " groups allowed: delete one, or raise max-groups.");
  }

  Decision decision;
  OffsetsCommitted event{.group = command.group, .offsets = {}};
  OffsetsReset rewound{.group = command.group, .offsets = {}, .former = {}};
  std::set<TopicPartition> seen;
  for (const CommitItem& item : command.items) {
    const auto judged = judge_commit(state, group, command.group, item, now);
    if (!judged) return std::unexpected(judged.error());
    if (command.items.size() > 1 && !seen.insert(judged->at).second) {
      return refuse(ErrorCode::kMalformedRequest, "The commit for group '", command.group,
                    "' names ", item.topic, "/", item.partition, " twice: name it once.");
    }
    decision.commits.push_back(judged->outcome);
    if (judged->outcome != CommitOutcome::kApplied || judged->unchanged) continue;
    const PartitionState* partition = group == nullptr ? nullptr : group->partition(judged->at);
    if (rewinds(partition, item)) {
      rewound.offsets.push_back(offset_value(item, judged->at));
      rewound.former.push_back(former_offset(judged->at, partition));
    } else {
      event.offsets.push_back(offset_value(item, judged->at));
    }
  }
  if (!event.offsets.empty()) decision.events.emplace_back(std::move(event));
  if (!rewound.offsets.empty()) decision.events.emplace_back(std::move(rewound));
  return decision;
}

TokenEnd end_of_token(const PartitionState* partition, FencingToken fence) {
  if (partition == nullptr || fence == 0 || fence == partition->fence) return TokenEnd::kNone;
  if (fence == partition->ended_fence) return partition->ended_how;
  return fence < partition->ended_fence ? TokenEnd::kOlder : TokenEnd::kNone;
}

}  // namespace muster::domain
