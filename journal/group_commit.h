// Group commit: a thread of its own commits one batch while the next one gathers. No timer delays
// anything; the busier the disk, the larger the batches.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "journal/gathering.h"
#include "journal/journal.h"
#include "journal/store.h"

namespace muster::journal {

struct GroupCommitOptions {
  /// Called on the writer's thread when a batch is durable: make the coordinator's thread call
  /// collect() soon.
  std::function<void()> wake;
  /// Monotonic, any origin; called on the coordinator's thread.
  std::function<std::uint64_t()> monotonic_ms;
  /// How often room is measured and dead readers are cleared, busy or idle.
  std::uint32_t upkeep_interval_ms = 1'000;
  BatchLimits batch;
};

/// All members are called on the coordinator's thread.
class GroupCommit final : public Journal {
 public:
  /// All that `store` holds is durable. Nobody else writes to it from now on.
  GroupCommit(Store store, GroupCommitOptions options);
  /// Stops, if stop() was not called, without calling the listener.
  ~GroupCommit() override;
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void stage(Unit unit) override;
  void flush() override;
  std::uint64_t durable_sequence() const override { return durable_sequence_; }
  std::size_t pending_bytes() const override { return pending_bytes_; }
  std::uint64_t flush_age_ms() const override;
  bool storage_full() const override { return storage_full_; }
  bool has_room_for(std::size_t bytes) const override;
  void on_durable(DurableListener listener) override { listener_ = std::move(listener); }

  /// Takes note of a batch that became durable, if one did: starts the next one, then calls the
  /// listener.
  void collect();

  /// Waits until all that was staged is durable and collected, then ends the writer's thread.
  /// Nothing may be staged afterwards. Idempotent.
  void stop();

 private:
  void start_batch();
  void end_thread();

  // The writer's thread.
  void run();
  void commit(const Batch& batch);
  void measure_room();
  void upkeep();

  Store store_;  // the writer's thread's alone
  GroupCommitOptions options_;
  DurableListener listener_;

  Gathering gathering_;
  std::uint64_t durable_sequence_;
  std::size_t pending_bytes_ = 0;
  bool in_flight_ = false;
  std::uint64_t in_flight_since_ms_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  Batch batch_;          // in flight, or the last one; replaced under mutex_ once committed_
  bool ending_ = false;  // guarded by mutex_
  std::atomic<bool> committed_{true};  // false: batch_ is in flight and not yet durable
  std::atomic<bool> storage_full_{false};
  std::atomic<std::uint64_t> room_bytes_{0};  // without the reserve, when last measured
  std::thread writer_;
};

}  // namespace muster::journal
