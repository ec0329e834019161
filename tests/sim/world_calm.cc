// When the faults stop everything must come to rest: every partition of a subscribed topic with one
// owner that knows it, nobody in the books who is gone.

#include "tests/sim/world.h"

namespace muster::sim {
namespace {

// The longest session or grace of this world, the longest time to release, two back-offs and an
// attempt that is given up.
constexpr std::uint64_t kRestWithinMs = 4'000 + 5'000 + 2 * 2'000 + 3'000 + 2'000;
constexpr std::uint64_t kRestForMs = 600;
constexpr std::uint64_t kLookEveryMs = 200;

}  // namespace

void World::begin_calm() {
  calm_ = true;
  calm_since_ms_ = schedule_.now_ms();
  network_.calm();
  disk_.set_full(false);
  disk_.set_speed({});
  for (const auto& stranger : strangers_) stranger->hang_up();
  for (auto& [id, line] : network_.lines()) {
    if (line.reader_stopped) network_.stop_reading(id, false);
  }
  for (auto& [number, worker] : workers_) {
    worker->be_good();
    worker->go_on();
  }
  if (server_.is_running()) {
    server_.go_on();
  } else {
    server_.start_again_in(1'000);
  }
  schedule_.in_us(kLookEveryMs * 1'000, Happening::kCheckCalm);
}

void World::check_calm() {
  const std::string why = unrest();
  const std::uint64_t now_ms = schedule_.now_ms();
  if (!why.empty()) {
    rest_since_ms_ = 0;
    verdict_.require(now_ms < calm_since_ms_ + kRestWithinMs, "no-orphan", "After ",
                     now_ms - calm_since_ms_, " ms without faults: ", why);
  } else if (rest_since_ms_ == 0) {
    rest_since_ms_ = now_ms;
  }
  done_ = rest_since_ms_ != 0 && now_ms >= rest_since_ms_ + kRestForMs;
  schedule_.in_us(kLookEveryMs * 1'000, Happening::kCheckCalm);
}

std::string World::unrest() const {
  if (!server_.is_running()) return "the coordinator is down";
  for (const auto& group : model_.all_groups()) {
    if (group->died != 0) continue;
    std::string why = unrest_of(*group);
    if (!why.empty()) return why;
  }
  for (const auto& [number, worker] : workers_) {
    const std::string& name = worker->member_id();
    if (worker->wants_to_go()) return "worker " + name + " has not left yet";
    if (!worker->session().is_active()) continue;  // no such topic, say
    if (!worker->session().is_member()) {
      const bool refused = worker->session().holdings().all().empty() && !worker->can_join(model_);
      if (refused) continue;
      return "worker " + name + " of " + worker->group() + " is no member";
    }
    if (worker->session().paused()) return "worker " + name + " is paused";
    const GroupFacts* group = model_.group_at(worker->group(), model_.sequence());
    SeatId id = kNobody;
    const SeatFacts* seat =
        group == nullptr ? nullptr : group->seat_at(name, model_.sequence(), &id);
    if (seat == nullptr || seat->occupant.now().incarnation != worker->incarnation()) {
      return "worker " + name + " believes to have a seat";
    }
    if (seat->held.now() != worker->session().holdings().all().size()) {
      return "worker " + name + " of " + worker->group() + " knows of " +
             std::to_string(worker->session().holdings().all().size()) + " partitions out of " +
             std::to_string(seat->held.now());
    }
  }
  return {};
}

std::string World::unrest_of(const GroupFacts& group) const {
  for (const SeatId id : group.live) {
    const SeatFacts& seat = group.seats.at(id);
    const bool alive = std::ranges::any_of(workers_, [&](const auto& entry) {
      return entry.second->group() == group.name &&
             entry.second->incarnation() == seat.occupant.now().incarnation;
    });
    if (!alive) return "the seat of " + seat.member_id + " in " + group.name + " is a ghost's";
    for (const std::string& name : seat.topics) {
      const TopicFacts* topic = model_.topic_at(name, model_.sequence());
      if (topic == nullptr) continue;
      for (PartitionIndex index = 0; index < topic->partitions.now(); ++index) {
        const Ownership& now = group.partition({topic->id, index}).ownership.now();
        const std::string place = name + "/" + std::to_string(index) + " of " + group.name;
        if (now.owner == kNobody) return place + " has no owner";
        if (now.revoking) return place + " is still being revoked";
      }
    }
  }
  return {};
}

/// The second fold (the product's) against the model (not the product's).
void World::check_state() {
  const domain::State& state = disk_.second_fold();
  for (const auto& facts : model_.all_groups()) {
    const domain::Group* group = facts->died == 0 ? state.group(facts->name) : nullptr;
    if (facts->died != 0) continue;
    verdict_.require(group != nullptr && group->id == facts->born &&
                         group->members.size() == facts->live.size() &&
                         group->generation == facts->generation.now(),
                     "one-fold", "Group ", facts->name, " is folded to something else.");
    if (group == nullptr) return;
    for (const auto& [at, partition] : facts->partitions) {
      const domain::PartitionState* folded = group->partition(at);
      const Ownership& now = partition.ownership.now();
      const Committed& committed = partition.commits.now();
      const bool same = folded == nullptr
                            ? now.owner == kNobody && committed.offset < 0
                            : folded->owner == now.owner && folded->fence == now.token &&
                                  (folded->phase == domain::Phase::kRevoking) == now.revoking &&
                                  folded->committed == committed.offset &&
                                  folded->metadata_view() == committed.metadata;
      verdict_.require(same, "one-fold", "Partition ", at.partition, " of topic ", at.topic,
                       " in group ", facts->name, " is folded to something else.");
    }
  }
}

}  // namespace muster::sim
