// What commands of `muster run` print: passed on, prefixed, or committed as offsets.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "end_to_end/run_setting.h"

namespace muster::e2e {
namespace {

// ---- output -----------------------------------------------------------------------------------

TEST_CASE("run: lines of commands that write at once are never torn") {
  RunSetting setting(4);
  std::vector<std::string> options = {"--exit-when-done"};
  std::string begin;
  SUBCASE("as they are") { begin = ""; }
  SUBCASE("with --prefix-output") {
    options.emplace_back("--prefix-output");
    begin = "[orders/N] ";
  }
  const auto run = setting.run(options,
                               "p=$MUSTER_PARTITION; for i in $(seq 50); do "
                               "printf \"$p$p$p\"; printf \"$p$p$p\\n\"; done");
  CHECK(run->process().wait() == 0);
  const std::vector<std::string> lines = run->out_lines();
  CHECK(lines.size() == 200);
  for (const std::string& line : lines) {
    REQUIRE_FALSE(line.empty());
    const char partition = line.back();
    std::string expected = begin + std::string(6, partition);
    std::ranges::replace(expected, 'N', partition);
    CHECK(line == expected);
  }
}

TEST_CASE("run: a reader that has stopped reading holds up the writers, and not muster run") {
  RunSetting setting(1);
  const std::string pipe = setting.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int never_read = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(never_read >= 0);
  RunProcess run(setting.daemon, setting.directory / "", {"--session-timeout", "1s"},
                 "echo $$ > $DIR/pid; exec yes", pipe);
  const pid_t writer = setting.pid_in("pid");
  REQUIRE(wait_until([&] { return process_state(writer) == 'S'; }));  // it waits in a write
  setting.daemon.stop();
  CHECK(run.logs("orders/0: paused"));
  CHECK(wait_until([&] { return process_state(writer) == 'T'; }));
  setting.daemon.resume();
  CHECK(run.logs("orders/0: resumed"));
  CHECK(run.terminate() == 0);
  CHECK(is_gone(writer));
  close(never_read);
}

// ---- commits ----------------------------------------------------------------------------------

TEST_CASE("run: printed offsets are committed, and everything else is passed on") {
  RunSetting setting;
  const auto run = setting.run({"--commit-from-stdout"},
                               "echo begin $MUSTER_PARTITION; echo 5; echo 12 rows; echo 99 >&2; "
                               "echo 7; echo 6; exec sleep 600");
  CHECK(setting.commits(0, 7));
  CHECK(setting.commits(1, 7));
  REQUIRE(run->logs("after 7: not committed, offsets only rise."));
  CHECK(run->terminate() == 0);
  std::vector<std::string> lines = run->out_lines();
  std::ranges::sort(lines);
  CHECK(lines == std::vector<std::string>{"12 rows", "12 rows", "begin 0", "begin 1"});
  CHECK(std::ranges::count(run->err(), '9') >= 4);
}

TEST_CASE("run: what a command prints on SIGTERM is committed with the release") {
  RunSetting setting(1);
  constexpr const char* kLast =
      "echo from $MUSTER_OFFSET; trap 'echo $((MUSTER_OFFSET + 42)); exit 0' TERM; echo ready; "
      "while :; do sleep 0.02; done";
  auto first = setting.run({"--consumer-id", "pod-0", "--commit-from-stdout"}, kLast);
  REQUIRE(first->prints("ready"));
  SUBCASE("and the next owner begins there") {
    auto second = setting.run({"--consumer-id", "pod-1", "--commit-from-stdout"}, kLast);
    REQUIRE(second->logs("joined group"));
    muster_json(setting.daemon, {"group", "pin", "group", "orders/0", "pod-1"});
    CHECK(second->prints("from 42"));
    CHECK(first->logs("orders/0: released with offset 42."));
    CHECK(second->terminate() == 0);
    CHECK(setting.committed() == std::map<int, std::int64_t>{{0, 84}});
  }
  SUBCASE("before the group is left") {
    CHECK(first->terminate() == 0);
    CHECK(setting.committed() == std::map<int, std::int64_t>{{0, 42}});
  }
  SUBCASE("also when the seat is kept") {
    CHECK(first->terminate() == 0);
    auto keeper =
        setting.run({"--consumer-id", "pod-0", "--commit-from-stdout", "--keep-seat"}, kLast);
    REQUIRE(keeper->prints("from 42"));
    REQUIRE(keeper->prints("ready"));
    CHECK(keeper->terminate() == 0);
    CHECK(setting.committed() == std::map<int, std::int64_t>{{0, 84}});
  }
}

TEST_CASE("run: a command may print as many offsets as it likes") {
  RunSetting setting(1);
  const auto run = setting.run({"--commit-from-stdout", "--exit-when-done"}, "exec seq 1 200000");
  CHECK(run->process().wait() == 0);
  CHECK(run->out().empty());
  CHECK(setting.committed() == std::map<int, std::int64_t>{{0, 200'000}});
}

TEST_CASE("run: offsets printed while no server answers are committed when one does") {
  RunSetting setting(1);
  const auto run = setting.run({"--commit-from-stdout", "--session-timeout", "20s"},
                               "echo ready; until [ -e $DIR/go ]; do sleep 0.02; done; "
                               "echo 10; echo went; exec sleep 600");
  REQUIRE(run->prints("ready"));
  setting.daemon.kill9();
  REQUIRE(close(open(setting.file("go").c_str(), O_CREAT | O_WRONLY, 0600)) == 0);
  REQUIRE(run->prints("went"));
  setting.daemon.start();
  CHECK(setting.commits(0, 10));
  CHECK(run->terminate() == 0);
}

}  // namespace
}  // namespace muster::e2e
