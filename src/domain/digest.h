// The state digest: a sum of the hashes of all entities. A sum does not depend on their order and
// can be kept up to date one entity at a time, so the loop never stops for it. It is a check
// against divergence and damage, not against an adversary.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/state.h"

namespace muster::domain {

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Hash of one entity, equal on every machine and in every run.
class EntityHash {
 public:
  EntityHash& add(std::uint64_t number);
  EntityHash& add(std::string_view text);
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};

std::uint64_t hash_of(const Topic& topic);
/// The group's own fields; all that it has more than one of, and its request, are entities of their
/// own.
std::uint64_t hash_of(const Group& group);
std::uint64_t hash_of(GroupId group, const Member& member);
std::uint64_t hash_of(GroupId group, TopicId planned, std::int32_t partition_count);
std::uint64_t hash_of(GroupId group, const PlanRequest& request);
std::uint64_t hash_of(GroupId group, const PendingReset& reset);
std::uint64_t hash_of_draining(GroupId group, std::string_view member_id);
std::uint64_t hash_of_pin(GroupId group, TopicPartition at, std::string_view member_id);
std::uint64_t hash_of_match(GroupId group, std::string_view pattern, TopicId topic);
std::uint64_t hash_of(GroupId group, std::string_view member_id,
                      const std::deque<EndedIncarnation>& ended);
std::uint64_t hash_of(GroupId group, FencingToken granted, const GrantNote& note);
/// 0 when there is none.
std::uint64_t hash_of_quiet_time(std::uint32_t quiet_time_ms);
/// 0 for a partition in its first state, so that room in a table is no part of the state.
std::uint64_t hash_of(GroupId group, TopicPartition at, const PartitionState& partition);
/// What the group has in the digest: the sum of it and of all entities in it.
std::uint64_t hash_of_all(const Group& group);

}  // namespace muster::domain
