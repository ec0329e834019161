// Restores in the model. The world of the lost future is kept: its workers go on with its tokens
// for a while, and what they were told is true in it.

#include <algorithm>
#include <utility>

#include "tests/sim/model.h"

namespace muster::sim {

void Model::restore(std::span<const std::vector<domain::Event>> units, FencingToken fence_base) {
  auto former = std::make_unique<Model>(verdict_, fence_bases_.begin()->second);
  std::swap(former->fence_bases_, fence_bases_);
  std::swap(former->sequence_, sequence_);
  std::swap(former->quiet_time_ms_, quiet_time_ms_);
  topics_.swap(former->topics_);
  topic_names_.swap(former->topic_names_);
  groups_.swap(former->groups_);
  order_.swap(former->order_);
  highest_.swap(former->highest_);
  former->former_ = std::move(former_);
  former_ = std::move(former);
  // The bases that were in force within what the backup has.
  Sequence last = 0;
  for (const auto& unit : units) last += unit.size();
  fence_bases_ = former_->fence_bases_;
  fence_bases_.erase(fence_bases_.upper_bound(last), fence_bases_.end());
  if (fence_bases_.empty()) fence_bases_ = {*former_->fence_bases_.begin()};
  for (const auto& unit : units) apply(sequence_ + 1, unit);
  fence_bases_[sequence_ + 1] = fence_base;
  // No token comes twice, not even one that the backup never saw (fence-rises).
  for (const auto& [place, token] : former_->highest_) {
    highest_[place] = std::max(highest_[place], token);
  }
}

const Model& Model::lineage(FencingToken fence) const {
  return former_ != nullptr && fence <= fence_base() ? former_->lineage(fence) : *this;
}

Sequence Model::granted_at(FencingToken fence) const {
  for (auto base = fence_bases_.rbegin(); base != fence_bases_.rend(); ++base) {
    if (fence > base->second) return fence - base->second;
  }
  return 0;
}

void Model::on(const domain::JournalRestored& event) {
  verdict_.require(event.fence_base == base_now() && event.former_last_sequence + 1 == sequence_,
                   "outcomes-not-intents", "Event ", sequence_, " restores another journal.");
  for (const auto& [place, token] : highest_) {
    verdict_.require(token < event.fence_base + sequence_, "fence-rises", "Event ", sequence_,
                     " restores with fence base ", event.fence_base, " although token ", token,
                     " was given.");
  }
  for (const auto& group : order_) {
    if (group->died != 0) continue;
    group->wanted.set(sequence_, {});
    const std::set<SeatId> seats = group->live;
    for (const SeatId seat : seats) {
      end_seat(group->name, seat, group->seats.at(seat).member_id, false);
    }
  }
  quiet_time_ms_ = event.quiet_time_ms;
}

void Model::on(const domain::QuietTimeEnded&) {
  verdict_.require(quiet_time_ms_ != 0, "outcomes-not-intents", "Event ", sequence_,
                   " ends a quiet time that is none.");
  quiet_time_ms_ = 0;
}

/// Plans, requests for them and grants wait for the end of the quiet time.
void Model::require_no_quiet_time(const char* what) {
  verdict_.require(quiet_time_ms_ == 0, "single-owner", "Event ", sequence_, " ", what,
                   " within the quiet time after a restore.");
}

}  // namespace muster::sim
