// A journal in memory, whose disk is as fast as a test says: a batch is durable when
// complete_flush is called, never before, and a crash keeps what was durable and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/seams.h"
#include "domain/state.h"
#include "journal/journal.h"

namespace muster::fakes {

class FakeJournal final : public journal::Journal {
 public:
  explicit FakeJournal(const coordinator::Clock& clock) : clock_(clock) {}

  void stage(const journal::EncodedEvents& unit) override;
  void flush() override;
  std::uint64_t durable_sequence() const override { return records_.size(); }
  std::size_t pending_bytes() const override { return gathering_.bytes() + in_flight_.bytes(); }
  std::uint64_t flush_age_ms() const override;
  bool storage_full() const override;
  bool has_room_for(std::size_t bytes) const override;
  std::uint64_t file_bytes() const override { return 0; }
  void on_durable(DurableListener listener) override { listener_ = std::move(listener); }

  /// The batch in flight becomes durable, the next one starts if a flush was asked for meanwhile,
  /// and the listener hears of it. False when nothing was in flight.
  bool complete_flush();
  bool in_flight() const { return !in_flight_.empty(); }

  void set_storage_full(bool full) { storage_full_ = full; }
  /// Full as soon as this much is pending: the last room is used up within a turn.
  void set_room_bytes(std::optional<std::size_t> room) { room_bytes_ = room; }

  /// The process dies: what was not durable is gone, and nobody listens any more.
  void crash();
  /// The durable records, in order.
  const std::vector<std::string>& records() const { return records_; }
  /// The fold of all durable records. They must fold (total-fold).
  domain::State recover(FencingToken fence_base = 0) const;

 private:
  const coordinator::Clock& clock_;
  DurableListener listener_;
  std::vector<std::string> records_;
  journal::EncodedEvents gathering_;
  journal::EncodedEvents in_flight_;
  std::uint64_t flushed_at_ms_ = 0;
  bool flush_follows_ = false;
  bool storage_full_ = false;
  std::optional<std::size_t> room_bytes_;
};

}  // namespace muster::fakes
