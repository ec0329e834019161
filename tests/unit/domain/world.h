// A world without a coordinator: each command is decided, and its events go through bytes and are
// folded, by two states that must stay equal (one-fold). Every invariant is checked after every
// command. Commands built here are of group "g" and topic "t" unless told otherwise.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "domain/commands.h"
#include "domain/decide.h"
#include "domain/state.h"
#include "tests/unit/domain/ledger.h"

namespace muster::domain {

JoinGroup joining(std::string member_id, Incarnation incarnation,
                  std::vector<std::string> topics = {"t"});
LeaveGroup leaving(std::string member_id, Incarnation incarnation);
ReleasePartitions releasing(std::string member_id, Incarnation incarnation,
                            std::vector<ReleaseItem> items);
CommitOffsets committing(std::vector<CommitItem> items);

/// The events of a decision by name, in order.
std::vector<std::string_view> names(const Decision& decision);

class World {
 public:
  explicit World(FencingToken fence_base = 0);

  /// Plans are computed and applied at once, as far as one slice goes, unless `computes_later`.
  Decided attempt(const Command& command);
  /// The command must be accepted.
  Decision apply(const Command& command);
  /// The command must be refused with `code`, and change nothing.
  Rejection refuse(const Command& command, ErrorCode code);

  /// Joins without a connection to lose: fresh, accepted.
  Decision join(const std::string& member_id, Incarnation incarnation,
                std::vector<std::string> topics = {"t"}) {
    return apply(joining(member_id, incarnation, std::move(topics)));
  }
  Decision plan(const std::string& group = "g") { return apply(MakePlan{.group = group}); }
  Decision expire(const std::string& member_id);
  Decision fence(PartitionIndex partition, const std::string& topic = "t");
  /// Plans, and releases all that is being revoked, until nothing is left to do.
  void settle(const std::string& group = "g");

  const State& state() const { return state_; }
  const Group& group(const std::string& name = "g") const { return *state_.group(name); }
  const Member* member(const std::string& member_id) const { return group().member(member_id); }
  GroupPhase phase(const std::string& name = "g") const { return phase_of(state_, group(name)); }

  const PartitionState& at(PartitionIndex partition, const std::string& topic = "t") const;
  /// Empty: nobody.
  std::string owner(PartitionIndex partition, const std::string& topic = "t") const;
  FencingToken token(PartitionIndex partition, const std::string& topic = "t") const {
    return at(partition, topic).fence;
  }
  /// Partitions of one topic that a member holds, revoking or not.
  std::vector<PartitionIndex> share(const std::string& member_id,
                                    const std::string& topic = "t") const;

  /// The fold of the whole journal, from its bytes.
  State replay() const;
  /// Folds into `state` what of the journal comes after it.
  void go_on(State& state) const;

  Limits limits;
  bool computes_later = false;
  std::int64_t wall_ms = 1'700'000'000'000;

 private:
  State state_;
  State twin_;  // folds what the codec gives back
  Ledger ledger_;
  std::vector<std::string> journal_;
};

}  // namespace muster::domain
