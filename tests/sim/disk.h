// The simulated disk behind the journal's interface: one batch in flight while the next gathers,
// as fast or slow as the world wants, full or not; and at a crash the batch in flight has reached
// it or not. At each durable batch live state is held against a second fold (one-fold), and now and
// then that is kept as a snapshot; in some worlds history is trimmed behind the oldest of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/recover.h"
#include "domain/state.h"
#include "journal/journal.h"
#include "tests/fakes/records_reader.h"
#include "tests/sim/awake_clock.h"
#include "tests/sim/coverage.h"
#include "tests/sim/model.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"
#include "tests/sim/trace.h"

namespace muster::sim {

/// A unit on its way: its bytes, and what they say.
struct StagedUnit {
  Sequence first = 0;
  journal::EncodedEvents records;
  std::vector<domain::Event> events;
  std::uint64_t digest_after = 0;  // of the live state
};

class Disk final : public journal::Journal {
 public:
  struct Speed {
    std::uint64_t least_us = 100;
    std::uint64_t most_us = 3'000;
  };
  /// Sees each unit when it is staged and when it is durable.
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual const domain::State& live_state() const = 0;
    virtual void staged(const StagedUnit& unit, bool storage_full) = 0;
    virtual void durable(const StagedUnit& unit) = 0;
  };

  Disk(Schedule& schedule, Verdict& verdict, Trace& trace, Coverage& coverage, AwakeClock& awake,
       Model& model, Observer& observer, std::uint64_t seed, FencingToken fence_base);

  // ---- journal::Journal
  void stage(const journal::EncodedEvents& unit) override;
  void flush() override;
  std::uint64_t durable_sequence() const override { return records_.size(); }
  std::size_t pending_bytes() const override { return pending_bytes_; }
  std::uint64_t flush_age_ms() const override;
  bool storage_full() const override { return full_; }
  bool has_room_for(std::size_t) const override { return !full_ && !(tight_ && is_refused()); }
  std::uint64_t file_bytes() const override { return 0; }
  void on_durable(DurableListener listener) override { listener_ = std::move(listener); }

  // ---- the world's
  void set_speed(Speed speed) { speed_ = speed; }
  void set_full(bool full) { full_ = full; }
  /// Now there is room for a unit, now there is not: the disk fills up within a turn.
  void set_tight(bool tight) { tight_ = tight; }
  /// It is full, or now and then, or slower than it is where nobody has slowed it down.
  bool is_hindered() const;
  /// The batch with this number is on the disk; a crash may have forgotten it.
  bool finished(std::uint64_t batch);
  /// The coordinator's thread hears of it.
  void report();
  /// The process dies; a batch in flight has reached the disk or not.
  void crash(bool batch_reached_disk);
  /// What a start folds: all records, or the newest snapshot and the rest, which must be the same.
  /// Held against the second fold.
  domain::State replay();
  /// The disk is lost, and has now what a backup of it has that was made after `sequence` at the
  /// latest, with what a restore appends to it.
  void restore(Sequence sequence, FencingToken fence_base, std::uint32_t quiet_time_ms);
  std::uint64_t restores() const { return restores_; }
  /// Each snapshot against what the records before it fold to.
  void check_snapshots();
  journal::Reader& history() { return history_; }
  const domain::State& second_fold() const { return second_fold_; }
  std::uint64_t digest_at(Sequence sequence) const;

 private:
  void make_durable();
  void maybe_keep_snapshot();
  void forget_oldest_snapshot();
  domain::State fold_all();
  std::optional<domain::State> recovered(coordinator::RecoverFrom from);
  bool is_refused() const { return mixed(staged_sequence_, schedule_.now_us()) % 2 == 0; }

  Schedule& schedule_;
  Verdict& verdict_;
  Trace& trace_;
  Coverage& coverage_;
  AwakeClock& awake_;
  Model& model_;
  Observer& observer_;
  std::uint64_t seed_;
  Random random_;
  Speed speed_;
  bool full_ = false;
  bool tight_ = false;
  DurableListener listener_;
  std::vector<std::string> records_;
  fakes::RecordsReader history_{records_};
  std::vector<Sequence> snapshots_;
  std::vector<std::uint64_t> digests_;  // after each record that ends a unit, else 0
  std::vector<StagedUnit> gathering_;
  std::vector<StagedUnit> flight_;
  bool finished_ = false;
  std::uint64_t batch_ = 0;
  std::uint64_t flush_since_ms_ = 0;
  std::size_t pending_bytes_ = 0;
  Sequence staged_sequence_ = 0;
  std::uint64_t restores_ = 0;
  domain::State second_fold_;
};

}  // namespace muster::sim
