// The workers of a consume loop: which partition is fetched and handled next, and what becomes of a
// record that fails (consume_turn.cc). It sees the consumer through ConsumeSeat alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/src/backoff.h"
#include "client/src/holdings.h"
#include "client/src/partition_observer.h"
#include "muster/consume_loop.hpp"

namespace muster {

/// What the workers need of the consumer. Thread-safe.
class ConsumeSeat {
 public:
  virtual ~ConsumeSeat() = default;
  /// Whether another record of the partition may be begun under its token.
  virtual bool may_work_on(const Partition& partition) = 0;
  /// Everything before `next` is handled, under the partition's token.
  virtual std::expected<void, Error> handled(const Partition& partition, std::int64_t next) = 0;
  /// No thread was stuck at that time (boottime_ms).
  virtual void progress(std::uint64_t at_ms) = 0;
  /// How long nothing of that may be said before the application counts as stuck; 0: for ever.
  virtual std::uint64_t progress_timeout_ms() const = 0;
};

/// At least a moment, so that nothing spins.
inline std::uint64_t wait_of_ms(std::chrono::milliseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 1));
}

class ConsumeWorkers final : public PartitionObserver {
 public:
  ConsumeWorkers(ConsumeSeat& seat, ConsumeLoop::Fetch fetch, ConsumeLoop::Handle handle,
                 ConsumeLoopOptions options, Entropy entropy);

  void on_failure(ConsumeLoop::FailureCallback callback) { on_failure_ = std::move(callback); }
  void on_start(ConsumeLoop::StartCallback callback) { on_start_ = std::move(callback); }

  /// Before the group is joined. Names the run; nothing while another one is under way.
  std::optional<std::uint64_t> begin();
  /// The join of that run failed, which is its end.
  void join_failed(std::uint64_t run, const Error& why);
  /// Works until stop(), a failed join, or the end of this incarnation's membership: nothing, or
  /// why it ended. After begin().
  std::optional<Error> run(Incarnation incarnation);
  /// Ends the run that is under way, otherwise the next one.
  void stop();

  std::optional<std::int64_t> position(const PartitionKey& at) const;
  bool seek(const PartitionKey& at, std::int64_t offset);
  std::vector<Partition> stopped() const;
  bool restart(const PartitionKey& at);

  // ---- PartitionObserver
  void assigned(const Partition& partition) override;
  /// Waits for the record in hand.
  bool revoked(const Partition& partition) override;
  void lost(const Partition& partition) override;
  void resumed() override;
  void ended(Incarnation incarnation, const Error& why) override;
  void closed(const Error& why) override;

 private:
  /// A partition that is held. Guarded by the lock.
  struct Work {
    Partition partition;
    bool started = false;        // on_start has said where to begin, or somebody else has
    std::int64_t position = 0;   // after the last record handled
    std::deque<Record> fetched;  // from the position on
    int attempt = 1;             // of the first of them, or of what comes before
    std::uint64_t due_ms = 0;
    std::uint64_t last_turn = 0;
    bool in_hand = false;  // of a worker
    bool stopped = false;  // by kStopPartition
    bool over = false;     // revoked or lost
    std::optional<std::int64_t> sought;
  };
  using Lock = std::unique_lock<std::mutex>;

  /// How the membership of an incarnation ended.
  struct End {
    Incarnation incarnation = 0;
    Error why;
  };

  void start_threads(std::vector<std::thread>& threads);
  std::optional<Error> why_over() const;
  void drop_everything();
  void work(std::size_t worker);
  std::shared_ptr<Work> take_due(std::uint64_t now_ms);
  void wait_for_work(Lock& lock, std::uint64_t now_ms);
  void take_turn(Lock& lock, Work& work, std::size_t worker);
  bool start(Lock& lock, Work& work, std::size_t worker);
  bool fetch_more(Lock& lock, Work& work, std::size_t worker);
  bool handle_one(Lock& lock, Work& work, std::size_t worker);
  bool may_go_on(Work& work);
  bool passed(Work& work, const Record& record);
  ConsumeFailure::Then failed(Lock& lock, Work& work, const Record* record, const std::string& why);
  void busy(std::size_t worker);
  void idle(std::size_t worker);
  void report_progress();
  std::uint64_t back_off_ms(int attempt);
  static void go_to(Work& work, std::int64_t offset);
  std::shared_ptr<Work> remove(const Partition& partition);

  ConsumeSeat& seat_;
  const ConsumeLoop::Fetch fetch_;
  const ConsumeLoop::Handle handle_;
  const ConsumeLoopOptions options_;
  const Entropy entropy_;
  ConsumeLoop::FailureCallback on_failure_;
  ConsumeLoop::StartCallback on_start_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<PartitionKey, std::shared_ptr<Work>> works_;
  std::vector<std::uint64_t> busy_since_ms_;  // of each worker; kNever: it waits
  std::uint64_t turns_ = 0;
  bool running_ = false;
  bool stopping_ = false;
  std::uint64_t run_ = 0;             // the last one begun
  Incarnation incarnation_ = 0;       // whose membership it works for
  std::optional<Error> join_failed_;  // of this run
  std::optional<End> ended_;          // the last membership that ended
  std::optional<Error> closed_;
};

}  // namespace muster
