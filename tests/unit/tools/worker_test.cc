#include "tools/worker.h"

#include <doctest/doctest.h>

#include "process_fixture.h"

using namespace muster;
using namespace muster::tools;
using namespace std::chrono_literals;

namespace {

Partition grant(FencingToken fence, std::optional<std::int64_t> committed = std::nullopt) {
  return {
      .topic = "outbox", .index = 0, .committed = committed, .fence = fence, .release_within = 60s};
}

/// A worker whose commands are a script, with all that it did. Time is what the test says.
struct Bench {
  explicit Bench(std::string script_text, WorkerOptions options = {.name = "outbox/0"})
      : script(std::move(script_text)), worker(hooks, std::move(options)) {}

  std::string script;
  ScratchFile file;
  ProcessGuard guard = std::move(*ProcessGuard::start());
  std::vector<std::int64_t> started_at;  // offsets
  std::vector<std::vector<PartitionIndex>> started_with;
  Partitions asked;
  std::vector<pid_t> pids;
  std::vector<pid_t> ended;
  std::vector<FencingToken> released;
  int offsets_asked = 0;
  std::vector<std::string> given_up;
  std::vector<std::string> logged;
  WorkerHooks hooks{
      .start =
          [this](const Partitions& partitions) {
            started_at.push_back(partitions.front().committed.value_or(0));
            started_with.push_back(numbers(partitions));
            auto process = WorkerProcess::start(shell(script, file.path()), guard);
            if (process) pids.push_back(process->pid());
            return process;
          },
      .ended = [this](pid_t pid) { ended.push_back(pid); },
      .read_offsets =
          [this](const Partitions& partitions) {
            ++offsets_asked;
            asked = partitions;
          },
      .release = [this](const Partition& partition) { released.push_back(partition.fence); },
      .give_up = [this](const std::string& why) { given_up.push_back(why); },
      .log = [this](const std::string& text) { logged.push_back(text); },
      .draw = [] { return 1.0; }};
  SteadyTime now{};
  Worker worker;

  static std::vector<PartitionIndex> numbers(const Partitions& partitions) {
    std::vector<PartitionIndex> numbers;
    for (const Partition& each : partitions) numbers.push_back(each.index);
    return numbers;
  }
  /// As the server would.
  void answer_offset(std::int64_t committed) {
    for (Partition& each : asked) each.committed = committed;
    worker.offsets_read(asked, now);
  }

  bool ends() {
    return eventually([&] {
      worker.advance(now);
      return !worker.running();
    });
  }
  bool wrote_line() {
    return eventually([&] { return file.text().ends_with("\n"); });
  }
};

constexpr const char* kDeaf = "trap '' TERM; echo ready > $OUT; while :; do sleep 0.02; done";
constexpr const char* kPolite =
    "trap 'echo ended > $OUT; exit 0' TERM; echo ready > $OUT; while :; do sleep 0.02; done";

}  // namespace

TEST_CASE("a granted partition's command is started at the committed offset") {
  Bench bench("exec sleep 60");
  bench.worker.assigned(grant(7, 100), bench.now);
  CHECK(bench.worker.running());
  CHECK(bench.started_at == std::vector<std::int64_t>{100});
}

TEST_CASE("a revoked partition is released when its command has ended, not before") {
  Bench bench(kPolite);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.revoked(grant(7), bench.now);
  CHECK(bench.released.empty());
  REQUIRE(bench.ends());
  CHECK(bench.file.text() == "ended\n");
  CHECK(bench.released == std::vector<FencingToken>{7});
  CHECK(bench.worker.vacant());
}

TEST_CASE("a command deaf to SIGTERM is killed within the time to release") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.revoked(grant(7), bench.now);
  REQUIRE(bench.worker.due() == bench.now + 45s);
  bench.now += 44s;
  bench.worker.advance(bench.now);
  CHECK_FALSE(is_gone(bench.pids[0]));
  bench.now += 1s;
  REQUIRE(bench.ends());
  CHECK(bench.released == std::vector<FencingToken>{7});
}

TEST_CASE("a lost partition's command is killed at once, and nothing is released") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.lost(grant(7), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.released.empty());
  CHECK(bench.worker.vacant());
}

TEST_CASE("a command that succeeds is not started again, and its partition stays quiet") {
  Bench bench("exit 0");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.now += 1h;
  bench.worker.advance(bench.now);
  CHECK(bench.started_at.size() == 1);
  CHECK_FALSE(bench.worker.due());
  CHECK_FALSE(bench.worker.vacant());
  SUBCASE("also after a pause") {
    bench.worker.paused(grant(7));
    bench.worker.resumed(grant(7), bench.now);
    bench.worker.advance(bench.now);
    CHECK(bench.offsets_asked == 0);
  }
  SUBCASE("and it is released at once when it is asked back") {
    bench.worker.revoked(grant(7), bench.now);
    CHECK(bench.released == std::vector<FencingToken>{7});
  }
}

TEST_CASE("a command that fails is started again after a pause, at the offset read then") {
  Bench bench("exit 1");
  bench.worker.assigned(grant(7, 100), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.worker.due() == bench.now + 500ms);
  bench.worker.advance(bench.now + 499ms);
  CHECK(bench.offsets_asked == 0);
  bench.now += 500ms;
  bench.worker.advance(bench.now);
  CHECK(bench.offsets_asked == 1);
  bench.answer_offset(120);
  CHECK(bench.started_at == std::vector<std::int64_t>{100, 120});
}

TEST_CASE("the pause doubles with each failure, up to 30 s") {
  Bench bench("exit 1");
  bench.worker.assigned(grant(7), bench.now);
  for (const auto wait : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
    REQUIRE(bench.ends());
    CHECK(bench.worker.due() == bench.now + wait);
    bench.now += wait;
    bench.worker.advance(bench.now);
    bench.answer_offset(0);
  }
}

TEST_CASE("a command that ran for long starts the pauses anew") {
  Bench bench("[ -s $OUT ] && exit 1; echo ran > $OUT; exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.now += 500ms;
  bench.worker.advance(bench.now);
  bench.answer_offset(0);
  bench.now += 30s;
  REQUIRE(bench.ends());
  CHECK(bench.worker.due() == bench.now + 500ms);
}

TEST_CASE("an offset that can't be read is asked for again later") {
  Bench bench("exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.now += 500ms;
  bench.worker.advance(bench.now);
  bench.worker.offsets_unknown(make_error(ErrorCode::kTimedOut, "no answer."), bench.now);
  CHECK(bench.worker.due() == bench.now + 1s);
}

TEST_CASE("a command is frozen while the lease is lapsed, and goes on afterwards") {
  Bench bench(kPolite);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.paused(grant(7));
  // A shell that is stopped between its vfork and the exec of its child waits as 'D', not 'T'.
  const auto frozen = [&] {
    const char state = process_state(bench.pids[0]);
    return state == 'T' || state == 'D';
  };
  CHECK(eventually(frozen));
  bench.worker.resumed(grant(7), bench.now);
  CHECK(eventually([&] { return !frozen(); }));
  CHECK(bench.started_at.size() == 1);
}

TEST_CASE("a frozen command is not let run again to end: it is killed") {
  Bench bench(kPolite);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.paused(grant(7));
  bench.worker.stop(bench.now, 5s);
  REQUIRE(bench.ends());
  CHECK(bench.file.text() == "ready\n");
}

TEST_CASE("no command is started while the lease is lapsed") {
  Bench bench("exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.worker.paused(grant(7));
  CHECK_FALSE(bench.worker.due());
  bench.now += 1min;
  bench.worker.advance(bench.now);
  CHECK(bench.offsets_asked == 0);
  bench.worker.resumed(grant(7), bench.now);
  bench.worker.advance(bench.now);
  CHECK(bench.offsets_asked == 1);
}

TEST_CASE("a new grant waits until the command of the old one is gone") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7, 10), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.lost(grant(7), bench.now);
  bench.worker.assigned(grant(9, 20), bench.now);
  CHECK(bench.started_at == std::vector<std::int64_t>{10});
  CHECK(eventually([&] {
    bench.worker.advance(bench.now);
    return bench.started_at.size() == 2;
  }));
  CHECK(is_gone(bench.pids[0]));
  CHECK(bench.started_at[1] == 20);
}

TEST_CASE("a grant that is revoked before its command could start is released") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.lost(grant(7), bench.now);
  bench.worker.assigned(grant(9), bench.now);
  bench.worker.revoked(grant(9), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.released == std::vector<FencingToken>{9});
  CHECK(bench.started_at.size() == 1);
}

TEST_CASE("what is said of an older token changes nothing") {
  Bench bench("exec sleep 60");
  bench.worker.assigned(grant(9), bench.now);
  bench.worker.lost(grant(7), bench.now);
  bench.worker.revoked(grant(7), bench.now);
  bench.worker.offsets_read({grant(7, 5)}, bench.now);
  bench.worker.advance(bench.now);
  CHECK(bench.worker.running());
  CHECK(bench.released.empty());
  CHECK_FALSE(bench.worker.due());
}

TEST_CASE("at the end commands get SIGTERM, then SIGKILL, are not started again nor released") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.stop(bench.now, 5s);
  bench.now += 4s;
  bench.worker.advance(bench.now);
  CHECK_FALSE(is_gone(bench.pids[0]));
  bench.now += 1s;
  REQUIRE(bench.ends());
  CHECK(bench.released.empty());
  CHECK_FALSE(bench.worker.due());
}

TEST_CASE("a revocation during the end does not prolong it") {
  Bench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.stop(bench.now, 5s);
  bench.worker.revoked(grant(7), bench.now);
  CHECK(bench.worker.due() == bench.now + 5s);
}

TEST_CASE("what a command has printed is taken in before its partition is released") {
  Bench bench("exit 0");
  std::vector<std::size_t> released_before_end;
  bench.hooks.ended = [&](pid_t pid) {
    bench.ended.push_back(pid);
    released_before_end.push_back(bench.released.size());
  };
  bench.worker.assigned(grant(7), bench.now);
  bench.worker.revoked(grant(7), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.ended == bench.pids);
  CHECK(released_before_end == std::vector<std::size_t>{0});
  CHECK(bench.released == std::vector<FencingToken>{7});
}

TEST_CASE("a command that fails too often in a row is given up, with its name and the number") {
  Bench bench("exit 1", {.name = "outbox/0", .restarts_max = 1});
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.given_up.empty());
  SUBCASE("at the restart that is one too many") {
    bench.now += 500ms;
    bench.worker.advance(bench.now);
    bench.answer_offset(0);
    REQUIRE(bench.ends());
    CHECK(bench.given_up == std::vector<std::string>{"outbox/0 failed 2 times in a row"});
    CHECK(bench.logged.back() == "outbox/0: the command exited with status 1.");
    CHECK_FALSE(bench.worker.due());
  }
  SUBCASE("not when it ran for long in between") {
    bench.now += 500ms;
    bench.worker.advance(bench.now);
    bench.answer_offset(0);
    bench.now += 30s;
    REQUIRE(bench.ends());
    CHECK(bench.given_up.empty());
  }
  SUBCASE("and offsets that can't be read are no failure of the command") {
    for (int i = 0; i < 3; ++i) {
      bench.now += 30s;
      bench.worker.advance(bench.now);
      bench.worker.offsets_unknown(make_error(ErrorCode::kTimedOut, "no answer."), bench.now);
    }
    CHECK(bench.given_up.empty());
  }
}

// ---- one command for many partitions ----------------------------------------------------------

namespace {

const WorkerOptions kOne{.gather = 200ms, .restart_grace = 45s};

Partition numbered(PartitionIndex index, FencingToken fence) {
  return {.topic = "outbox", .index = index, .fence = fence, .release_within = 60s};
}

/// At work on partitions 0 and 1.
struct Pair : Bench {
  explicit Pair(std::string script_text) : Bench(std::move(script_text), kOne) {
    worker.assigned(numbered(0, 7), now);
    worker.assigned(numbered(1, 7), now);
    settle();
  }
  void settle() {
    now += 200ms;
    worker.advance(now);
  }
};

using Started = std::vector<std::vector<PartitionIndex>>;

}  // namespace

TEST_CASE("one command is started with all partitions that come within the gathering time") {
  Bench bench("exec sleep 60", kOne);
  bench.worker.assigned(numbered(1, 7), bench.now);
  bench.now += 150ms;
  bench.worker.assigned(numbered(0, 7), bench.now);
  bench.worker.advance(bench.now + 199ms);
  CHECK(bench.started_with.empty());
  bench.worker.advance(bench.now + 200ms);
  CHECK(bench.started_with == Started{{0, 1}});
}

TEST_CASE("partitions that keep coming hold up the start for ten gathering times at most") {
  Bench bench("exec sleep 60", kOne);
  for (int i = 0; i < 20; ++i) {
    bench.worker.assigned(numbered(i, 7), bench.now);
    bench.now += 150ms;
    bench.worker.advance(bench.now);
    if (!bench.started_with.empty()) break;
  }
  REQUIRE(bench.started_with.size() == 1);
  CHECK(bench.now - SteadyTime{} == 2100ms);
}

TEST_CASE("one command is told to end by a new partition, and starts with all at offsets read") {
  Pair pair(kPolite);
  REQUIRE(pair.wrote_line());
  pair.worker.assigned(numbered(2, 9), pair.now);
  pair.worker.advance(pair.now);
  CHECK(pair.file.text() == "ready\n");  // as long as more may come
  pair.settle();
  CHECK(pair.worker.due() == pair.now + 45s);
  REQUIRE(pair.ends());
  CHECK(pair.file.text() == "ended\n");
  pair.settle();
  CHECK(Bench::numbers(pair.asked) == std::vector<PartitionIndex>{0, 1, 2});
  pair.answer_offset(50);
  CHECK(pair.started_with == Started{{0, 1}, {0, 1, 2}});
  CHECK(pair.started_at.back() == 50);
  CHECK(pair.released.empty());
}

TEST_CASE("of one command's partitions the revoked are released at its end, the rest goes on") {
  Pair pair(kPolite);
  REQUIRE(pair.wrote_line());
  pair.worker.revoked(numbered(1, 7), pair.now);
  CHECK(pair.released.empty());
  REQUIRE(pair.ends());
  CHECK(pair.released == std::vector<FencingToken>{7});
  pair.settle();
  pair.answer_offset(0);
  CHECK(pair.started_with == Started{{0, 1}, {0}});
}

TEST_CASE("one command gets one SIGTERM for all that is revoked") {
  Pair pair(
      "n=0; trap 'n=$((n+1)); echo $n > $OUT' TERM; echo ready > $OUT; "
      "while [ $n -lt 2 ]; do sleep 0.02; done");
  REQUIRE(pair.wrote_line());
  pair.worker.revoked(numbered(0, 7), pair.now);
  REQUIRE(eventually([&] { return pair.file.text() == "1\n"; }));
  pair.worker.revoked(numbered(1, 7), pair.now);
  pair.worker.stop(pair.now, 5s);
  ::kill(-pair.pids[0], SIGTERM);
  REQUIRE(pair.ends());
  CHECK(pair.file.text() == "2\n");  // the test's own
}

TEST_CASE("one command that lost a partition is killed, and started with the rest") {
  Pair pair(kDeaf);
  REQUIRE(pair.wrote_line());
  pair.worker.lost(numbered(0, 7), pair.now);
  REQUIRE(pair.ends());
  CHECK(pair.released.empty());
  pair.settle();
  pair.answer_offset(0);
  CHECK(pair.started_with == Started{{0, 1}, {1}});
}

TEST_CASE("one command stays frozen until all of its partitions are resumed") {
  Pair pair(kPolite);
  REQUIRE(pair.wrote_line());
  const auto frozen = [&] {
    const char state = process_state(pair.pids[0]);
    return state == 'T' || state == 'D';
  };
  pair.worker.paused(numbered(0, 7));
  pair.worker.paused(numbered(1, 7));
  REQUIRE(eventually(frozen));
  pair.worker.resumed(numbered(0, 7), pair.now);
  CHECK(frozen());
  pair.worker.resumed(numbered(1, 7), pair.now);
  CHECK(eventually([&] { return !frozen(); }));
}

TEST_CASE("a frozen command is not killed for a new partition, but restarted once it goes on") {
  Pair pair(kPolite);
  REQUIRE(pair.wrote_line());
  pair.worker.assigned(numbered(2, 9), pair.now);
  pair.worker.paused(numbered(0, 7));
  pair.settle();
  CHECK_FALSE(pair.worker.due());
  CHECK_FALSE(is_gone(pair.pids[0]));
  pair.worker.resumed(numbered(0, 7), pair.now);
  pair.worker.advance(pair.now);
  REQUIRE(pair.ends());
  CHECK(pair.file.text() == "ended\n");
}

TEST_CASE("one command that succeeds has finished its partitions, and only new ones start it") {
  Pair pair("exit 0");
  REQUIRE(pair.ends());
  CHECK(pair.worker.finished());
  pair.worker.assigned(numbered(2, 9), pair.now);
  CHECK_FALSE(pair.worker.finished());
  pair.settle();
  CHECK(pair.started_with == Started{{0, 1}, {2}});
  REQUIRE(pair.ends());
  CHECK(pair.worker.finished());
}
