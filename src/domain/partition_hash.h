// The hash of a partition: there are more of them than of all other entities together, and a plan
// may change half a million in one turn, a commit thousands. So their numbers are combined at once
// and not one after the other: multilinear hashing (Lemire, Kaser: "Strongly universal string
// hashing is fast", 2014), with the odd constants of SplitMix64's sequence.
#pragma once

#include <cstdint>

#include "domain/digest.h"

namespace muster::domain {

inline constexpr std::uint64_t kPartitionKind = 6;  // among the kinds of entities in digest.cc

/// Nothing was ever planned, granted or committed.
inline bool is_first_state(const PartitionState& partition) {
  return partition.target == kNobody && partition.fence == 0 && partition.ended_fence == 0 &&
         !partition.has_commit();
}

/// hash_of a partition of which only the commit changes: what else there is of it is taken into
/// account once.
class CommitHash {
 public:
  CommitHash(GroupId group, TopicPartition at, const PartitionState& partition)
      : sum_(term<1>(group) + term<2>(at.topic) + term<3>(at.partition) + term<4>(partition.owner) +
             term<5>(partition.target) + term<6>(partition.fence) + term<7>(partition.ended_fence) +
             term<8>(partition.ended_offset) + term<12>(partition.phase) +
             term<13>(partition.ended_how)) {}

  /// `partition`: the same one, as it is now.
  std::uint64_t of(const PartitionState& partition) const {
    if (is_first_state(partition)) return 0;
    const std::uint64_t numbers =
        mix(sum_ + term<9>(partition.committed) + term<10>(partition.commit_time_ms) +
            term<11>(partition.committed_fence));
    if (!partition.metadata) return numbers;
    return EntityHash().add(numbers).add(*partition.metadata).value();
  }

 private:
  template <std::uint64_t place>
  static std::uint64_t term(auto number) {
    constexpr std::uint64_t kOdd = kPartitionKind + place * 0x9e3779b97f4a7c15ULL;
    return (static_cast<std::uint64_t>(number) + kOdd) * (kOdd | 1);
  }

  std::uint64_t sum_;
};

}  // namespace muster::domain
