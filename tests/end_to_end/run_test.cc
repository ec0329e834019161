// `muster run` with real daemons, real commands and real signals.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>

#include "end_to_end/run_setting.h"

namespace muster::e2e {
namespace {

// ---- partitions come and go -------------------------------------------------------------------

TEST_CASE("run: each partition has a command of its own, which is told all about it") {
  RunSetting setting;
  muster_json(setting.daemon, {"offset", "commit", "group", "orders/1", "70"});
  const auto run = setting.run(
      {"--consumer-id", "pod-0"},
      "echo $MUSTER_GROUP $MUSTER_TOPIC/$MUSTER_PARTITION $MUSTER_OFFSET ${MUSTER_FENCE:+token} "
      "$MUSTER_MEMBER_ID $MUSTER_SERVER; exec sleep 600");
  CHECK(run->prints("group orders/0 0 token pod-0 " + setting.daemon.address()));
  CHECK(run->prints("group orders/1 70 token pod-0 " + setting.daemon.address()));
  CHECK(run->terminate() == 0);
  CHECK(setting.group_state() == "empty");
}

TEST_CASE("run: a revoked partition is released when its command has ended, not before") {
  RunSetting setting(3);
  auto first = setting.run({"--consumer-id", "pod-0"}, kTidy);
  for (const char* partition : {"0", "1", "2"}) {
    REQUIRE(setting.has_line("story", std::string("begin ") + partition + " pod-0"));
  }
  auto second = setting.run({"--consumer-id", "pod-1"}, kTidy);
  REQUIRE(second->logs("started process"));
  CHECK(first->terminate() == 0);
  REQUIRE(wait_until([&] { return setting.lines("story").size() >= 9; }));
  CHECK(second->terminate() == 0);
  std::map<std::string, std::string> at_work;  // partition → member
  for (const std::string& line : setting.lines("story")) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string what;
    std::string partition;
    std::string member;
    words >> what >> partition >> member;
    if (what == "begin") {
      CHECK(at_work.emplace(partition, member).second);  // nobody else is at it
    } else {
      CHECK(at_work[partition] == member);
      at_work.erase(partition);
    }
  }
  CHECK(at_work.empty());
}

TEST_CASE("run: what nohup ignores for it ends neither run nor its commands") {
  const RunSetting setting(1);
  Process run({.command = {"/usr/bin/nohup", MUSTER_BINARY, "--server", setting.daemon.address(),
                           "run", "--group", "group", "--topic", "orders", "--", "sh", "-c",
                           "echo begun; until [ -e $DIR/go ]; do sleep 0.05; done; echo went on; "
                           "exec sleep 600"},
               .environment = {{"DIR", setting.directory / ""}},
               .stdout_path = setting.file("out"),
               .stderr_path = setting.file("err")});
  REQUIRE(setting.has_line("out", "begun"));
  run.signal(SIGHUP);
  std::ofstream(setting.file("go")) << "";
  CHECK(setting.has_line("out", "went on"));
  run.signal(SIGTERM);
  CHECK(run.wait() == 0);
}

TEST_CASE("run: a command that ignores SIGTERM is killed in time for the release") {
  RunSetting setting(1);
  auto first = setting.run(
      {"--consumer-id", "pod-0", "--session-timeout", "1s", "--rebalance-timeout", "1s"}, kDeaf);
  const pid_t deaf = setting.pid_in("pid");
  auto second = setting.run({"--consumer-id", "pod-1"}, "echo mine; exec sleep 600");
  REQUIRE(second->logs("joined group"));
  const CommandResult pinned =
      muster({"--server", setting.daemon.address(), "group", "pin", "group", "orders/0", "pod-1"});
  REQUIRE(pinned.status == 0);
  REQUIRE(second->prints("mine"));
  CHECK(is_gone(deaf));
  CHECK(first->logs("orders/0: the command did not end in time: killed."));
  CHECK(first->logs("orders/0: released."));
  for (const nlohmann::json& event : journal_log(setting.daemon)) {
    CHECK(event.at("type") != "PartitionsFenced");
  }
}

// ---- failures ---------------------------------------------------------------------------------

TEST_CASE("run: a command that fails is started again where it had come to") {
  RunSetting setting(1);
  const auto run =
      setting.run({"--commit-from-stdout"},
                  "echo at $MUSTER_OFFSET; [ $MUSTER_OFFSET -ge 20 ] && exec sleep 600; "
                  "echo $((MUSTER_OFFSET + 10)); exit 3");
  CHECK(run->prints("at 20"));
  CHECK(std::ranges::count(run->out_lines(), "at 10") == 1);
  CHECK(run->logs("orders/0: the command exited with status 3. Next try in "));
  CHECK(run->terminate() == 0);
}

TEST_CASE("run: --max-restarts ends all with status 4 and leaves the group") {
  RunSetting setting;
  const auto run = setting.run({"--max-restarts", "1"},
                               "[ $MUSTER_PARTITION = 1 ] && exit 3; echo $$ >> $DIR/pid; "
                               "exec sleep 600");
  CHECK(run->process().wait() == 4);
  CHECK(run->logs("giving up: orders/1 failed 2 times in a row, and --max-restarts is 1."));
  CHECK(is_gone(setting.pid_in("pid")));
  CHECK(setting.group_state() == "empty");
}

TEST_CASE("run: the exit status says what was wrong") {
  RunSetting setting(1);
  const std::vector<std::string> base = {"--server", setting.daemon.address(), "run", "--group",
                                         "group"};
  const auto status = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = base;
    all.insert(all.end(), more.begin(), more.end());
    return muster(all);
  };
  SUBCASE("a topic that is not there") {
    const CommandResult result = status({"--topic", "nothing", "--", "true"});
    CHECK(result.status == 1);
    CHECK(result.err.find("There is no topic 'nothing'") != std::string::npos);
  }
  SUBCASE("wrong usage") {
    CHECK(status({"--topic", "orders"}).status == 2);
    CHECK(status({"--topic", "orders", "--max-restarts", "-1", "--", "true"}).status == 2);
    CHECK(status({"--topic", "orders", "--one-process", "--prefix-output", "--", "true"}).status ==
          2);
  }
  SUBCASE("a command that may not be executed") {
    const CommandResult result = status({"--topic", "orders", "--", "/etc/passwd"});
    CHECK(result.status == 126);
    CHECK(result.err.find("\"/etc/passwd\"") != std::string::npos);
  }
  SUBCASE("a command that is not there") {
    const CommandResult result = status({"--topic", "orders", "--", "no-such-command"});
    CHECK(result.status == 127);
    CHECK(result.err.find("\"no-such-command\"") != std::string::npos);
  }
}

TEST_CASE("run: a member that an operator has removed ends with status 3") {
  RunSetting setting(1);
  const auto run = setting.run({"--consumer-id", "pod-0"}, kSleeps);
  const pid_t command = setting.pid_in("pid");
  muster_json(setting.daemon, {"group", "remove-member", "group", "pod-0"});
  CHECK(run->process().wait() == 3);
  CHECK(run->logs("MEMBER_REMOVED"));
  CHECK(is_gone(command));
}

// ---- done -------------------------------------------------------------------------------------

TEST_CASE("run: --exit-when-done leaves when every command has exited with 0, and not before") {
  RunSetting setting;
  const auto run = setting.run({"--exit-when-done"},
                               "[ $MUSTER_PARTITION = 0 ] && exit 0; "
                               "until [ -e $DIR/go ]; do sleep 0.02; done");
  REQUIRE(run->logs("orders/0: finished: the command exited with status 0."));
  REQUIRE(run->logs("orders/1: started process"));
  CHECK(run->process().running());
  CHECK(setting.group_state() == "stable");
  REQUIRE(close(open(setting.file("go").c_str(), O_CREAT | O_WRONLY, 0600)) == 0);
  CHECK(run->process().wait() == 0);
  CHECK(run->logs("done: every command has exited with status 0."));
  CHECK(setting.group_state() == "empty");
}

TEST_CASE("run: --exit-when-done in many members ends in all of them, whoever had what") {
  RunSetting setting(3);
  std::vector<std::unique_ptr<RunProcess>> runs;
  for (int i = 0; i < 4; ++i) {  // one more than there are partitions
    runs.push_back(
        setting.run({"--exit-when-done", "--commit-from-stdout"},
                    "for next in 1 2 3; do "
                    "[ $next -le $MUSTER_OFFSET ] || { sleep 0.05; echo $next; }; done"));
  }
  for (const auto& run : runs) CHECK(run->process().wait() == 0);
  CHECK(setting.committed() == std::map<int, std::int64_t>{{0, 3}, {1, 3}, {2, 3}});
}

// ---- one process for all ----------------------------------------------------------------------

TEST_CASE("run: one process reads what it has from standard input, and starts anew for a change") {
  RunSetting setting;
  constexpr const char* kLists =
      "while read line; do echo \"$line\"; done; echo all ${MUSTER_PARTITION:-told}; "
      "trap 'echo ends; exit 0' TERM; while :; do sleep 0.02; done";
  auto first = setting.run({"--one-process", "--consumer-id", "pod-0"}, kLists);
  REQUIRE(first->prints("all told"));
  const std::vector<std::string> told = first->out_lines();
  REQUIRE(told.size() == 3);
  for (int partition = 0; partition < 2; ++partition) {
    const auto line = nlohmann::json::parse(told.at(static_cast<std::size_t>(partition)));
    CHECK(line.at("topic") == "orders");
    CHECK(line.at("partition") == partition);
    CHECK(line.at("offset") == 0);
    CHECK(line.at("fence") > 0);
  }
  muster_json(setting.daemon,
              {"offset", "commit", "group", "orders/0", "30", "--fence",
               std::to_string(nlohmann::json::parse(told[0]).at("fence").get<int>())});
  auto second = setting.run({"--one-process", "--consumer-id", "pod-1"}, kLists);
  REQUIRE(second->prints("all told"));
  CHECK(second->out_lines().size() == 2);  // one partition
  REQUIRE(wait_until([&] { return std::ranges::count(first->out_lines(), "all told") == 2; }));
  const std::vector<std::string> again = first->out_lines();
  CHECK(again.at(3) == "ends");
  const auto kept = nlohmann::json::parse(again.at(4));
  CHECK(kept.at("partition") == 0);
  CHECK(kept.at("offset") == 30);
  CHECK(again.at(5) == "all told");
  CHECK(second->terminate() == 0);
  REQUIRE(wait_until([&] { return std::ranges::count(first->out_lines(), "all told") == 3; }));
  CHECK(first->terminate() == 0);
}

TEST_CASE("run: one process prints partitions with their offsets") {
  RunSetting setting;
  const auto run = setting.run({"--one-process", "--commit-from-stdout"},
                               "echo orders/0 11; echo orders/1 22; echo orders/7 33; echo 44; "
                               "exec sleep 600");
  CHECK(setting.commits(0, 11));
  CHECK(setting.commits(1, 22));
  CHECK(run->prints("44"));
  CHECK(run->logs("orders/7, which it was not given: not committed."));
  CHECK(run->terminate() == 0);
  CHECK(run->out() == "44\n");
}

// ---- nothing survives -------------------------------------------------------------------------

TEST_CASE("run: nothing survives kill -9 of muster run, and another member goes on") {
  RunSetting setting(1);
  auto run = setting.run({"--disconnect-grace", "300ms"},
                         "echo $$ > $DIR/command; sleep 600 & echo $! > $DIR/child; wait");
  const pid_t child = setting.pid_in("child");
  const pid_t command = setting.pid_in("command");
  auto next = setting.run({}, "echo mine; exec sleep 600");
  REQUIRE(next->logs("joined group"));
  run->process().kill9();
  CHECK(wait_until([&] { return is_gone(command) && is_gone(child); }));
  CHECK(next->prints("mine"));
}

TEST_CASE("run: commands and what they have started are frozen while the lease is lapsed") {
  RunSetting setting(1);
  auto run = setting.run({"--session-timeout", "1s"},
                         "echo $$ > $DIR/command; sleep 600 & echo $! > $DIR/child; wait");
  const pid_t child = setting.pid_in("child");
  const pid_t command = setting.pid_in("command");
  setting.daemon.stop();
  CHECK(wait_until([&] { return process_state(command) == 'T' && process_state(child) == 'T'; }));
  setting.daemon.resume();
  CHECK(wait_until([&] { return process_state(command) == 'S' && process_state(child) == 'S'; }));
  CHECK(run->logs("orders/0: resumed."));
  CHECK(run->terminate() == 0);
  CHECK(is_gone(command));
  CHECK(is_gone(child));
}

TEST_CASE("run: Ctrl-Z stops the commands too, and they go on with it") {
  RunSetting setting(1);
  auto run = setting.run({}, kSleeps);
  const pid_t command = setting.pid_in("pid");
  run->process().signal(SIGTSTP);
  REQUIRE(wait_until([&] { return process_state(run->process().pid()) == 'T'; }));
  CHECK(wait_until([&] { return process_state(command) == 'T'; }));
  run->process().signal(SIGCONT);
  CHECK(wait_until([&] { return process_state(command) == 'S'; }));
  CHECK(run->terminate() == 0);
}

TEST_CASE("run: commands that were stopped by Ctrl-Z for longer than the lease do not go on") {
  RunSetting setting(1);
  auto run = setting.run({"--session-timeout", "1s"},
                         "echo $$ >> $DIR/pid; while :; do echo at work; sleep 0.02; done");
  const pid_t command = setting.pid_in("pid");
  run->process().signal(SIGTSTP);
  REQUIRE(wait_until([&] { return process_state(run->process().pid()) == 'T'; }));
  auto next = setting.run({}, "echo mine; exec sleep 600");
  REQUIRE(next->prints("mine"));
  const std::size_t before = run->out_lines().size();
  run->process().signal(SIGCONT);
  CHECK(run->logs("orders/0: lost"));
  CHECK(wait_until([&] { return is_gone(command); }));
  CHECK(run->out_lines().size() <= before + 10);  // what was in the pipe already
}

}  // namespace
}  // namespace muster::e2e
