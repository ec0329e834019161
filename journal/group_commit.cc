#include "journal/group_commit.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <cassert>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

namespace muster::journal {
namespace {

/// Memory now holds what the journal does not: it is worthless, and nothing of it may be said to
/// anybody. So no clean-up either.
[[noreturn]] void stop_process(const Error& error) {
  fmt::print(
      stderr,
      "musterd: {}. Stopped at once: everything acknowledged is in the journal, and the next "
      "start reads it again.\n",
      error.message);
  std::fflush(stderr);
  ::_exit(1);
}

/// Signals belong to the coordinator's loop: the thread that is started within has them all
/// blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

GroupCommit::GroupCommit(Store store, GroupCommitOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      gathering_(store_.header().last_sequence + 1, options_.batch),
      durable_sequence_(store_.header().last_sequence) {
  upkeep();  // storage_full is right from the first request on
  const SignalsBlocked blocked;
  writer_ = std::thread([this] { run(); });
}

GroupCommit::~GroupCommit() {
  listener_ = nullptr;
  stop();
}

void GroupCommit::stage(Unit unit) {
  assert(writer_.joinable());
  pending_bytes_ += bytes_of(unit);
  gathering_.add(std::move(unit));
}

void GroupCommit::flush() {
  if (!in_flight_ && !gathering_.empty()) start_batch();
}

std::uint64_t GroupCommit::flush_age_ms() const {
  if (!in_flight_ || committed_) return 0;
  return options_.monotonic_ms() - in_flight_since_ms_;
}

void GroupCommit::start_batch() {
  in_flight_ = true;
  in_flight_since_ms_ = options_.monotonic_ms();
  Batch next = gathering_.cut();
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(next);
    committed_ = false;
  }
  changed_.notify_all();
}

void GroupCommit::collect() {
  if (!in_flight_ || !committed_) return;
  // The writer is done with it: committed_ says so.
  durable_sequence_ = batch_.last_sequence;
  pending_bytes_ -= batch_.bytes;
  in_flight_ = false;
  flush();
  if (listener_) listener_(durable_sequence_);
}

void GroupCommit::stop() {
  while (in_flight_ || !gathering_.empty()) {
    flush();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return committed_.load(); });
    }
    collect();
  }
  end_thread();
}

void GroupCommit::end_thread() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void GroupCommit::run() {
  const auto interval = std::chrono::milliseconds(options_.upkeep_interval_ms);
  auto next_upkeep = std::chrono::steady_clock::now() + interval;
  std::unique_lock lock(mutex_);
  while (true) {
    const bool called =
        changed_.wait_until(lock, next_upkeep, [this] { return ending_ || !committed_; });
    if (called && ending_) return;
    if (called) {
      lock.unlock();
      commit(batch_);
      lock.lock();
      committed_ = true;
      changed_.notify_all();
      lock.unlock();
      if (options_.wake) options_.wake();
      measure_room();
      lock.lock();
    }
    if (std::chrono::steady_clock::now() < next_upkeep) continue;
    lock.unlock();
    upkeep();
    lock.lock();
    next_upkeep = std::chrono::steady_clock::now() + interval;
  }
}

void GroupCommit::commit(const Batch& batch) {
  if (auto appended = store_.append(batch.first_sequence, batch.units); !appended) {
    stop_process(appended.error());
  }
}

bool GroupCommit::has_room_for(std::size_t bytes) const {
  if (storage_full_) return false;
  const std::uint64_t records = pending_bytes_ + bytes;
  return records + records / 2 <= room_bytes_;  // half as much again for the pages around them
}

void GroupCommit::measure_room() {
  const auto full = store_.measure_room();
  if (!full) stop_process(full.error());
  storage_full_ = *full;
  room_bytes_ = store_.room_bytes();
}

void GroupCommit::upkeep() {
  measure_room();
  if (auto cleared = store_.clear_dead_readers(); !cleared) stop_process(cleared.error());
}

}  // namespace muster::journal
