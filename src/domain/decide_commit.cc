// Commit: all items are applied, or none (one-command-one-unit). With a token the partition's
// current token must be presented (fenced-commit); without one it is an administrator's commit,
// which needs that nobody owns the partition. What goes back on purpose (compare and set) is an
// event that keeps what was there. A token is proof enough: the connection that
// presents it need not be the member's own (§4 rule 1).

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "domain/decide.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

using Named = absl::InlinedVector<TopicPartition, 4>;

std::optional<TopicPartition> named_twice(Named named) {
  if (!std::ranges::is_sorted(named)) std::ranges::sort(named);
  const auto twice = std::ranges::adjacent_find(named);
  return twice == named.end() ? std::nullopt : std::optional(*twice);
}

}  // namespace

Decided decide(const State& state, const CommitOffsets& command, Now now) {
  const Group* group = state.group(command.group);
  if (group == nullptr) {
    if (auto refused = refuse_name("group", command.group, now.limits)) {
      return std::unexpected(*refused);
    }
  }
  if (command.items.empty()) {
    return refuse(ErrorCode::kMalformedRequest, "The commit for group '", command.group,
                  "' names no partition: name at least one.");
  }
  if (command.items.size() > now.limits.items_per_request_max) {
    return refuse(ErrorCode::kLimitReached, "The commit for group '", command.group, "' names ",
                  command.items.size(), " partitions: use at most ",
                  now.limits.items_per_request_max, " a request.");
  }
  if (group == nullptr && state.groups.size() >= now.limits.groups_max) {
    return refuse(ErrorCode::kLimitReached, "Group '", command.group,
                  "' would be one more than the ", now.limits.groups_max,
                  " groups allowed: delete one, or raise max-groups.");
  }

  Decision decision;
  OffsetsCommitted event{.group = command.group, .offsets = {}};
  OffsetsReset rewound;
  Named named;
  named.reserve(command.items.size());
  decision.commits.reserve(command.items.size());
  event.offsets.reserve(command.items.size());
  const Topic* topic = nullptr;
  for (const CommitItem& item : command.items) {
    // Most commits name one topic again and again.
    if (topic == nullptr || topic->name != item.topic) topic = state.topic(item.topic);
    const auto judged = judge_commit(group, command.group, topic, item, now);
    if (!judged) return std::unexpected(judged.error());
    named.push_back(judged->at);
    decision.commits.push_back(judged->outcome);
    if (judged->outcome != CommitOutcome::kApplied || judged->unchanged) continue;
    if (rewinds(judged->partition, item)) {
      rewound.offsets.push_back(offset_value(item, judged->at));
      rewound.former.push_back(former_offset(judged->at, judged->partition));
    } else {
      event.offsets.push_back(offset_value(item, judged->at));
    }
  }
  if (const auto twice = named_twice(std::move(named))) {
    return refuse(ErrorCode::kMalformedRequest, "The commit for group '", command.group, "' names ",
                  state.topic(twice->topic)->name, "/", twice->partition, " twice: name it once.");
  }
  if (!event.offsets.empty()) decision.events.emplace_back(std::move(event));
  if (!rewound.offsets.empty()) {
    rewound.group = command.group;
    decision.events.emplace_back(std::move(rewound));
  }
  return decision;
}

TokenEnd end_of_token(const PartitionState* partition, FencingToken fence) {
  if (partition == nullptr || fence == 0 || fence == partition->fence) return TokenEnd::kNone;
  if (fence == partition->ended_fence) return partition->ended_how;
  return fence < partition->ended_fence ? TokenEnd::kOlder : TokenEnd::kNone;
}

}  // namespace muster::domain
