// The identities that everything else is written in.
#pragma once

#include <compare>
#include <cstdint>

namespace muster {

/// Position of an event in the journal; the first is 1, 0 is "before everything".
using Sequence = std::uint64_t;

/// Fencing token of a grant: the journal's fence base + the sequence of the granting event.
/// 0 is no token. Tokens of a partition only rise (fence-rises).
using FencingToken = std::uint64_t;

/// The sequence that created the topic: a topic made anew under an old name has another id.
using TopicId = std::uint64_t;

/// The sequence that created the group: its incarnation, never reused.
using GroupId = std::uint64_t;

/// A member's seat in its group: the sequence of the MemberJoined that took it. It survives a
/// replacement by a new incarnation, ends with a leave or expiry, and is never reused; lower
/// means longer in the group. 0 is nobody.
using SeatId = std::uint64_t;

/// Random number that a client process draws for itself; tells two processes of one name apart.
using Incarnation = std::uint64_t;

/// Number of a plan of a group; rises for ever.
using Generation = std::uint64_t;

/// Number of a partition within its topic, from 0.
using PartitionIndex = std::int32_t;

inline constexpr SeatId kNobody = 0;

struct TopicPartition {
  TopicId topic = 0;
  PartitionIndex partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

}  // namespace muster
