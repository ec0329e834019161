#include "journal/group_commit.h"

#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "journal/failure.h"
#include "journal/record.h"
#include "journal/signals_blocked.h"

namespace muster::journal {

GroupCommit::GroupCommit(Store store, GroupCommitOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      gathering_(store_.header().last_sequence + 1, options_.batch),
      flushed_sequence_(store_.header().last_sequence),
      durable_sequence_(store_.header().last_sequence),
      flushed_(store_.header().last_sequence + 1, options_.batch),
      written_sequence_(store_.header().last_sequence) {
  look_after();  // storage_full is right from the first request on
  const SignalsBlocked blocked;
  writer_ = std::thread([this] { run(); });
}

GroupCommit::~GroupCommit() {
  listener_ = nullptr;
  stop();
}

void GroupCommit::stage(const EncodedEvents& unit) {
  assert(writer_.joinable());
  pending_bytes_ += unit.bytes();
  gathering_.add(unit);
}

void GroupCommit::flush() {
  if (gathering_.empty()) return;
  if (!in_flight()) in_flight_since_ms_ = options_.monotonic_ms();
  {
    const std::lock_guard lock(mutex_);
    flushed_.add_all_of(gathering_);
  }
  flushed_sequence_ = gathering_.last_sequence();
  changed_.notify_all();
}

std::uint64_t GroupCommit::flush_age_ms() const {
  // What is written and not collected yet says that the disk does not hang.
  if (!in_flight() || written_sequence_ != durable_sequence_) return 0;
  return options_.monotonic_ms() - in_flight_since_ms_;
}

void GroupCommit::collect() {
  if (written_sequence_ == durable_sequence_) return;
  {
    const std::lock_guard lock(mutex_);
    durable_sequence_ = written_sequence_;
    pending_bytes_ -= std::exchange(written_bytes_, 0);
  }
  in_flight_since_ms_ = options_.monotonic_ms();  // of what follows, if anything does
  if (listener_) listener_(durable_sequence_);
}

void GroupCommit::stop() {
  flush();
  while (in_flight()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return written_sequence_ != durable_sequence_; });
    }
    collect();
    flush();  // what the listener staged
  }
  end_thread();
}

void GroupCommit::end_thread() {
  upkeep_.close();
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void GroupCommit::run() {
  ::pthread_setname_np(::pthread_self(), "musterd-journal");  // for top, perf and the like
  const auto interval = std::chrono::milliseconds(options_.upkeep_interval_ms);
  auto next_look = Clock::now() + interval;
  std::unique_lock lock(mutex_);
  while (true) {
    if (work_.empty()) upkeep_.take(work_);
    const auto until = work_.empty() ? next_look : std::min(next_look, next_upkeep_);
    const bool called = changed_.wait_until(lock, until, [this] {
      return ending_ || !flushed_.empty() || (work_.empty() && upkeep_.waiting());
    });
    if (called && ending_) return;
    std::optional<Batch> batch;
    if (!flushed_.empty()) batch = flushed_.take();
    lock.unlock();
    if (batch) {
      commit_batch(std::move(*batch));
    } else if (upkeep_is_due()) {
      commit(store_.header().last_sequence + 1, {});
    }
    if (Clock::now() >= next_look) {
      look_after();
      next_look = Clock::now() + interval;
    }
    lock.lock();
  }
}

bool GroupCommit::tend(Upkeep piece) {
  if (!upkeep_.push(std::move(piece))) return false;
  {
    const std::lock_guard lock(mutex_);
  }  // the writer waits, or has not looked yet
  changed_.notify_all();
  return true;
}

void GroupCommit::commit_batch(Batch batch) {
  commit(batch.first_sequence, batch.events);
  {
    const std::lock_guard lock(mutex_);
    written_sequence_ = batch.last_sequence();
    written_bytes_ += batch.events.bytes();
    flushed_.give_back(std::move(batch.events));
  }
  changed_.notify_all();
  if (options_.wake) options_.wake();
  measure_room();
}

bool GroupCommit::upkeep_is_due() {
  if (Clock::now() < next_upkeep_) return false;
  upkeep_.take(work_);
  return !work_.empty();
}

void GroupCommit::commit(std::uint64_t first_sequence, const EncodedEvents& events) {
  const std::size_t appended_bytes = events.bytes() + events.size() * kBytesAroundRecord;
  events_since_upkeep_ += events.size();
  bytes_since_upkeep_ += events.bytes();
  const auto start = Clock::now();
  if (!upkeep_is_due()) {
    if (auto done = store_.append(first_sequence, events); !done) stop_process(done.error());
    appended_bytes_ += appended_bytes;
    return;
  }
  const std::size_t pieces = work_.size();
  const auto done = store_.append(first_sequence, events, work_, upkeep_limits());
  if (!done) stop_process(done.error());
  appended_bytes_ += appended_bytes;
  measure_room();  // before whoever waits for it asks whether there is room now
  upkeep_.done(pieces - work_.size());
  events_since_upkeep_ = bytes_since_upkeep_ = 0;
  const auto end = Clock::now();
  next_upkeep_ = end + 2 * (end - start);
}

/// Trimming must not fall behind what comes, nor hold up a batch for long.
UpkeepLimits GroupCommit::upkeep_limits() const {
  constexpr UpkeepLimits kLeast;
  constexpr UpkeepLimits kMost{.max_bytes = std::size_t{1} << 20, .max_records = 16'384};
  return {
      .max_bytes = std::clamp(bytes_since_upkeep_, kLeast.max_bytes, kMost.max_bytes),
      .max_records = std::clamp(2 * events_since_upkeep_, kLeast.max_records, kMost.max_records)};
}

bool GroupCommit::has_room_for(std::size_t bytes) const {
  if (storage_full_) return false;
  const std::uint64_t records = pending_bytes_ + bytes;
  return records + records / 2 <= room_bytes_;  // half as much again for the pages around them
}

void GroupCommit::measure_room() {
  const auto full = store_.measure_room();
  if (!full) stop_process(full.error());
  const bool changed = storage_full_.exchange(*full) != *full;
  room_bytes_ = store_.room_bytes();
  left_bytes_ = store_.left_bytes();
  file_bytes_ = store_.file_bytes();
  if (changed && options_.on_storage_full) options_.on_storage_full(*full);
}

void GroupCommit::look_after() {
  measure_room();
  if (auto cleared = store_.clear_dead_readers(); !cleared) stop_process(cleared.error());
}

}  // namespace muster::journal
