// Power fails at any moment of a real daemon's life: what was acknowledged by then is there.
//
// A real musterd works with the recorder in front of its C library. Then the disk is played back up
// to some moment, what was not synced by then is kept, dropped, reordered or torn, and the journal
// that this leaves is read, folded, compared with what clients knew at that moment, and written on.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

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
    trace_ = trace_of(daemon_);
  }

  struct Outcome {
    int cuts = 0;
    int losses = 0;     // cuts after which something was wrong
    std::string first;  // what, first
    int without_journal = 0;
    int undoing = 0;  // cuts that had something unsynced to choose from
    int with_snapshots = 0;
    int trimmed = 0;  // cuts whose journal had lost its oldest events by intention
  };

  /// Fails the power at `cuts` moments. `ignored`: syncs that the disk pretends to have done.
  Outcome fail(int cuts, int daemons, const Lie& ignored = nullptr) {
    Judge judge(daemon_.data_directory());
    Outcome outcome;
    play(trace_, Disk(), choose_moments(trace_, 0, cuts), ignored,
         [&](const Disk& disk, const Acknowledged& acknowledged) {
           const int left = cuts - outcome.cuts;
           const bool start = daemons > 0 && static_cast<int>(random_() % left) < daemons;
           daemons -= start ? 1 : 0;
           one_cut(disk, daemon_.watched_root(), judge, acknowledged, start, outcome);
         });
    outcome.with_snapshots = judge.with_snapshots();
    outcome.trimmed = judge.trimmed();
    return outcome;
  }

  /// Fails it at `firsts` moments, and `cuts` times more while the daemon recovers from each.
  Outcome fail_again(int firsts, int cuts) {
    Judge judge(daemon_.data_directory());
    Outcome outcome;
    const auto acknowledges = [](const Entry& entry) {
      return entry.header.kind == Kind::kAcknowledged;
    };
    const auto served = std::ranges::find_if(trace_, acknowledges) - trace_.begin();
    play(trace_, Disk(), choose_moments(trace_, static_cast<std::size_t>(served), firsts), nullptr,
         [&](const Disk& disk, const Acknowledged& acknowledged) {
           RecordedDaemon second;
           materialise(disk.after(some_loss(disk)), daemon_.watched_root(), second.watched_root());
           const Disk before = disk_that_holds(second.watched_root());
           second.start();
           second.terminate();
           const std::vector<Entry> trace = trace_of(second);
           play(trace, before, choose_moments(trace, 0, cuts), nullptr,
                [&](const Disk& again, const Acknowledged&) {
                  one_cut(again, second.watched_root(), judge, acknowledged, false, outcome);
                });
         });
    return outcome;
  }

 private:
  /// What is in the lock files means nothing after a power loss and is never synced: it would hide
  /// whether anything of the journal is unsynced.
  static std::vector<Entry> trace_of(const RecordedDaemon& daemon) {
    std::vector<Entry> trace = read_trace(daemon.trace_path());
    std::set<std::uint64_t> locks;
    for (const Entry& entry : trace) {
      const bool is_lock =
          entry.bytes.ends_with("/writer.lock") || entry.bytes.ends_with("/lock.mdb");
      if (is_lock && entry.header.kind == Kind::kCreate) locks.insert(entry.header.file);
    }
    std::erase_if(trace, [&locks](const Entry& entry) {
      return locks.contains(entry.header.file) && entry.header.kind != Kind::kCreate;
    });
    return trace;
  }

  /// All files under `root`, as they are: synced long ago.
  static Disk disk_that_holds(const std::string& root) {
    Disk disk;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      struct stat facts{};
      REQUIRE(stat(entry.path().c_str(), &facts) == 0);
      disk.hold(entry.path(), facts.st_ino, e2e::read_file(entry.path()));
    }
    return disk;
  }

  /// The first ones (the creation of the journal, or its opening) and the rest by chance; each
  /// right after an operation, none before number `from`.
  std::vector<std::size_t> choose_moments(const std::vector<Entry>& trace, std::size_t from,
                                          int cuts) {
    constexpr int kCreation = 60;
    std::vector<std::size_t> operations;
    for (std::size_t at = from; at < trace.size(); ++at) {
      if (trace[at].header.kind != Kind::kAcknowledged) operations.push_back(at);
    }
    const auto first = std::min({kCreation, cuts / 4, static_cast<int>(operations.size())});
    std::vector<std::size_t> moments(operations.begin(), operations.begin() + first);
    while (static_cast<int>(moments.size()) < cuts) {
      moments.push_back(operations[random_() % operations.size()]);
    }
    std::sort(moments.begin(), moments.end());
    return moments;
  }

  /// Applies the trace to the disk and stops after each of the moments.
  static void play(const std::vector<Entry>& trace, Disk disk,
                   const std::vector<std::size_t>& moments, const Lie& ignored,
                   const std::function<void(const Disk&, const Acknowledged&)>& stop) {
    Acknowledged acknowledged;
    auto moment = moments.begin();
    for (std::size_t at = 0; at < trace.size() && moment != moments.end(); ++at) {
      const Entry& entry = trace[at];
      if (entry.header.kind == Kind::kAcknowledged) {
        Acknowledgement learned{};
        std::memcpy(&learned, entry.bytes.data(), sizeof(learned));
        acknowledged.learn(learned);
      } else if (!ignored || !ignored(entry)) {
        disk.apply(entry);
      }
      for (; moment != moments.end() && *moment == at; ++moment) stop(disk, acknowledged);
    }
  }

  Loss some_loss(const Disk& disk) {
    const std::uint64_t unsynced = disk.operations() - disk.first_unsynced();
    return {.how = static_cast<Loss::How>(random_() % Loss::kWays),
            .operation = disk.operations() - random_() % (unsynced + 1),
            .seed = random_()};
  }

  void one_cut(const Disk& disk, const std::string& root, Judge& judge,
               const Acknowledged& acknowledged, bool start_daemon, Outcome& outcome) {
    const Loss loss = some_loss(disk);
    const e2e::TemporaryDirectory directory;
    const std::string data = materialise(disk.after(loss), root, directory.path());
    ++outcome.cuts;
    outcome.undoing += disk.operations() > disk.first_unsynced() ? 1 : 0;
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

  /// Writes the files of `image`, which were under `from`, under `to`. Returns the data directory,
  /// which may be absent.
  static std::string materialise(const Image& image, const fs::path& from, const fs::path& to) {
    for (const auto& [path, content] : image) {
      const fs::path target = to / fs::relative(path, from);
      fs::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << content;
    }
    return RecordedDaemon::data_directory_in(to);
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
  CHECK(outcome.with_snapshots > extent.cuts / 4);
  CHECK(outcome.trimmed > extent.cuts / 8);
}

bool is_file_sync(const Entry& entry) { return entry.header.kind == Kind::kSync; }
bool is_synced_write(const Entry& entry) { return entry.header.kind == Kind::kSyncRange; }
bool is_directory_sync(const Entry& entry) { return entry.header.kind == Kind::kSyncDirectory; }

}  // namespace

TEST_CASE("whenever power fails, all that was acknowledged is in the journal") {
  require_no_loss({.runs = 2, .rounds = 60, .cuts = 400, .daemons = 6}, 1);
}

TEST_CASE("power that fails again while the daemon recovers costs nothing either") {
  PowerLoss power({.runs = 1, .rounds = 40, .cuts = 0, .daemons = 0}, 3);
  const PowerLoss::Outcome outcome = power.fail_again(6, 12);
  INFO(outcome.first);
  CHECK(outcome.losses == 0);
  CHECK(outcome.cuts == 6 * 12);
  CHECK(outcome.undoing > 6);
}

// What the tests above rely on: they would see the loss.
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
