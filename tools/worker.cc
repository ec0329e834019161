#include "tools/worker.h"

#include <algorithm>
#include <csignal>

namespace muster::tools {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{30'000};
constexpr milliseconds kHealthyRun{30'000};

milliseconds wait_after(unsigned failures, double drawn) {
  const unsigned doublings = std::min(failures, 10U);
  const milliseconds longest = std::min(kFirstWait * (1 << doublings), kLongestWait);
  return longest / 2 +
         milliseconds(static_cast<std::int64_t>(drawn * static_cast<double>(longest.count()) / 2));
}

}  // namespace

void Worker::assigned(const Partition& partition, SteadyTime now) {
  grant_ = partition;
  failures_ = 0;
  finished_ = paused_ = ending_ = revoked_ = false;
  retry_at_.reset();
  if (process_) {
    process_->signal(SIGKILL);  // under an older token: it ends before the new one starts
  } else {
    start_command(now);
  }
}

void Worker::revoked(const Partition& partition, SteadyTime now) {
  if (!grant_ || grant_->fence != partition.fence) return;
  revoked_ = true;
  ask_to_end(now, partition.release_within * 3 / 4);
  if (!process_) give_back();
}

void Worker::lost(const Partition& partition) {
  if (!grant_ || grant_->fence != partition.fence) return;
  grant_.reset();
  retry_at_.reset();
  kill();
}

void Worker::paused() {
  paused_ = true;
  if (process_) process_->signal(ending_ ? SIGKILL : SIGSTOP);
}

void Worker::resumed(const Partition& partition, SteadyTime now) {
  if (!grant_ || grant_->fence != partition.fence) return;
  paused_ = false;
  if (process_) process_->signal(SIGCONT);
  if (!process_ && wants_command() && !retry_at_) retry_at_ = now;
}

void Worker::stop(SteadyTime now, milliseconds grace) { ask_to_end(now, grace); }

void Worker::kill() {
  kill_at_.reset();
  if (process_) process_->signal(SIGKILL);
}

void Worker::ask_to_end(SteadyTime now, milliseconds grace) {
  ending_ = true;
  retry_at_.reset();
  if (!process_) return;
  if (paused_) return kill();
  process_->signal(SIGTERM);
  kill_at_ = std::min(kill_at_.value_or(now + grace), now + grace);
}

void Worker::give_back() {
  hooks_.release(*grant_);
  grant_.reset();
}

void Worker::start_command(SteadyTime now) {
  retry_at_.reset();
  if (!wants_command()) return;
  auto started = hooks_.start(*grant_);
  if (!started) return retry_later(started.error().message, now);
  process_ = std::move(*started);
  process_fence_ = grant_->fence;
  started_at_ = now;
}

void Worker::retry_later(const std::string& why, SteadyTime now) {
  const milliseconds wait = wait_after(failures_++, hooks_.draw());
  retry_at_ = now + wait;
  hooks_.log(*grant_, why + " Next try in " + std::to_string(wait.count()) + " ms.");
}

void Worker::command_ended(const ProcessEnd& end, SteadyTime now) {
  process_.reset();
  kill_at_.reset();
  if (!grant_) return;
  if (revoked_) return give_back();
  if (ending_) return;
  if (grant_->fence != process_fence_) return start_command(now);  // a new grant waited for this
  if (end.succeeded()) {
    finished_ = true;
    return hooks_.log(*grant_, "finished: the command exited with status 0.");
  }
  if (now - started_at_ >= kHealthyRun) failures_ = 0;
  retry_later("the command " + end.text() + ".", now);
}

void Worker::offset_read(FencingToken fence, std::optional<std::int64_t> committed,
                         SteadyTime now) {
  if (!grant_ || grant_->fence != fence || process_) return;
  grant_->committed = committed;
  start_command(now);
}

void Worker::offset_unknown(FencingToken fence, const Error& error, SteadyTime now) {
  if (!grant_ || grant_->fence != fence || process_ || !wants_command()) return;
  retry_later(error.message, now);
}

void Worker::advance(SteadyTime now) {
  if (process_) {
    if (const auto end = process_->poll_end()) command_ended(*end, now);
  }
  if (kill_at_ && now >= *kill_at_) {
    if (grant_) hooks_.log(*grant_, "the command did not end in time: killed.");
    kill();
  }
  if (retry_at_ && now >= *retry_at_ && wants_command()) {
    retry_at_.reset();
    hooks_.read_offset(*grant_);
  }
}

std::optional<SteadyTime> Worker::due() const {
  if (kill_at_) return kill_at_;
  return wants_command() ? retry_at_ : std::nullopt;
}

}  // namespace muster::tools
