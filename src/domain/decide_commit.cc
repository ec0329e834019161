// Commit: all items are applied, or none (one-command-one-unit). With a token the partition's
// current token must be presented (fenced-commit); without one it is an administrator's commit,
// which needs that nobody owns the partition. What goes back on purpose (compare and set) is an
// event that keeps what was there. A token is proof enough: the connection that
// presents it need not be the member's own (§4 rule 1).

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "domain/decide.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

/// Items beside each other mostly name one topic, and mostly with the same bytes of the request.
bool same_topic(const CommitItem& one, const CommitItem& other) {
  return one.topic.size() == other.topic.size() &&
         (one.topic.data() == other.topic.data() || one.topic == other.topic);
}

bool comes_before(const CommitItem& one, const CommitItem& other) {
  return same_topic(one, other) ? one.partition < other.partition : one.topic < other.topic;
}

/// An item whose partition another names, too; null: there is none.
const CommitItem* named_twice(const std::vector<CommitItem>& items) {
  const auto not_before = [](const CommitItem& one, const CommitItem& next) {
    return !comes_before(one, next);
  };
  if (std::ranges::adjacent_find(items, not_before) == items.end()) return nullptr;
  std::vector<const CommitItem*> sorted;
  sorted.reserve(items.size());
  for (const CommitItem& item : items) sorted.push_back(&item);
  std::ranges::sort(sorted,
                    [](const auto* one, const auto* other) { return comes_before(*one, *other); });
  const auto twice = std::ranges::adjacent_find(
      sorted, [](const auto* one, const auto* next) { return !comes_before(*one, *next); });
  return twice == sorted.end() ? nullptr : *twice;
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
  decision.commits.assign(command.items.size(), CommitOutcome::kApplied);
  event.offsets.reserve(command.items.size());
  CommitPlace place;
  for (std::size_t i = 0; i < command.items.size(); ++i) {
    const CommitItem& item = command.items[i];
    if (i == 0 || !same_topic(command.items[i - 1], item)) {
      place = commit_place(state, group, command.group, item.topic);
    }
    const auto judged = judge_commit(place, item, now);
    if (!judged) return std::unexpected(judged.error());
    decision.commits[i] = judged->outcome;
    if (judged->outcome != CommitOutcome::kApplied || judged->unchanged) continue;
    if (rewinds(judged->partition, item)) {
      append_offset(rewound.offsets, item, judged->at);
      rewound.former.push_back(former_offset(judged->at, judged->partition));
    } else {
      append_offset(event.offsets, item, judged->at);
    }
  }
  if (const CommitItem* twice = named_twice(command.items)) {
    return refuse(ErrorCode::kMalformedRequest, "The commit for group '", command.group, "' names ",
                  twice->topic, "/", twice->partition, " twice: name it once.");
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
