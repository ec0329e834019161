// Strategies: who shall have which partition. Pure and deterministic: the same input gives the same
// assignment, and nothing depends on the order of an unordered container.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "domain/ids.h"

namespace muster::domain {

/// Index of a member in AssignmentInput::members.
using MemberIndex = std::uint32_t;
inline constexpr MemberIndex kUnassigned = std::numeric_limits<MemberIndex>::max();

struct AssignmentInput {
  struct Topic {
    TopicId id = 0;
    std::int32_t partition_count = 0;
    std::vector<MemberIndex> subscribers;  // ascending
  };
  std::size_t member_count = 0;  // members are sorted by id
  std::vector<Topic> topics;     // sorted by name; each has a subscriber
};

/// For each topic of the input, the member of each partition.
using Assignment = std::vector<std::vector<MemberIndex>>;

class Strategy {
 public:
  virtual ~Strategy() = default;
  /// As operators write it: "round_robin".
  virtual std::string_view name() const = 0;
  virtual Assignment assign(const AssignmentInput& input) const = 0;
};

/// Null when there is no strategy of this name.
const Strategy* find_strategy(std::string_view name);

}  // namespace muster::domain
