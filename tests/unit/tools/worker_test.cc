#include "tools/worker.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/worker_bench.h"

namespace muster::tools {

TEST_CASE("a granted partition's command is started at the committed offset") {
  WorkerBench bench("exec sleep 60");
  bench.worker.assigned(grant(7, 100), bench.now);
  CHECK(bench.worker.running());
  CHECK(bench.started_at == std::vector<std::int64_t>{100});
}

TEST_CASE("a revoked partition is released when its command has ended, not before") {
  WorkerBench bench(kPolite);
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
  WorkerBench bench(kDeaf);
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
  WorkerBench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.lost(grant(7), bench.now);
  REQUIRE(bench.ends());
  CHECK(bench.released.empty());
  CHECK(bench.worker.vacant());
}

TEST_CASE("a command that succeeds is not started again, and its partition stays quiet") {
  WorkerBench bench("exit 0");
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
  WorkerBench bench("exit 1");
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
  WorkerBench bench("exit 1");
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
  WorkerBench bench("[ -s $OUT ] && exit 1; echo ran > $OUT; exit 1");
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
  WorkerBench bench("exit 1");
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.ends());
  bench.now += 500ms;
  bench.worker.advance(bench.now);
  bench.worker.offsets_unknown(make_error(ErrorCode::kTimedOut, "no answer."), bench.now);
  CHECK(bench.worker.due() == bench.now + 1s);
}

TEST_CASE("a command is frozen while the lease is lapsed, and goes on afterwards") {
  WorkerBench bench(kPolite);
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
  WorkerBench bench(kPolite);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.paused(grant(7));
  bench.worker.stop(bench.now, 5s);
  REQUIRE(bench.ends());
  CHECK(bench.file.text() == "ready\n");
}

TEST_CASE("no command is started while the lease is lapsed") {
  WorkerBench bench("exit 1");
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
  WorkerBench bench(kDeaf);
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
  WorkerBench bench(kDeaf);
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
  WorkerBench bench("exec sleep 60");
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
  WorkerBench bench(kDeaf);
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
  WorkerBench bench(kDeaf);
  bench.worker.assigned(grant(7), bench.now);
  REQUIRE(bench.wrote_line());
  bench.worker.stop(bench.now, 5s);
  bench.worker.revoked(grant(7), bench.now);
  CHECK(bench.worker.due() == bench.now + 5s);
}

TEST_CASE("what a command has printed is taken in before its partition is released") {
  WorkerBench bench("exit 0");
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
  WorkerBench bench("exit 1", {.name = "outbox/0", .restarts_max = 1});
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

}  // namespace muster::tools
