#include "journal/gathering.h"

#include <cassert>
#include <utility>

namespace muster::journal {

void Gathering::add(const EncodedEvents& unit) {
  assert(!unit.empty());
  const auto fits = [&](const EncodedEvents& batch) {
    return batch.size() + unit.size() <= limits_.max_events &&
           batch.bytes() + unit.bytes() <= limits_.max_bytes;
  };
  if (batches_.empty() || !fits(batches_.back().events)) {
    batches_.push_back({.first_sequence = next_sequence_, .events = std::exchange(spare_, {})});
  }
  batches_.back().events.append(unit);
  next_sequence_ += unit.size();
}

void Gathering::add_all_of(Gathering& later) {
  assert(later.empty() || later.batches_.front().first_sequence == next_sequence_);
  if (batches_.empty()) {
    std::swap(batches_, later.batches_);
    next_sequence_ = later.next_sequence_;
    later.give_back(std::exchange(spare_, {}));
    return;
  }
  while (!later.empty()) {
    Batch batch = later.take();
    add(batch.events);
    later.give_back(std::move(batch.events));
  }
}

Batch Gathering::take() {
  assert(!batches_.empty());
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  return batch;
}

void Gathering::give_back(EncodedEvents events) {
  events.clear();
  spare_ = std::move(events);
}

}  // namespace muster::journal
