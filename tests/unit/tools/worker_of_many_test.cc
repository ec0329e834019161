// One command for many partitions.
#include <doctest/doctest.h>

#include "tests/unit/tools/worker_bench.h"

namespace muster::tools {
namespace {

const WorkerOptions kOne{.gather = 200ms, .restart_grace = 45s};

Partition numbered(PartitionIndex index, FencingToken fence) {
  return {.topic = "outbox", .index = index, .fence = fence, .release_within = 60s};
}

/// At work on partitions 0 and 1.
struct Pair : WorkerBench {
  explicit Pair(std::string script_text) : WorkerBench(std::move(script_text), kOne) {
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
  WorkerBench bench("exec sleep 60", kOne);
  bench.worker.assigned(numbered(1, 7), bench.now);
  bench.now += 150ms;
  bench.worker.assigned(numbered(0, 7), bench.now);
  bench.worker.advance(bench.now + 199ms);
  CHECK(bench.started_with.empty());
  bench.worker.advance(bench.now + 200ms);
  CHECK(bench.started_with == Started{{0, 1}});
}

TEST_CASE("partitions that keep coming hold up the start for ten gathering times at most") {
  WorkerBench bench("exec sleep 60", kOne);
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
  CHECK(WorkerBench::numbers(pair.asked) == std::vector<PartitionIndex>{0, 1, 2});
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

}  // namespace muster::tools
