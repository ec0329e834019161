#include "journal/gathering.h"

#include <cassert>
#include <utility>

namespace muster::journal {

std::size_t bytes_of(const Unit& unit) {
  std::size_t bytes = 0;
  for (const std::string& event : unit) bytes += event.size();
  return bytes;
}

void Gathering::add(Unit unit) {
  assert(!unit.empty());
  units_.push_back(std::move(unit));
}

Batch Gathering::cut() {
  assert(!units_.empty());
  Batch batch;
  batch.first_sequence = next_sequence_;
  std::size_t events = 0;
  while (!units_.empty()) {
    Unit& unit = units_.front();
    const std::size_t bytes = bytes_of(unit);
    const bool fits =
        events + unit.size() <= limits_.max_events && batch.bytes + bytes <= limits_.max_bytes;
    if (!fits && events > 0) break;
    events += unit.size();
    batch.bytes += bytes;
    batch.units.push_back(std::move(unit));
    units_.pop_front();
  }
  next_sequence_ += events;
  batch.last_sequence = next_sequence_ - 1;
  return batch;
}

}  // namespace muster::journal
