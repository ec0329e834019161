// When the faults stop everything must come to rest: every partition of a subscribed topic with one
// owner that knows it, nobody in the books who is gone.

#include "tests/sim/bounds.h"
#include "tests/sim/world.h"

namespace muster::sim {
namespace {

constexpr std::uint64_t kPutRightAfterMs = 2'000;
constexpr std::uint64_t kLeaderPlansWithinMs = 5'000;
constexpr std::uint64_t kPlannedWithinMs = 2 * 2'000;  // one that is outdated, and the next
constexpr std::uint64_t kBackWithinMs = 2 * 2'000;     // back-offs of clients
constexpr std::uint64_t kFinishedWithinMs = 2'000;     // whatever else is on its way
/// For everything to come to rest, whatever it was in: the quiet time after a restore, silent
/// members, a revocation, attempts to connect. Each owner is there much sooner (orphans.h).
constexpr std::uint64_t kRestWithinMs = kLongestLeaseMs + kMostSessionMs + kMostReleaseMs +
                                        kBackWithinMs + kConnectTimeoutMs + kFinishedWithinMs +
                                        kPutRightAfterMs + kLeaderPlansWithinMs + kPlannedWithinMs;
constexpr std::uint64_t kRestForMs = 600;
constexpr std::uint64_t kLookEveryMs = 200;

}  // namespace

void World::begin_calm() {
  calm_ = true;
  calm_since_ms_ = schedule_.now_ms();
  network_.calm();
  disk_.set_full(false);
  disk_.set_tight(false);
  disk_.set_speed({});
  for (const auto& stranger : strangers_) stranger->hang_up();
  for (auto& [id, line] : network_.lines()) {
    if (line.reader_stopped) network_.stop_reading(id, false);
  }
  for (auto& [number, worker] : workers_) {
    worker->be_good();
    worker->go_on();
  }
  for (auto& [number, planner] : planners_) planner->be_good();
  if (server_.is_running()) {
    server_.go_on();
  } else {
    server_.start_again_in(1'000);
  }
  schedule_.in_us(kLookEveryMs * 1'000, Happening::kCheckCalm);
}

void World::check_calm() {
  std::string why = unrest();
  const std::uint64_t now_ms = schedule_.now_ms();
  if (puts_right_ && !all_right()) {
    why = "something is still frozen, draining or pinned";
    if (now_ms >= calm_since_ms_ + kPutRightAfterMs) put_right();
  }
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
  for (const auto& [number, planner] : planners_) {
    if (!planner->is_at_rest()) return "planner " + planner->member_id() + " is not at rest";
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
  if (group.reset.now().begun != 0) return group.name + " is still being reset";
  for (const SeatId id : group.live) {
    const SeatFacts& seat = group.seats.at(id);
    const bool alive = std::ranges::any_of(workers_, [&](const auto& entry) {
      return entry.second->group() == group.name &&
             entry.second->incarnation() == seat.occupant.now().incarnation;
    });
    const bool plans = std::ranges::any_of(planners_, [&](const auto& entry) {
      return entry.second->group() == group.name &&
             entry.second->incarnation() == seat.occupant.now().incarnation;
    });
    if (!alive && !plans)
      return "the seat of " + seat.member_id + " in " + group.name + " is a ghost's";
  }
  return unrest_of_plan(group);
}

/// A frozen group keeps its plan, whatever has changed since (no-orphan knows these by name:
/// frozen, a pin to an absent member, all drain).
std::string World::unrest_of_plan(const GroupFacts& group) const {
  const bool frozen = group.settings.now().frozen;
  const Ground about = model_.ground(group, model_.sequence());
  for (const Plot& plot : about.plots) {
    const PartitionFacts& partition = group.partition(plot.at);
    const Ownership& now = partition.ownership.now();
    const std::string place = about.topics[plot.topic].name + "/" +
                              std::to_string(plot.at.partition) + " of " + group.name;
    if (now.revoking) return place + " is still being revoked";
    const SeatId target = group.live.contains(partition.target) ? partition.target : kNobody;
    if (now.owner != target) return place + " is not with its target";
    if (frozen) continue;
    const std::vector<SeatId>& candidates = about.candidates(plot);
    const bool right = plot.fixed ? now.owner == *plot.fixed
                       : candidates.empty()
                           ? now.owner == kNobody
                           : std::ranges::find(candidates, now.owner) != candidates.end();
    if (!right) return place + " is with seat " + std::to_string(now.owner);
  }
  if (frozen) return {};
  if (group.plan.more) return "the plan of " + group.name + " is not finished";
  if (group.wanted.now().sequence != 0) return "a plan of " + group.name + " is still waited for";
  const bool covered = std::ranges::all_of(about.topics, [&](const Ground::Topic& topic) {
    const auto planned = group.planned.find(topic.id);
    return planned != group.planned.end() && planned->second == topic.partitions;
  });
  if (!covered || about.topics.size() != group.planned.size()) {
    return "the plan of " + group.name + " is of other topics than it subscribes to";
  }
  return {};
}

/// In most worlds the operator takes back what was set on groups, while everything else is calm.
void World::put_right() {
  for (const auto& group : model_.all_groups()) {
    if (group->died == 0) strangers_.front()->put_right(*group);
  }
}

bool World::all_right() const {
  return std::ranges::all_of(model_.all_groups(), [](const auto& group) {
    return group->died != 0 || Stranger::is_right(*group);
  });
}

namespace {

/// What operators set, what patterns match, and what the leader is asked for.
bool is_folded(const domain::Group& group, const GroupFacts& facts) {
  const GroupSettings& settings = facts.settings.now();
  bool same = group.strategy == settings.strategy && group.max_members == settings.max_members &&
              group.frozen == settings.frozen &&
              (group.request ? group.request->sequence : 0) == facts.wanted.now().sequence &&
              group.offset_retention_ms == settings.offset_retention_ms &&
              (group.reset ? group.reset->sequence : 0) == facts.reset.now().begun &&
              (group.reset ? group.reset->offsets.size() : 0) == facts.reset.now().wanted.size() &&
              (!facts.live.empty() || group.emptied_ms == facts.emptied_ms);
  for (const auto& [name, draining] : facts.draining) {
    same &= group.draining.contains(name) == draining.now();
  }
  for (const auto& [at, pin] : facts.pins) {
    const auto folded = group.pins.find(at);
    same &= pin.now() == (folded == group.pins.end() ? std::string() : folded->second);
  }
  std::size_t matched = 0;
  for (const auto& [pattern, matches] : group.patterns) {
    matched += matches.topics.size();
    for (const TopicId topic : matches.topics) same &= facts.matched.contains({pattern, topic});
  }
  return same && matched == facts.matched.size();
}

}  // namespace

/// The second fold (the product's) against the model (not the product's).
void World::check_state() {
  const domain::State& state = disk_.second_fold();
  for (const auto& facts : model_.all_groups()) {
    const domain::Group* group = facts->died == 0 ? state.group(facts->name) : nullptr;
    if (facts->died != 0) continue;
    verdict_.require(group != nullptr && group->id == facts->born &&
                         group->members.size() == facts->live.size() &&
                         group->generation == facts->generation.now() && is_folded(*group, *facts),
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
