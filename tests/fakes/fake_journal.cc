#include "tests/fakes/fake_journal.h"

#include <utility>

#include "codec/event.h"
#include "domain/assert.h"
#include "domain/fold.h"

namespace muster::fakes {

void FakeJournal::stage(const journal::EncodedEvents& unit) {
  MUSTER_ASSERT(!unit.empty());
  gathering_.append(unit);
}

void FakeJournal::flush() {
  if (gathering_.empty()) return;
  if (in_flight()) {
    flush_follows_ = true;
    return;
  }
  in_flight_ = std::exchange(gathering_, {});
  flushed_at_ms_ = clock_.monotonic_ms();
}

bool FakeJournal::complete_flush() {
  if (!in_flight()) return false;
  for (std::size_t i = 0; i < in_flight_.size(); ++i) records_.emplace_back(in_flight_[i]);
  in_flight_.clear();
  if (std::exchange(flush_follows_, false)) flush();
  if (listener_) listener_(durable_sequence());
  return true;
}

std::uint64_t FakeJournal::flush_age_ms() const {
  return in_flight() ? clock_.monotonic_ms() - flushed_at_ms_ : 0;
}

bool FakeJournal::has_room_for(std::size_t bytes) const {
  return !storage_full() && (!room_bytes_ || pending_bytes() + bytes <= *room_bytes_);
}

bool FakeJournal::storage_full() const {
  return storage_full_ || (room_bytes_ && pending_bytes() >= *room_bytes_);
}

void FakeJournal::crash() {
  gathering_.clear();
  in_flight_.clear();
  flush_follows_ = false;
  listener_ = nullptr;
}

domain::State FakeJournal::recover(FencingToken fence_base) const {
  domain::State state;
  state.fence_base = fence_base;
  for (const std::string& record : records_) {
    const auto event = codec::decode_event(record);
    MUSTER_ASSERT(event.has_value());
    const auto folded = domain::fold(state, state.sequence + 1, *event);
    MUSTER_ASSERT(folded.has_value());
  }
  return state;
}

}  // namespace muster::fakes
