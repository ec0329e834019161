// Power fails at any moment of a real daemon's life: what was acknowledged by then is there.
//
// A real musterd works with the recorder in front of its C library. Then the disk is played back up
// to some moment, what was not synced by then is kept, dropped, reordered or torn, and the journal
// that this leaves is read, folded, compared with what clients knew at that moment, and written on.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>

#include "disk.h"
#include "judge.h"
#include "recorded_daemon.h"
#include "trace.h"

namespace muster::power_loss {
namespace {

namespace fs = std::filesystem;

struct Extent {
  int runs;     // of the daemon
  int rounds;   // of work in each
  int cuts;     // points at which power fails
  int daemons;  // how many of those the real musterd is started on
};

/// What a disk that lies about syncs does.
using Lie = std::function<bool(const Entry&)>;

class PowerLoss {
 public:
  PowerLoss(const Extent& extent, std::uint64_t seed) : random_(seed) {
    for (int run = 0; run < extent.runs; ++run) {
      daemon_.start();
      daemon_.work(extent.rounds, random_);
      daemon_.terminate();
    }
    trace_ = read_trace(daemon_.trace_path());
    forget_locks();
  }

  struct Outcome {
    int cuts = 0;
    int losses = 0;     // cuts after which something was wrong
    std::string first;  // what, first
    int without_journal = 0;
    int undoing = 0;  // cuts that had something unsynced to choose from
  };

  /// Fails the power at `cuts` moments. `ignored`: syncs that the disk pretends to have done.
  Outcome fail(int cuts, int daemons, const Lie& ignored = nullptr) {
    Judge judge(daemon_.data_directory());
    Disk disk;
    Acknowledged acknowledged;
    Outcome outcome;
    const std::vector<std::size_t> moments = choose_moments(cuts);
    auto moment = moments.begin();
    for (std::size_t at = 0; at < trace_.size() && moment != moments.end(); ++at) {
      const Entry& entry = trace_[at];
      if (entry.header.kind == Kind::kAcknowledged) {
        Acknowledgement learned{};
        std::memcpy(&learned, entry.bytes.data(), sizeof(learned));
        acknowledged.learn(learned);
      } else if (!ignored || !ignored(entry)) {
        disk.apply(entry);
      }
      for (; moment != moments.end() && *moment == at; ++moment) {
        const int left = cuts - outcome.cuts;
        const bool start = daemons > 0 && static_cast<int>(random_() % left) < daemons;
        daemons -= start ? 1 : 0;
        one_cut(disk, judge, acknowledged, start, outcome);
      }
    }
    return outcome;
  }

 private:
  /// What is in the lock files means nothing after a power loss and is never synced: it would hide
  /// whether anything of the journal is unsynced.
  void forget_locks() {
    std::set<std::uint64_t> locks;
    for (const Entry& entry : trace_) {
      const bool is_lock =
          entry.bytes.ends_with("/writer.lock") || entry.bytes.ends_with("/lock.mdb");
      if (is_lock && entry.header.kind == Kind::kCreate) locks.insert(entry.header.file);
    }
    std::erase_if(trace_, [&locks](const Entry& entry) {
      return locks.contains(entry.header.file) && entry.header.kind != Kind::kCreate;
    });
  }

  /// The whole creation of the journal, and the rest by chance; each right after an operation.
  std::vector<std::size_t> choose_moments(int cuts) {
    constexpr int kCreation = 60;
    std::vector<std::size_t> operations;
    for (std::size_t at = 0; at < trace_.size(); ++at) {
      if (trace_[at].header.kind != Kind::kAcknowledged) operations.push_back(at);
    }
    std::vector<std::size_t> moments(operations.begin(),
                                     operations.begin() + std::min(kCreation, cuts / 4));
    while (static_cast<int>(moments.size()) < cuts) {
      moments.push_back(operations[random_() % operations.size()]);
    }
    std::sort(moments.begin(), moments.end());
    return moments;
  }

  void one_cut(const Disk& disk, Judge& judge, const Acknowledged& acknowledged, bool start_daemon,
               Outcome& outcome) {
    const std::uint64_t unsynced = disk.operations() - disk.first_unsynced();
    const Loss loss{.how = static_cast<Loss::How>(random_() % Loss::kWays),
                    .operation = disk.operations() - random_() % (unsynced + 1),
                    .seed = random_()};
    const e2e::TemporaryDirectory directory;
    const std::string data = materialise(disk.after(loss), directory);
    ++outcome.cuts;
    outcome.undoing += unsynced > 0 ? 1 : 0;
    outcome.without_journal += fs::exists(data + "/data.mdb") ? 0 : 1;
    std::string wrong = judge.read(data, acknowledged);
    if (wrong.empty() && start_daemon && sequence_served(data) < acknowledged.sequence()) {
      wrong = "musterd serves less than was acknowledged";
    }
    if (wrong.empty() && random_() % 2 == 0) wrong = Judge::write_on(data);
    if (wrong.empty()) return;
    ++outcome.losses;
    if (outcome.first.empty()) {
      outcome.first =
          fmt::format("after operation {}, loss of kind {} at {}, seed {}: {}", disk.operations(),
                      static_cast<int>(loss.how), loss.operation, loss.seed, wrong);
    }
  }

  /// Returns the data directory, which may be absent.
  std::string materialise(const Image& image, const e2e::TemporaryDirectory& to) const {
    for (const auto& [path, content] : image) {
      const fs::path target = to.path() / fs::relative(path, daemon_.watched_root());
      fs::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << content;
    }
    return to.path() / fs::relative(daemon_.data_directory(), daemon_.watched_root());
  }

  RecordedDaemon daemon_;
  std::mt19937_64 random_;
  std::vector<Entry> trace_;
};

void require_no_loss(const Extent& extent, std::uint64_t seed) {
  CAPTURE(seed);
  PowerLoss power(extent, seed);
  const PowerLoss::Outcome outcome = power.fail(extent.cuts, extent.daemons);
  INFO(outcome.first);
  CHECK(outcome.losses == 0);
  CHECK(outcome.cuts == extent.cuts);
  // The recorder saw the daemon at work, and the cuts fell where something could be lost.
  CHECK(outcome.without_journal > 0);
  CHECK(outcome.undoing > extent.cuts / 4);
}

bool is_file_sync(const Entry& entry) { return entry.header.kind == Kind::kSync; }
bool is_synced_write(const Entry& entry) { return entry.header.kind == Kind::kSyncRange; }
bool is_directory_sync(const Entry& entry) { return entry.header.kind == Kind::kSyncDirectory; }

}  // namespace

TEST_CASE("whenever power fails, all that was acknowledged is in the journal") {
  require_no_loss({.runs = 2, .rounds = 60, .cuts = 400, .daemons = 6}, 1);
}

// What the test above relies on: it would see the loss.
TEST_CASE("a disk that skips any kind of sync is found out") {
  PowerLoss power({.runs = 1, .rounds = 20, .cuts = 0, .daemons = 0}, 2);
  CHECK(power.fail(60, 0).losses == 0);
  CHECK(power.fail(60, 0, is_file_sync).losses > 0);
  CHECK(power.fail(60, 0, is_synced_write).losses > 0);
  CHECK(power.fail(60, 0, is_directory_sync).losses > 0);
}

TEST_CASE("power loss: ten thousand moments" * doctest::skip()) {
  const std::uint64_t seed = std::random_device{}();
  for (std::uint64_t i = 0; i < 5; ++i) {
    require_no_loss({.runs = 4, .rounds = 200, .cuts = 2'000, .daemons = 40}, seed + i);
  }
}

}  // namespace muster::power_loss
