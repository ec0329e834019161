// Upkeep on its way from whoever wants it to the writer's thread: a short queue, so that a whole
// snapshot never lies in memory (bounded).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

#include "journal/upkeep.h"

namespace muster::journal {

class UpkeepQueue {
 public:
  static constexpr std::size_t kMaxPieces = 8;

  /// Waits while the queue is full. False: the writer does no more upkeep.
  bool push(Upkeep piece);
  /// Waits until all that was pushed is durable. False: it will not be.
  bool wait_until_done();

  /// The writer's side: moves what waits behind `work`.
  void take(std::deque<Upkeep>& work);
  /// So many of those that were taken are durable.
  void done(std::size_t pieces);
  /// Whether something waits to be taken.
  bool waiting() const;

  /// Everybody who waits, now or later, is sent away.
  void close();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Upkeep> waiting_;
  std::size_t undone_ = 0;  // waiting or taken
  bool closed_ = false;
};

}  // namespace muster::journal
