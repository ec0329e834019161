// Strategies: who shall have which partition. Pure and deterministic: the same input gives the same
// assignment, and nothing depends on the order of an unordered container.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "domain/ids.h"

namespace muster::domain {

/// Index of a member in an AssignmentInput: members are sorted by id.
using MemberIndex = std::uint32_t;
inline constexpr MemberIndex kUnassigned = std::numeric_limits<MemberIndex>::max();

struct AssignmentInput {
  /// A partition that an operator has fixed.
  struct Pin {
    PartitionIndex partition = 0;
    MemberIndex member = kUnassigned;  // a subscriber; kUnassigned: it waits for an absent member
  };
  struct Topic {
    TopicId id = 0;
    std::int32_t partition_count = 0;
    std::uint32_t audience = 0;  // which of `audiences` shares this topic
    /// Of each partition, the member that the last plan gives it to; kUnassigned: nobody who is
    /// still here. It may have ceased to subscribe. Empty: nobody has any of them.
    std::vector<MemberIndex> current;
    std::vector<Pin> pins;  // ascending by partition
  };

  std::size_t member_count = 0;
  /// The distinct lists of subscribers, each ascending. An empty one has only members that drain.
  std::vector<std::vector<MemberIndex>> audiences;
  std::vector<Topic> topics;  // sorted by name

  const std::vector<MemberIndex>& subscribers(const Topic& topic) const {
    return audiences[topic.audience];
  }
};

/// For each topic of the input, the member of each partition. A pinned partition has the member of
/// its pin; any other has a subscriber of its topic, or nobody when there is none.
using Assignment = std::vector<std::vector<MemberIndex>>;

/// Of a group that nobody configured.
inline constexpr std::string_view kDefaultStrategy = "round_robin";
/// The group's leader computes the plan; only when it does not, `sticky` does.
inline constexpr std::string_view kLeaderStrategy = "leader";
inline constexpr std::string_view kStickyStrategy = "sticky";

class Strategy {
 public:
  virtual ~Strategy() = default;
  /// As operators write it: "round_robin".
  virtual std::string_view name() const = 0;
  virtual Assignment assign(const AssignmentInput& input) const = 0;
};

/// Null when there is no strategy of this name that the coordinator itself can compute.
const Strategy* find_strategy(std::string_view name);

/// Whether a group can be configured to it: one of find_strategy, or `leader`.
bool is_strategy_name(std::string_view name);

}  // namespace muster::domain
