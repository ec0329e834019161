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
  explicit Bench(std::string script_text) : script(std::move(script_text)) {}

  std::string script;
  ScratchFile file;
  ProcessGuard guard = std::move(*ProcessGuard::start());
  std::vector<std::int64_t> started_at;  // offsets
  std::vector<pid_t> pids;
  std::vector<FencingToken> released;
  int offsets_asked = 0;
  WorkerHooks hooks{
      .start =
          [this](const Partition& partition) {
            started_at.push_back(partition.committed.value_or(0));
            auto process = WorkerProcess::start(shell(script, file.path()), guard);
            if (process) pids.push_back(process->pid());
            return process;
          },
      .read_offset = [this](const Partition&) { ++offsets_asked; },
      .release = [this](const Partition& partition) { released.push_back(partition.fence); },
      .log = [](const Partition&, const std::string&) {},
      .draw = [] { return 1.0; }};
  SteadyTime now{};
  Worker worker{hooks};

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
  bench.worker.lost(grant(7));
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
    bench.worker.paused();
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
  bench.worker.offset_read(7, 120, bench.now);
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
    bench.worker.offset_read(7, 0, bench.now);
  }
}

TEST_CASE("a command that ran for long starts the pauses anew") {
  Bench bench("[ -s $OUT ] && exit 1; echo ran > $OUT; exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.now += 500ms;
  bench.worker.advance(bench.now);
  bench.worker.offset_read(7, 0, bench.now);
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
  bench.worker.offset_unknown(7, make_error(ErrorCode::kTimedOut, "no answer."), bench.now);
  CHECK(bench.worker.due() == bench.now + 1s);
}

TEST_CASE("a command is frozen while the lease is lapsed, and goes on afterwards") {
  Bench bench(kPolite);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.paused();
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
  bench.worker.paused();
  bench.worker.stop(bench.now, 5s);
  REQUIRE(bench.ends());
  CHECK(bench.file.text() == "ready\n");
}

TEST_CASE("no command is started while the lease is lapsed") {
  Bench bench("exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.worker.paused();
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
  bench.worker.lost(grant(7));
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
  bench.worker.lost(grant(7));
  bench.worker.assigned(grant(9), bench.now);
  bench.worker.revoked(grant(9), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.released == std::vector<FencingToken>{9});
  CHECK(bench.started_at.size() == 1);
}

TEST_CASE("what is said of an older token changes nothing") {
  Bench bench("exec sleep 60");
  bench.worker.assigned(grant(9), bench.now);
  bench.worker.lost(grant(7));
  bench.worker.revoked(grant(7), bench.now);
  bench.worker.offset_read(7, 5, bench.now);
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
