#include "domain/grants.h"

#include <algorithm>

namespace muster::domain {

void PartitionsBySeat::add(SeatId seat, TopicPartition at) {
  std::vector<PartitionList>& topics = by_seat_[seat];
  if (topics.empty() || topics.back().topic != at.topic)
    topics.push_back({.topic = at.topic, .partitions = {}});
  topics.back().partitions.push_back(at.partition);
}

std::vector<MemberPartitions> PartitionsBySeat::take(const Group& group) {
  std::vector<SeatId> seats;
  seats.reserve(by_seat_.size());
  for (const auto& [seat, topics] : by_seat_) seats.push_back(seat);
  std::ranges::sort(seats);
  std::vector<MemberPartitions> all;
  all.reserve(seats.size());
  for (const SeatId seat : seats) {
    const Member* member = group.member(seat);
    all.push_back({.seat = seat,
                   .member_id = member ? member->member_id : std::string(),
                   .incarnation = member ? member->incarnation : 0,
                   .topics = std::move(by_seat_.at(seat))});
  }
  by_seat_.clear();
  return all;
}

void Grants::freed(TopicPartition at) {
  if (waits_for_reset(group_, at)) return;
  const PartitionState* partition = group_.partition(at);
  if (partition == nullptr || partition->target == leaving_) return;
  if (group_.member(partition->target) == nullptr) return;
  granted_.add(partition->target, at);
}

void Grants::append_to(std::vector<EventBody>& events, FencingToken fence_base) {
  if (granted_.empty()) return;
  std::vector<MemberPartitions> grants = granted_.take(group_);
  for (MemberPartitions& grant : grants) {
    if (grant.seat == renewed_.first) grant.incarnation = renewed_.second;
  }
  events.emplace_back(PartitionsGranted{
      .group = group_.name, .fence_base = fence_base, .grants = std::move(grants)});
}

}  // namespace muster::domain
