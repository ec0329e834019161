#include "tests/sim/ownership.h"

#include "tests/sim/worker.h"

namespace muster::sim {

OwnershipBook::Place OwnershipBook::place_of(const Worker& worker, const PartitionKey& at,
                                             FencingToken fence) const {
  const Model& model = model_.lineage(fence);
  const TopicFacts* topic = model.topic_at(at.topic, model.granted_at(fence));
  return {worker.group(), topic == nullptr ? 0 : topic->id, at.index};
}

bool OwnershipBook::is_unsafe(const Place& place, FencingToken fence) const {
  const Model& model = model_.lineage(fence);
  const Sequence granted = model.granted_at(fence);
  const auto& [name, topic, index] = place;
  const GroupFacts* group = model.group_at(name, granted);
  if (group == nullptr) return false;
  const SeatId owner = group->partition({topic, index}).ownership.at(granted).owner;
  return owner != kNobody && group->seats.at(owner).last_unsafe_end > granted;
}

void OwnershipBook::begins(const Worker& worker, const PartitionKey& at, FencingToken fence) {
  const Model& model = model_.lineage(fence);
  const Sequence granted = model.granted_at(fence);
  const Place place = place_of(worker, at, fence);
  const GroupFacts* group = model.group_at(worker.group(), granted);
  const Ownership* ownership =
      group == nullptr ? nullptr
                       : &group->partition({std::get<1>(place), at.index}).ownership.at(granted);
  const bool own =
      ownership != nullptr && ownership->token == fence &&
      group->seats.at(ownership->owner).occupant.at(granted).incarnation == worker.incarnation();
  verdict_.require(own, "single-owner", "Worker ", worker.member_id(), " works on ", at.topic, "/",
                   at.index, " under token ", fence, ", which was not granted to it.");
  if (!own) return;
  Working& now = working_[place];
  if (now.worker != nullptr && now.worker != &worker && !now.worker->is_stopped()) {
    const bool unsafe = is_unsafe(place, now.fence) || is_unsafe(place, fence);
    verdict_.require(unsafe, "single-owner", "Worker ", worker.member_id(), " begins to work on ",
                     at.topic, "/", at.index, " of group ", worker.group(), " under token ", fence,
                     " while worker ", now.worker->member_id(), " works on it under token ",
                     now.fence, ".");
  }
  if (now.worker == nullptr || now.worker == &worker || fence > now.fence) {
    now = {.worker = &worker, .fence = fence};
  }
}

void OwnershipBook::ends(const Worker& worker, const PartitionKey& at, FencingToken fence) {
  const auto found = working_.find(place_of(worker, at, fence));
  if (found != working_.end() && found->second.worker == &worker) working_.erase(found);
}

void OwnershipBook::committed(const Worker& worker, const PartitionKey& at, FencingToken fence,
                              std::int64_t offset) {
  const Place place = place_of(worker, at, fence);
  const Model& model = model_.lineage(fence);
  const Sequence granted = model.granted_at(fence);
  const GroupFacts* group = model.group_at(worker.group(), granted);
  const bool durable =
      group != nullptr && group->partition({std::get<1>(place), at.index})
                              .commits.any_until(model.sequence(), [&](const Committed& one) {
                                return one.fence == fence && one.offset >= offset;
                              });
  verdict_.require(durable, "no-loss", "Worker ", worker.member_id(), " was told that offset ",
                   offset, " of ", at.topic, "/", at.index, " is committed under token ", fence,
                   "; it is not durable.");
}

}  // namespace muster::sim
