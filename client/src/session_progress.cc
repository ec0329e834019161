// An application that is stuck. Its session goes on by itself, on the client's thread, so silence
// can't tell: the session does. It pauses, then hands everything over by subscribing to nothing,
// which keeps its seat, and takes part again with the next sign of progress.
#include <algorithm>

#include "client/src/session.h"

namespace muster {

std::uint64_t Session::gives_up_at_ms() const {
  return options_.progress_timeout_ms == 0 ? kNever
                                           : progressed_at_ms_ + options_.progress_timeout_ms;
}

/// A tenth earlier, so that what is still at work can see it and stop.
std::uint64_t Session::stalls_at_ms() const {
  return options_.progress_timeout_ms == 0 ? kNever
                                           : gives_up_at_ms() - options_.progress_timeout_ms / 10;
}

/// Nobody is stuck who has nothing to do: its time begins with the first partition, with the resume
/// after a lapsed lease, and with the answer of a join_group that waited for the rest of its share.
bool Session::may_stall() const {
  return !paused_ && !holdings_.all().empty() && join_calls_.empty();
}

void Session::check_progress(std::uint64_t now_ms) {
  if (standing_ != Standing::kSeated) return;
  if (stall_ == Stall::kNone && !may_stall()) {
    progressed_at_ms_ = now_ms;
    return;
  }
  if (stall_ == Stall::kNone && now_ms >= stalls_at_ms()) {
    stall_ = Stall::kPaused;
    next_heartbeat_ms_ = now_ms;  // for the coordinator to show it
    for (const auto& [key, held] : holdings_.all()) notify(NoticeKind::kPaused, key, held);
  }
  if (stall_ == Stall::kPaused && now_ms >= gives_up_at_ms()) {
    stall_ = Stall::kGivingUp;
    if (bound_) join_attempt_at_ms_ = now_ms;
    std::vector<PartitionKey> asked_back;
    for (const auto& [key, held] : holdings_.all()) {
      if (held.revoking) asked_back.push_back(key);
    }
    for (const PartitionKey& key : asked_back) give_back(key);
  }
}

/// In the stuck application's place, with the last commit that it stored.
void Session::give_back(const PartitionKey& key) {
  const Held held = *holdings_.held(key);
  notify(NoticeKind::kLost, key, held);
  holdings_.release(key, last_commit(key, held.fence));
  if (bound_) to_release_.push_back(key);
}

void Session::progress(std::uint64_t now_ms, std::uint64_t at_ms) {
  observe(now_ms);
  progressed_at_ms_ = std::max(progressed_at_ms_, std::min(at_ms, now_ms));
  if (stall_ == Stall::kNone || now_ms >= stalls_at_ms()) return;
  stall_ = Stall::kNone;
  next_heartbeat_ms_ = now_ms;
  join_attempt_at_ms_ = bound_ || standing_ == Standing::kSeeking ? now_ms : join_attempt_at_ms_;
  if (!paused_) {
    for (const auto& [key, held] : holdings_.all()) notify(NoticeKind::kResumed, key, held);
  }
  advance(now_ms);
}

bool Session::may_work_on(const PartitionKey& key, FencingToken fence) const {
  const Held* held = holdings_.held(key);
  return held != nullptr && held->fence == fence && !held->revoking && !held->held_back &&
         !paused();
}

}  // namespace muster
