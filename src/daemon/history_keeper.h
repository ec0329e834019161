// Keeps the journal's history in bounds, on a thread of its own: makes snapshots and has history
// trimmed as journal/retention.h says.
//
// A snapshot is made of what is durable, never of the live state: the newest snapshot and the
// events since are folded into a state of the thread's own (one-fold). So the coordinator's loop
// has no part in it; the writer's thread takes the chunks a few at a time (journal/group_commit.h).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "coordinator/seams.h"
#include "domain/state.h"
#include "journal/file_reader.h"
#include "journal/group_commit.h"
#include "journal/retention.h"

namespace muster::daemon {

class HistoryKeeper {
 public:
  /// `reader` is its own, of the journal that `journal` writes to.
  /// `reserve_bytes` as in journal::RoomSettings.
  HistoryKeeper(journal::GroupCommit& journal, journal::FileReader reader,
                const journal::RetentionSettings& settings, std::uint64_t reserve_bytes,
                const coordinator::Clock& clock);
  /// Ends what it is doing at once; what is unfinished the next start drops.
  ~HistoryKeeper();
  HistoryKeeper(const HistoryKeeper&) = delete;
  HistoryKeeper& operator=(const HistoryKeeper&) = delete;

  /// From the next look at the journal on. Any thread may call it.
  void change(const journal::RetentionSettings& settings);

 private:
  using Inventory = journal::FileReader::Inventory;

  void run();
  // Each returns false when the daemon stops.
  bool tend();
  bool drop_unfinished();
  bool trim();
  bool make_snapshot();
  bool make_room();
  /// The state is forgotten when it is written. Gives up when it is enough.
  bool write(domain::State& state, const std::function<bool()>& enough);
  static void forget(domain::State& state);
  bool has_done(journal::Upkeep piece);

  /// The durable state; nothing when the daemon stops.
  std::optional<domain::State> fold();
  Inventory look();
  /// Refers to `inventory`.
  journal::Held held(const Inventory& inventory) const;
  /// Sets what counts as written since the newest snapshot.
  void count_since_snapshot();

  journal::GroupCommit& journal_;
  journal::FileReader reader_;
  journal::RetentionSettings settings_;  // the thread's own
  journal::RetentionSettings changed_;   // what settings_ becomes; under mutex_
  std::uint64_t reserve_bytes_;
  const coordinator::Clock& clock_;
  std::uint64_t counted_bytes_ = 0;     // of the records since the newest snapshot, when counted
  std::uint64_t appended_before_ = 0;   // journal_.appended_bytes() when counted
  std::uint64_t vain_bytes_ = 0;        // were left after history was let go for nothing; 0: not so
  std::uint64_t makes_room_at_ms_ = 0;  // not before that, on the monotonic clock

  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // of stop_ and changed_
  std::condition_variable stop_;
  std::thread thread_;
};

}  // namespace muster::daemon
