#include "journal/group_commit.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "in_child_process.h"
#include "journal/record.h"
#include "journals.h"
#include "scratch_directory.h"
#include "snapshots.h"

namespace muster::journal::test {
namespace {

/// Counts the writer's wakes, and waits for them with a deadline.
class Wakes {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  /// False: there were not that many within 20 s.
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

struct Fixture {
  explicit Fixture(const StoreOptions& options = small_options())
      : journal(open_store(scratch.data(), options), {.wake = [this] { wakes.wake(); },
                                                      .monotonic_ms = [this] { return now_ms; },
                                                      .upkeep_interval_ms = 5}) {
    journal.on_durable([this](std::uint64_t sequence) { durable.push_back(sequence); });
  }

  ScratchDirectory scratch;
  Wakes wakes;
  std::uint64_t now_ms = 1'000;
  std::vector<std::uint64_t> durable;
  GroupCommit journal;
};

}  // namespace

TEST_CASE("nothing is on its way before a flush, and a flush of nothing does nothing") {
  Fixture fixture;
  fixture.journal.flush();
  CHECK(fixture.journal.pending_bytes() == 0);
  fixture.journal.stage({"one", "two"});
  fixture.journal.collect();
  CHECK(fixture.journal.pending_bytes() == 6);
  CHECK(fixture.journal.durable_sequence() == 0);
  CHECK(fixture.durable.empty());
}

TEST_CASE("a flushed batch becomes durable, and is told when it is collected") {
  Fixture fixture;
  fixture.journal.stage({"one", "two"});
  fixture.journal.stage({"three"});
  fixture.journal.flush();
  REQUIRE(fixture.wakes.wait_for(1));
  CHECK(fixture.journal.durable_sequence() == 0);
  fixture.journal.collect();
  CHECK(fixture.journal.durable_sequence() == 3);
  CHECK(fixture.journal.pending_bytes() == 0);
  CHECK(fixture.durable == std::vector<std::uint64_t>{3});
}

TEST_CASE("the next batch does not wait until the last one is collected") {
  Fixture fixture;
  fixture.journal.stage({"one"});
  fixture.journal.flush();
  REQUIRE(fixture.wakes.wait_for(1));
  fixture.journal.stage({"two", "three"});
  fixture.journal.flush();
  REQUIRE(fixture.wakes.wait_for(2));
  CHECK(fixture.journal.durable_sequence() == 0);
  CHECK(fixture.journal.pending_bytes() == 11);
  fixture.journal.collect();
  CHECK(fixture.durable == std::vector<std::uint64_t>{3});
  CHECK(fixture.journal.pending_bytes() == 0);
}

TEST_CASE("what the listener stages at the stop becomes durable, too") {
  Fixture fixture;
  fixture.journal.on_durable([&](std::uint64_t sequence) {
    if (sequence == 1) fixture.journal.stage({"two"});
  });
  fixture.journal.stage({"one"});
  fixture.journal.stop();
  CHECK(fixture.journal.durable_sequence() == 2);
}

TEST_CASE("the age of a flush counts from its start, and ends when it is durable") {
  Fixture fixture;
  CHECK(fixture.journal.flush_age_ms() == 0);
  fixture.journal.stage({std::string(3 * kMiB, 'x')});
  fixture.journal.flush();
  fixture.now_ms += 1'500;
  // It may be durable already: then it has no age.
  const std::uint64_t age = fixture.journal.flush_age_ms();
  CHECK((age == 1'500 || age == 0));
  REQUIRE(fixture.wakes.wait_for(1));
  CHECK(fixture.journal.flush_age_ms() == 0);
  // What follows is as old as the news of what went before it.
  fixture.journal.stage({std::string(3 * kMiB, 'x')});
  fixture.journal.flush();
  fixture.journal.collect();
  fixture.now_ms += 20;
  const std::uint64_t next_age = fixture.journal.flush_age_ms();
  CHECK((next_age == 20 || next_age == 0));
}

TEST_CASE("stop waits for all that was staged, in order, and what it told is in the journal") {
  Fixture fixture;
  for (std::uint64_t sequence = 1; sequence <= 20'000; ++sequence) {
    fixture.journal.stage({event_bytes(sequence)});
  }
  fixture.journal.stop();
  fixture.journal.stop();
  CHECK(fixture.journal.durable_sequence() == 20'000);
  CHECK(fixture.durable.size() > 4);
  CHECK(std::is_sorted(fixture.durable.begin(), fixture.durable.end()));
  const Ended ended = in_child_process([&] {
    FileReader reader = open_reader(fixture.scratch.data());
    const ReadBack read = read_back(reader);
    if (!read.outcome || read.records.size() != 20'000) return 1;
    for (const auto& [sequence, bytes] : read.records) {
      if (bytes != event_bytes(sequence)) return 2;
    }
    return 0;
  });
  CHECK(ended.exit_status == 0);
}

TEST_CASE("a full map is seen in time, and only refusing ordinary changes keeps it going") {
  Fixture fixture(small_options(4 * kMiB));
  CHECK_FALSE(fixture.journal.storage_full());
  int batches = 0;
  while (!fixture.journal.storage_full()) {
    for (int i = 0; i < 20; ++i) fixture.journal.stage({std::string(500, 'x')});
    fixture.journal.flush();
    REQUIRE(fixture.wakes.wait_for(++batches));
    fixture.journal.collect();
  }
  // Releases, leaves and fences still pass.
  fixture.journal.stage({std::string(10'000, 'x')});
  fixture.journal.stop();
  CHECK(fixture.journal.pending_bytes() == 0);
}

TEST_CASE("a batch that fails stops the process at once with a message and a non-zero status") {
  const ScratchDirectory scratch;
  const Ended ended = in_child_process([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    Store store = open_store(scratch.data());
    append_events(store, 50);
    Wakes wakes;
    GroupCommit journal(std::move(store), {.wake = [&] { wakes.wake(); },
                                           .monotonic_ms = [] { return std::uint64_t{0}; }});
    const rlimit limit{.rlim_cur = 100'000, .rlim_max = 100'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 0;
    journal.stage({std::string(kMiB, 'x')});
    journal.flush();
    wakes.wait_for(1);
    return 0;
  });
  CHECK(ended.exit_status == 1);
  CHECK(ended.errors.find("cannot commit to the journal in " + scratch.data()) !=
        std::string::npos);
  // And the journal is as it was before that batch.
  CHECK(open_store(scratch.data()).header().last_sequence == 50);
}

TEST_CASE("upkeep rides beside batches, and goes by itself when there are none") {
  Fixture fixture;
  fixture.journal.stage({"one", "two", "three"});
  fixture.journal.flush();
  REQUIRE(fixture.wakes.wait_for(1));
  // More than waits at once: whoever hands it over is held until the writer has done some.
  const std::uint32_t chunks = UpkeepQueue::kMaxPieces * 3;
  std::thread tender([&] {
    for (Upkeep& piece : chunks_of(3, chunks)) fixture.journal.tend(std::move(piece));
    fixture.journal.tend(FinishSnapshot{description(3, chunks)});
    fixture.journal.tend(TrimHistory{2});
  });
  for (int batch = 1; batch <= 50; ++batch) {
    fixture.journal.collect();
    fixture.journal.stage({"event"});
    fixture.journal.flush();
    REQUIRE(fixture.wakes.wait_for(1 + batch));
  }
  tender.join();
  CHECK(fixture.journal.tended());
  CHECK(fixture.journal.appended_bytes() == 11 + 50 * 5 + 53 * kBytesAroundRecord);
  CHECK(fixture.journal.file_bytes() > 0);
  fixture.journal.stop();
  CHECK(fixture.durable.back() == 53);
  CHECK_FALSE(fixture.journal.tend(TrimHistory{3}));
  const Ended ended = in_child_process([&] {
    FileReader reader = open_reader(fixture.scratch.data());
    if (reader.header()->first_sequence != 3) return 1;
    return reader.snapshots() == std::vector{description(3, chunks)} ? 0 : 2;
  });
  CHECK(ended.exit_status == 0);
}

TEST_CASE("whoever waits for upkeep is sent away when it ends") {
  Fixture fixture;
  fixture.journal.stage({"one"});
  fixture.journal.flush();
  REQUIRE(fixture.wakes.wait_for(1));
  std::thread tender([&] {
    for (std::uint32_t chunk = 0; fixture.journal.tend(PutChunk{1, chunk, "chunk"}); ++chunk) {
    }
    fixture.journal.tended();  // whether or not: it returns
  });
  fixture.journal.stop_tending();
  tender.join();
  CHECK_FALSE(fixture.journal.tend(PutChunk{1, 0, "chunk"}));
}

TEST_CASE("signals are left to the coordinator's thread") {
  static volatile sig_atomic_t handled_by = 0;
  static pthread_t coordinator;
  coordinator = ::pthread_self();
  struct sigaction action{};
  action.sa_handler = [](int) {
    handled_by = ::pthread_equal(::pthread_self(), coordinator) ? 1 : 2;
  };
  struct sigaction before{};
  Fixture fixture;
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  // Blocked here, a signal to the process would go to any thread that takes it.
  sigset_t user_signal;
  sigemptyset(&user_signal);
  sigaddset(&user_signal, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &user_signal, nullptr);
  ::kill(::getpid(), SIGUSR1);
  fixture.journal.stage({"one"});
  fixture.journal.stop();
  CHECK(handled_by == 0);
  ::pthread_sigmask(SIG_UNBLOCK, &user_signal, nullptr);
  CHECK(handled_by == 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace muster::journal::test
