// From what a snapshot keeps to the whole state: entities come one by one, what is derived from
// them is derived again, and the digest is summed anew. What contradicts itself is no state that a
// fold has ever made: it is an error, never half a state.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "domain/state.h"

namespace muster::domain {

/// Topics first; then each group, followed by what it has more than one of: members before
/// matches, topics asked of the leader and offsets of a reset after the request and the reset.
/// Grants come before partitions. Each call
/// says what its argument contradicts, or nothing; after an error there is no state.
class Rebuild {
 public:
  using Contradiction = std::optional<std::string>;

  /// State::fence_base is the journal's and not a snapshot's: it is left at 0.
  Rebuild(Sequence sequence, std::uint32_t quiet_time_ms);

  Contradiction topic(const Topic& topic);
  /// Begins the next group: what it has one of, and nothing derived. Its request has no topics yet,
  /// its reset no offsets.
  Contradiction group(Group settings);
  Contradiction member(Member member);
  Contradiction ended(const std::string& member_id, std::deque<EndedIncarnation> ended);
  Contradiction draining(std::string member_id);
  Contradiction pin(TopicPartition at, std::string member_id);
  Contradiction planned(PlannedTopic topic);
  Contradiction requested(PlannedTopic topic);
  Contradiction match(const std::string& pattern, TopicId id);
  Contradiction grant(FencingToken fence, GrantNote note);
  Contradiction resetting(TopicPartition at, PendingOffset pending);
  Contradiction partition(TopicPartition at, PartitionState&& partition);

  std::expected<State, std::string> finish();

 private:
  bool is_past(Sequence sequence) const { return sequence >= 1 && sequence <= state_.sequence; }
  bool exists(TopicPartition at) const;
  Member* member_of(SeatId seat) const;
  Contradiction refuse_partition(const PartitionState& partition) const;
  Contradiction count_grant(FencingToken fence);
  Contradiction end_group();
  /// "group 'g': there is no seat 5"
  template <typename... Pieces>
  std::string in_group(const Pieces&... pieces) const;

  State state_;
  absl::flat_hash_set<GroupId> group_ids_;
  Group* group_ = nullptr;                        // the one being rebuilt
  absl::flat_hash_map<SeatId, Member*> members_;  // of it
  std::pair<FencingToken, GrantNote*> grant_;     // the last one asked for: they come in runs
};

}  // namespace muster::domain
