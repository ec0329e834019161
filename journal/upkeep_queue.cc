#include "journal/upkeep_queue.h"

#include <iterator>
#include <utility>

namespace muster::journal {

bool UpkeepQueue::push(Upkeep piece) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || undone_ < kMaxPieces; });
  if (closed_) return false;
  waiting_.push_back(std::move(piece));
  ++undone_;
  return true;
}

bool UpkeepQueue::wait_until_done() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || undone_ == 0; });
  return undone_ == 0;
}

void UpkeepQueue::take(std::deque<Upkeep>& work) {
  const std::lock_guard lock(mutex_);
  work.insert(work.end(), std::make_move_iterator(waiting_.begin()),
              std::make_move_iterator(waiting_.end()));
  waiting_.clear();
}

void UpkeepQueue::done(std::size_t pieces) {
  {
    const std::lock_guard lock(mutex_);
    undone_ -= pieces;
  }
  changed_.notify_all();
}

bool UpkeepQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

void UpkeepQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace muster::journal
