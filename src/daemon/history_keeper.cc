#include "daemon/history_keeper.h"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <utility>

#include "codec/snapshot.h"
#include "coordinator/recover.h"
#include "journal/failure.h"
#include "journal/record.h"
#include "journal/signals_blocked.h"

namespace muster::daemon {
namespace {

constexpr auto kLooksEvery = std::chrono::seconds(1);

/// After a fold of the whole state that showed that a snapshot would make no room.
constexpr std::uint64_t kTriesAgain_ms = 60'000;

// A quarter of a core when the loop and the writer want all of it: they come first, and yet history
// must not grow faster than it is trimmed.
constexpr int kNice = 5;

/// Reads until it is told that it is enough; what was read then is of no use.
class ReaderUntil final : public journal::Reader {
 public:
  ReaderUntil(journal::Reader& reader, std::function<bool()> enough)
      : reader_(reader), enough_(std::move(enough)) {}

  std::expected<journal::Header, journal::Error> header() override { return reader_.header(); }
  std::expected<void, journal::Error> read(std::uint64_t from, std::uint64_t to,
                                           const Sink& sink) override {
    return reader_.read(from, to, until_enough(sink));
  }
  std::expected<std::vector<journal::Snapshot>, journal::Error> snapshots() override {
    return reader_.snapshots();
  }
  std::expected<void, journal::Error> read_snapshot(std::uint64_t sequence,
                                                    const Sink& sink) override {
    return reader_.read_snapshot(sequence, until_enough(sink));
  }

 private:
  Sink until_enough(const Sink& sink) const {
    return [this, &sink](std::uint64_t number, std::string_view bytes) {
      return !enough_() && sink(number, bytes);
    };
  }

  journal::Reader& reader_;
  std::function<bool()> enough_;
};

}  // namespace

HistoryKeeper::HistoryKeeper(journal::GroupCommit& journal, journal::FileReader reader,
                             const journal::RetentionSettings& settings,
                             std::uint64_t reserve_bytes, const coordinator::Clock& clock)
    : journal_(journal),
      reader_(std::move(reader)),
      settings_(settings),
      changed_(settings),
      reserve_bytes_(reserve_bytes),
      clock_(clock) {
  const journal::SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

HistoryKeeper::~HistoryKeeper() {
  stopping_ = true;
  journal_.stop_tending();
  {
    const std::lock_guard lock(mutex_);
  }
  stop_.notify_all();
  thread_.join();
}

void HistoryKeeper::change(const journal::RetentionSettings& settings) {
  const std::lock_guard lock(mutex_);
  changed_ = settings;
}

void HistoryKeeper::run() {
  ::pthread_setname_np(::pthread_self(), "musterd-history");
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  count_since_snapshot();
  while (tend()) {
    std::unique_lock lock(mutex_);
    stop_.wait_for(lock, kLooksEvery, [this] { return stopping_.load(); });
    settings_ = changed_;
  }
}

bool HistoryKeeper::tend() {
  if (stopping_ || !drop_unfinished() || !trim()) return false;
  const Inventory inventory = look();
  if (journal_.storage_full()) return make_room() && trim();
  if (!journal::snapshot_is_due(settings_, held(inventory), clock_.wall_ms())) return true;
  return make_snapshot() && trim();
}

/// Of a process that died within a snapshot, or within dropping one; or of a disk that became full.
bool HistoryKeeper::drop_unfinished() {
  for (const std::uint64_t sequence : look().unfinished) {
    if (!has_done(journal::DropSnapshot{sequence})) return false;
  }
  return true;
}

bool HistoryKeeper::trim() {
  while (true) {
    const Inventory inventory = look();
    if (const auto oldest = journal::snapshot_to_drop(held(inventory))) {
      if (!has_done(journal::DropSnapshot{*oldest})) return false;
      continue;
    }
    const auto up_to = journal::trim_up_to(settings_, held(inventory), clock_.wall_ms());
    if (!up_to) return true;
    const bool full = journal_.storage_full();
    const std::uint64_t before = journal_.left_bytes();
    if (!has_done(journal::TrimHistory{*up_to})) return false;
    spdlog::info("history trimmed: it begins with sequence {} now{}", *up_to + 1,
                 full ? ", since the journal is full" : "");
    vain_bytes_ = full && journal_.left_bytes() <= before ? journal_.left_bytes() : 0;
  }
}

std::optional<domain::State> HistoryKeeper::fold() {
  const auto header = reader_.header();
  if (!header) journal::stop_process(header.error());
  ReaderUntil reader(reader_, [this] { return stopping_.load(); });
  auto state = coordinator::recover(reader, *header);
  if (stopping_) return std::nullopt;
  if (!state) {
    journal::stop_process({.fault = journal::Fault::kCorrupt, .message = state.error().message});
  }
  return std::move(*state);
}

/// glibc would keep the memory for this thread, until the next snapshot and beyond.
void HistoryKeeper::forget(domain::State& state) {
  state = {};
  ::malloc_trim(0);
}

bool HistoryKeeper::make_snapshot() {
  auto state = fold();
  return state && write(*state, [this] { return journal_.storage_full(); });
}

/// A snapshot takes room of a full journal, but less than the history before it that it lets go.
bool HistoryKeeper::make_room() {
  const Inventory inventory = look();
  if (clock_.monotonic_ms() < makes_room_at_ms_) return true;
  auto state = fold();
  if (!state) return false;
  std::uint64_t bytes = 0;
  codec::encode_snapshot(*state, [&](const std::string& chunk) {
    bytes += chunk.size();
    return !stopping_;
  });
  if (journal::makes_room(held(inventory), bytes, reserve_bytes_)) {
    return write(*state, [] { return false; });
  }
  forget(*state);
  makes_room_at_ms_ = clock_.monotonic_ms() + kTriesAgain_ms;
  spdlog::warn(
      "the journal is full, and nothing in it can be let go: a snapshot of its state takes {} "
      "bytes, its history since the last one {}",
      bytes, held(inventory).bytes_since_snapshot);
  return !stopping_;
}

bool HistoryKeeper::write(domain::State& state, const std::function<bool()>& enough) {
  journal::Snapshot snapshot{
      .sequence = state.sequence, .digest = state.digest, .time_ms = clock_.wall_ms()};
  bool given_up = false;
  codec::encode_snapshot(state, [&](std::string chunk) {
    given_up = enough();
    if (given_up || stopping_) return false;
    snapshot.bytes += chunk.size();
    return journal_.tend(journal::PutChunk{snapshot.sequence, snapshot.chunks++, std::move(chunk)});
  });
  if (stopping_) return false;
  forget(state);
  if (given_up) return drop_unfinished();
  if (!has_done(journal::FinishSnapshot{snapshot})) return false;
  count_since_snapshot();
  spdlog::info("snapshot at sequence {}: {} bytes", snapshot.sequence, snapshot.bytes);
  return true;
}

bool HistoryKeeper::has_done(journal::Upkeep piece) {
  return journal_.tend(std::move(piece)) && journal_.tended() && !stopping_;
}

HistoryKeeper::Inventory HistoryKeeper::look() {
  auto inventory = reader_.inventory();
  if (!inventory) journal::stop_process(inventory.error());
  return std::move(*inventory);
}

journal::Held HistoryKeeper::held(const Inventory& inventory) const {
  return {.first_sequence = inventory.header.first_sequence,
          .last_sequence = inventory.header.last_sequence,
          .history_bytes = inventory.record_bytes,
          .bytes_since_snapshot = counted_bytes_ + journal_.appended_bytes() - appended_before_,
          .snapshots = inventory.snapshots,
          .full = journal_.storage_full() && journal_.left_bytes() > vain_bytes_};
}

void HistoryKeeper::count_since_snapshot() {
  const Inventory inventory = look();
  const auto& snapshots = inventory.snapshots;
  const std::uint64_t from =
      snapshots.empty() ? inventory.header.first_sequence : snapshots.back().sequence + 1;
  appended_before_ = journal_.appended_bytes();
  counted_bytes_ = 0;
  const auto read = reader_.read(from, inventory.header.last_sequence,
                                 [this](std::uint64_t, std::string_view bytes) {
                                   counted_bytes_ += bytes.size() + journal::kBytesAroundRecord;
                                   return !stopping_;
                                 });
  if (!read) journal::stop_process(read.error());
}

}  // namespace muster::daemon
