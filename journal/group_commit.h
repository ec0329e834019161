// Group commit: a thread of its own commits one batch while the next one gathers, and takes the
// next without asking the coordinator's thread, which may be busy with other things. No timer
// delays anything; the busier the disk, the larger the batches.
//
// Upkeep of the journal rides with the batches, or goes by itself when there are none: a little at
// a time, and for a third of the time at most, so that a batch hardly ever waits for it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "journal/gathering.h"
#include "journal/journal.h"
#include "journal/store.h"
#include "journal/upkeep_queue.h"

namespace muster::journal {

struct GroupCommitOptions {
  /// Called on the writer's thread when a batch is durable: make the coordinator's thread call
  /// collect() soon.
  std::function<void()> wake;
  /// Monotonic, any origin; called on the coordinator's thread.
  std::function<std::uint64_t()> monotonic_ms;
  /// Called on the writer's thread (and at the construction, if it is full then) when
  /// storage_full() has become true, or false again. May be empty.
  std::function<void(bool full)> on_storage_full;
  /// How often room is measured and dead readers are cleared, busy or idle.
  std::uint32_t upkeep_interval_ms = 1'000;
  BatchLimits batch;
};

/// All members are called on the coordinator's thread, but for those that say otherwise.
class GroupCommit final : public Journal {
 public:
  /// All that `store` holds is durable. Nobody else writes to it from now on.
  GroupCommit(Store store, GroupCommitOptions options);
  /// Stops, if stop() was not called, without calling the listener.
  ~GroupCommit() override;
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void stage(const EncodedEvents& unit) override;
  void flush() override;
  std::uint64_t durable_sequence() const override { return durable_sequence_; }
  std::size_t pending_bytes() const override { return pending_bytes_; }
  std::uint64_t flush_age_ms() const override;
  bool storage_full() const override { return storage_full_; }  // any thread
  bool has_room_for(std::size_t bytes) const override;
  void on_durable(DurableListener listener) override { listener_ = std::move(listener); }

  /// Takes note of what became durable, if anything did, and calls the listener.
  void collect();

  /// Any thread: hands a piece of upkeep to the writer, in order. Waits while a few are on their
  /// way. False: the journal is being stopped.
  bool tend(Upkeep piece);
  /// Any thread: waits until all such pieces are durable. False: they will not be.
  bool tended() { return upkeep_.wait_until_done(); }
  /// Any thread: upkeep ends here, whatever of it is done; who waits for it is told.
  void stop_tending() { upkeep_.close(); }
  /// Any thread: bytes in the file of all records that became durable in this run.
  std::uint64_t appended_bytes() const { return appended_bytes_; }
  std::uint64_t file_bytes() const override { return file_bytes_; }
  /// Any thread: what map and filesystem had left when last measured, the reserve counted.
  std::uint64_t left_bytes() const { return left_bytes_; }

  /// Waits until all that was staged is durable and collected, then ends the writer's thread.
  /// Nothing may be staged afterwards. Idempotent.
  void stop();

 private:
  bool in_flight() const { return flushed_sequence_ != durable_sequence_; }
  void end_thread();

  // The writer's thread.
  void run();
  void commit_batch(Batch batch);
  void commit(std::uint64_t first_sequence, const EncodedEvents& events);
  bool upkeep_is_due();
  UpkeepLimits upkeep_limits() const;
  void measure_room();
  void look_after();

  using Clock = std::chrono::steady_clock;

  Store store_;  // the writer's thread's alone
  GroupCommitOptions options_;
  DurableListener listener_;

  Gathering gathering_;
  std::uint64_t flushed_sequence_;
  std::uint64_t durable_sequence_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t in_flight_since_ms_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  Gathering flushed_;                            // guarded by mutex_, as the next three
  std::size_t written_bytes_ = 0;                // durable, and not collected yet
  std::atomic<std::uint64_t> written_sequence_;  // durable; read by any thread
  bool ending_ = false;
  std::atomic<bool> storage_full_{false};
  std::atomic<std::uint64_t> room_bytes_{0};  // without the reserve, when last measured
  std::atomic<std::uint64_t> left_bytes_{0};
  std::atomic<std::uint64_t> appended_bytes_{0};
  std::atomic<std::uint64_t> file_bytes_{0};

  UpkeepQueue upkeep_;
  std::deque<Upkeep> work_;  // the writer's thread's: taken from upkeep_
  Clock::time_point next_upkeep_;
  /// Events since upkeep was last done: it must keep up with them.
  std::size_t events_since_upkeep_ = 0;
  std::size_t bytes_since_upkeep_ = 0;
  std::thread writer_;
};

}  // namespace muster::journal
