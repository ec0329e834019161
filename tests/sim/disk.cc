#include "tests/sim/disk.h"

#include <utility>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"

namespace muster::sim {
namespace {

constexpr std::size_t kBatchEvents = 4'096;
constexpr std::uint64_t kSnapshotOneIn = 64;  // batches
constexpr std::size_t kSnapshotsKept = 2;

/// What the seed decides apart from the order in which things happen.
enum Draw : std::uint64_t { kSnapshot = 100, kTrims, kTrimsTo, kStart };

}  // namespace

Disk::Disk(Schedule& schedule, Verdict& verdict, Trace& trace, Coverage& coverage,
           AwakeClock& awake, Model& model, Observer& observer, std::uint64_t seed,
           FencingToken fence_base)
    : schedule_(schedule),
      verdict_(verdict),
      trace_(trace),
      coverage_(coverage),
      awake_(awake),
      model_(model),
      observer_(observer),
      seed_(seed),
      random_(seed) {
  second_fold_.fence_base = fence_base;
  history_.set_fence_base(fence_base);
}

void Disk::stage(const journal::EncodedEvents& unit) {
  verdict_.require(!unit.empty(), "one-command-one-unit", "An empty unit was staged.");
  StagedUnit staged{.first = staged_sequence_ + 1,
                    .records = unit,
                    .events = {},
                    .digest_after = observer_.live_state().digest};
  staged_sequence_ += staged.records.size();
  verdict_.require(observer_.live_state().sequence == staged_sequence_, "one-fold",
                   "Live state is at ", observer_.live_state().sequence, " when ", staged_sequence_,
                   " is staged.");
  for (std::size_t i = 0; i < staged.records.size(); ++i) {
    const std::string_view record = staged.records[i];
    trace_.add(record);
    auto event = codec::decode_event(record);
    if (!event) {
      return verdict_.require(false, "total-fold",
                              "A staged event can't be read: ", event.error().message);
    }
    coverage_.event(event->body.index());
    staged.events.push_back(std::move(*event));
  }
  pending_bytes_ += staged.records.bytes();
  observer_.staged(staged, full_);
  gathering_.push_back(std::move(staged));
}

void Disk::flush() {
  if (!flight_.empty() || gathering_.empty()) return;
  std::size_t events = 0;
  std::size_t units = 0;
  while (units < gathering_.size() && events < kBatchEvents) {
    events += gathering_[units++].records.size();
  }
  const auto end = gathering_.begin() + static_cast<std::ptrdiff_t>(units);
  flight_.assign(std::make_move_iterator(gathering_.begin()), std::make_move_iterator(end));
  gathering_.erase(gathering_.begin(), end);
  flush_since_ms_ = schedule_.now_ms();
  awake_.flush_began(flush_since_ms_);
  const std::uint64_t takes_us = random_.between(speed_.least_us, speed_.most_us);
  if (takes_us > 1'000'000) coverage_.fault(Fault::kSlowDisk);
  schedule_.in_us(takes_us, Happening::kBatchDone, ++batch_);
}

std::uint64_t Disk::flush_age_ms() const {
  return flight_.empty() ? 0 : schedule_.now_ms() - flush_since_ms_;
}

bool Disk::is_hindered() const {
  constexpr Speed kUsual;
  return full_ || tight_ || speed_.most_us != kUsual.most_us ||
         flush_age_ms() * 1'000 > kUsual.most_us;
}

bool Disk::finished(std::uint64_t batch) {
  if (batch != batch_ || flight_.empty()) return false;
  finished_ = true;
  return true;
}

void Disk::report() {
  if (!std::exchange(finished_, false)) return;
  make_durable();
  awake_.flush_ended(schedule_.now_ms());
  flush();  // the next batch first, then the replies of the last
  if (!verdict_.violated()) listener_(durable_sequence());
}

void Disk::make_durable() {
  for (StagedUnit& unit : std::exchange(flight_, {})) {
    if (verdict_.violated()) return;
    pending_bytes_ -= unit.records.bytes();
    model_.apply(unit.first, unit.events);
    for (std::size_t i = 0; i < unit.events.size(); ++i) {
      const auto folded = domain::fold(second_fold_, unit.first + i, unit.events[i]);
      if (!folded) {
        return verdict_.require(false, "total-fold", "Event ", unit.first + i,
                                " does not fold: ", folded.error().message);
      }
      records_.emplace_back(unit.records[i]);
      digests_.push_back(0);
    }
    digests_.back() = second_fold_.digest;
    verdict_.require(second_fold_.digest == unit.digest_after, "one-fold",
                     "The second fold differs from live state after event ", second_fold_.sequence,
                     ".");
    for (std::size_t i = 0; i < unit.events.size(); ++i) {
      trace_.say(schedule_.now_us(), "durable ", unit.first + i, " ",
                 domain::event_name(unit.events[i].body), " ",
                 domain::event_group(unit.events[i].body));
    }
    observer_.durable(unit);
  }
  maybe_keep_snapshot();
}

void Disk::maybe_keep_snapshot() {
  const Sequence at = second_fold_.sequence;
  if (mixed(mixed(seed_, kSnapshot), at) % kSnapshotOneIn != 0) return;
  if (!snapshots_.empty() && snapshots_.back() == at) return;  // nothing has happened since
  std::vector<std::string> chunks;
  (void)codec::encode_snapshot(second_fold_, [&](std::string chunk) {
    chunks.push_back(std::move(chunk));
    return true;
  });
  history_.add_snapshot(at, second_fold_.digest, std::move(chunks));
  snapshots_.push_back(at);
  if (snapshots_.size() > kSnapshotsKept) forget_oldest_snapshot();
}

/// What is trimmed ends anywhere before the snapshot that is the oldest then.
void Disk::forget_oldest_snapshot() {
  history_.forget_snapshot(snapshots_.front());
  snapshots_.erase(snapshots_.begin());
  if (mixed(seed_, kTrims) % 3 != 0) return;
  const Sequence first = history_.first_sequence();
  const Sequence most = snapshots_.front() + 1 - first;
  history_.trim_before(first + mixed(mixed(seed_, kTrimsTo), first) % (most + 1));
  model_.trim_before(history_.first_sequence());
  coverage_.fault(Fault::kTrimmed);
}

void Disk::crash(bool batch_reached_disk) {
  batch_reached_disk |= finished_;
  if (!flight_.empty()) {
    awake_.flush_ended(schedule_.now_ms());
    coverage_.fault(batch_reached_disk ? Fault::kCrashAfterBatch : Fault::kCrashBeforeBatch);
  } else {
    coverage_.fault(Fault::kCrashIdle);
  }
  if (!gathering_.empty()) coverage_.fault(Fault::kStagedLost);
  if (batch_reached_disk) make_durable();
  flight_.clear();
  gathering_.clear();
  finished_ = false;
  pending_bytes_ = 0;
  staged_sequence_ = records_.size();
  listener_ = {};
}

domain::State Disk::replay() {
  domain::State state = fold_all();
  auto shorter = recovered(coordinator::RecoverFrom::kNewestSnapshot);
  const bool start_shorter = mixed(mixed(seed_, kStart), state.sequence) % 2 == 0;
  if (!shorter || snapshots_.empty() || !start_shorter) return state;
  coverage_.fault(Fault::kStartFromSnapshot);
  return std::move(*shorter);
}

void Disk::check_snapshots() { (void)recovered(coordinator::RecoverFrom::kOldest); }

/// As the product starts; nothing when it found something wrong.
std::optional<domain::State> Disk::recovered(coordinator::RecoverFrom from) {
  auto state = coordinator::recover(history_, *history_.header(), {.from = from});
  verdict_.require(state.has_value(), "total-fold", state ? std::string() : state.error().message);
  if (!state) return std::nullopt;
  verdict_.require(
      state->digest == second_fold_.digest && state->sequence == second_fold_.sequence &&
          state->fence_base == second_fold_.fence_base &&
          state->member_count == second_fold_.member_count,
      "one-fold", "A snapshot and the rest differ from the second fold at ", state->sequence, ".");
  return std::move(*state);
}

domain::State Disk::fold_all() {
  domain::State state;
  state.fence_base = second_fold_.fence_base;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const auto event = codec::decode_event(records_[i]);
    const auto folded = event ? domain::fold(state, i + 1, *event)
                              : std::unexpected(domain::FoldError{.message = "unreadable"});
    verdict_.require(folded.has_value(), "total-fold", "Event ", i + 1,
                     " does not fold at replay: ", folded ? std::string() : folded.error().message);
    if (!folded) break;
  }
  verdict_.require(state.digest == second_fold_.digest, "one-fold",
                   "Full replay differs from the second fold at ", state.sequence, ".");
  return state;
}

void Disk::restore(Sequence sequence, FencingToken fence_base, std::uint32_t quiet_time_ms) {
  while (sequence > 0 && digests_[sequence - 1] == 0) --sequence;  // to the end of a unit
  ++restores_;
  records_.resize(sequence);
  digests_.resize(sequence);
  std::vector<std::vector<domain::Event>> units(1);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    units.back().push_back(*codec::decode_event(records_[i]));
    if (digests_[i] != 0) units.emplace_back();
  }
  units.pop_back();
  model_.restore(units, fence_base);
  // The backup is whole: it was made before anything of it was trimmed, and has no snapshot.
  for (const Sequence at : std::exchange(snapshots_, {})) history_.forget_snapshot(at);
  history_.trim_before(1);
  history_.set_fence_base(fence_base);
  model_.trim_before(1);
  second_fold_ = domain::State();
  second_fold_.fence_base = fence_base;
  const domain::Event restored{
      .time_ms = static_cast<std::int64_t>(schedule_.now_ms()),
      .cause = {.kind = domain::CauseKind::kOperator, .who = "restore", .from = {}},
      .body = domain::JournalRestored{.former_journal_id = "simulated",
                                      .former_last_sequence = sequence,
                                      .fence_base = fence_base,
                                      .quiet_time_ms = quiet_time_ms}};
  coverage_.event(restored.body.index());
  units.push_back({restored});
  for (const std::vector<domain::Event>& unit : units) {
    for (const domain::Event& event : unit) {
      const auto folded = domain::fold(second_fold_, second_fold_.sequence + 1, event);
      verdict_.require(folded.has_value(), "total-fold", "An event of a backup does not fold: ",
                       folded ? std::string() : folded.error().message);
      if (!folded) return;
    }
  }
  model_.apply(sequence + 1, units.back());
  records_.push_back(codec::encode_event(restored));
  digests_.push_back(second_fold_.digest);
  staged_sequence_ = records_.size();
  trace_.say(schedule_.now_us(), "restored from a backup at ", sequence);
}

std::uint64_t Disk::digest_at(Sequence sequence) const {
  return sequence == 0 || sequence > digests_.size() ? 0 : digests_[sequence - 1];
}

}  // namespace muster::sim
