// What the leader of a group is asked, and what it answers, when the group's strategy is `leader`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"

namespace muster {

/// A group whose partitions are to be shared out.
struct PlanRequest {
  struct Topic {
    std::string name;
    std::int32_t partitions = 0;  // numbered from 0
    /// Of each partition, who has it by the last plan: number in `members`; empty: nobody who may
    /// keep it.
    std::vector<std::optional<std::size_t>> owners;
  };
  struct Member {
    std::string member_id;
    std::string metadata;  // as in its GroupConsumerOptions
    std::size_t subscription = 0;
  };
  /// A partition that an operator has fixed.
  struct Pin {
    std::size_t topic = 0;  // number in `topics`
    PartitionIndex partition = 0;
    std::optional<std::size_t> member;  // number in `members`; empty: absent, so nobody gets it
  };

  std::string group;
  std::vector<Topic> topics;    // those that somebody subscribes to, by name
  std::vector<Member> members;  // by id, without those that drain
  /// The distinct subscriptions, as numbers in `topics`, ascending; members share them.
  std::vector<std::vector<std::size_t>> subscriptions;
  std::vector<Pin> pins;  // those that hold, by topic and partition
  /// Time for the plan, at most: it counts from the first request of a round.
  std::chrono::milliseconds timeout{0};

  /// The topics that a member subscribes to, by name or by pattern, as numbers in `topics`.
  const std::vector<std::size_t>& topics_of(const Member& member) const {
    return subscriptions[member.subscription];
  }
};

/// Member → topic → partitions. Every partition of every topic goes to exactly one member that
/// subscribes to it; a topic without such a member is left out. What an operator has pinned goes to
/// its pin, whatever the plan says, and may be left out.
using Plan = std::map<std::string, std::map<std::string, std::vector<PartitionIndex>>>;

}  // namespace muster
