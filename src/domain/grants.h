// Collects what one decision grants, and turns it into the event.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <vector>

#include "domain/events.h"
#include "domain/state.h"

namespace muster::domain {

/// Partitions by seat, in an order that depends on nothing but the partitions themselves.
class PartitionsBySeat {
 public:
  /// Partitions must come in ascending order for each seat.
  void add(SeatId seat, TopicPartition at);
  bool empty() const { return by_seat_.empty(); }
  /// Takes all of it out, and names each seat's member as the group has it.
  std::vector<MemberPartitions> take(const Group& group);

 private:
  absl::flat_hash_map<SeatId, std::vector<PartitionList>> by_seat_;  // sorted when it is read
};

/// What becomes free in a decision finds its next owner in the same unit, if a live member is its
/// target (one-command-one-unit, no-orphan).
class Grants {
 public:
  /// `leaving`: a seat that ends in the same decision and so is no live target.
  explicit Grants(const Group& group, SeatId leaving = kNobody)
      : group_(group), leaving_(leaving) {}

  /// The partition becomes free in this decision. One that waits for a live reset stays so.
  void freed(TopicPartition at);
  /// The partition is free and the plan of this decision gives it to `target`.
  void grant(SeatId target, TopicPartition at) { granted_.add(target, at); }
  /// A seat whose incarnation changes in this decision.
  void seat_now(SeatId seat, Incarnation incarnation) { renewed_ = {seat, incarnation}; }

  /// Appends the event, if anything is granted.
  void append_to(std::vector<EventBody>& events, FencingToken fence_base);

 private:
  const Group& group_;
  SeatId leaving_;
  std::pair<SeatId, Incarnation> renewed_{kNobody, 0};
  PartitionsBySeat granted_;
};

}  // namespace muster::domain
