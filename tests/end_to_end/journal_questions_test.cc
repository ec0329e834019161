// Questions to the journal of a daemon at work: the log as it grows, the state at a time, figures.
#include <doctest/doctest.h>

#include <csignal>
#include <sstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

using nlohmann::json;

std::vector<std::string> journal_command(const std::string& verb, const Daemon& daemon,
                                         const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> all = {"journal", verb, "--data-dir", daemon.data_directory()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::string text_of(const std::string& verb, const Daemon& daemon,
                    const std::vector<std::string>& arguments = {}) {
  const CommandResult result = muster(journal_command(verb, daemon, arguments));
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

std::vector<json> log_of(const Daemon& daemon, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--output", "json"});
  return lines_of(text_of("log", daemon, arguments));
}

void create_topics(const Daemon& daemon, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    muster_json(daemon, {"topic", "create", name, "--partitions", "4"});
  }
}

/// A `muster journal log --follow` at work.
class Follower {
 public:
  Follower(const Daemon& daemon, const std::vector<std::string>& arguments)
      : process_({.command = command(daemon, arguments),
                  .environment = {},
                  .stdout_path = directory_ / "stdout",
                  .stderr_path = directory_ / "stderr"}) {}

  bool says(const std::string& words) const {
    return wait_until([&] { return out().find(words) != std::string::npos; });
  }
  std::string out() const { return read_file(directory_ / "stdout"); }
  std::string err() const { return read_file(directory_ / "stderr"); }
  Process& process() { return process_; }

 private:
  static std::vector<std::string> command(const Daemon& daemon,
                                          const std::vector<std::string>& arguments) {
    std::vector<std::string> all = journal_command("log", daemon, {"--follow"});
    all.insert(all.begin(), MUSTER_BINARY);
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }

  TemporaryDirectory directory_;
  Process process_;
};

TEST_CASE("the log is followed across a restart of the daemon, and ends when it is interrupted") {
  Daemon daemon;
  create_topics(daemon, {"orders"});
  Follower follower(daemon, {"--output", "json"});
  REQUIRE(follower.says("orders"));
  create_topics(daemon, {"refunds"});
  REQUIRE(follower.says("refunds"));
  daemon.kill9();
  daemon.start();
  create_topics(daemon, {"audit"});
  REQUIRE(follower.says("audit"));
  follower.process().signal(SIGINT);
  CHECK(follower.process().wait() == 0);
  CHECK(follower.err().empty());
  const std::vector<json> followed = lines_of(follower.out());
  REQUIRE(followed.size() == 3);
  CHECK(followed == journal_log(daemon));
}

TEST_CASE("the log is followed into the file that compacting put in the journal's place") {
  Daemon daemon;
  create_topics(daemon, {"orders"});
  Follower follower(daemon, {"--output", "json"});
  REQUIRE(follower.says("orders"));
  daemon.kill9();
  REQUIRE(muster({"journal", "compact", "--data-dir", daemon.data_directory()}).status == 0);
  daemon.start();
  create_topics(daemon, {"refunds"});
  REQUIRE(follower.says("refunds"));
  follower.process().signal(SIGINT);
  CHECK(follower.process().wait() == 0);
  CHECK(lines_of(follower.out()).size() == 2);
}

TEST_CASE("following begins with the last events, or where it is told to") {
  const Daemon daemon;
  for (int i = 0; i < 15; ++i) create_topics(daemon, {"topic-" + std::to_string(i)});
  const auto first_shown = [&](const std::vector<std::string>& arguments) {
    Follower follower(daemon, arguments);
    REQUIRE(follower.says("topic-14"));
    follower.process().signal(SIGTERM);
    CHECK(follower.process().wait() == 0);
    return lines_of(follower.out()).front().at("sequence").get<int>();
  };
  CHECK(first_shown({"--output", "json"}) == 6);
  CHECK(first_shown({"--output", "json", "--last", "3"}) == 13);
  CHECK(first_shown({"--output", "json", "--from", "2"}) == 2);
  CHECK(first_shown({"--output", "json", "--since", "1h"}) == 1);
}

TEST_CASE("who follows a log ends when nobody reads it any more") {
  const Daemon daemon;
  create_topics(daemon, {"orders"});
  const TemporaryDirectory directory;
  Process shell({.command = {"/bin/sh", "-c",
                             std::string("(\"$0\" journal log --follow --output json --data-dir ") +
                                 "\"$1\"; echo ended with $? >&2) | head -n 1",
                             MUSTER_BINARY, daemon.data_directory()},
                 .environment = {},
                 .stdout_path = directory / "stdout",
                 .stderr_path = directory / "stderr"});
  REQUIRE(shell.wait() == 0);
  CHECK(lines_of(read_file(directory / "stdout")).size() == 1);
  CHECK(read_file(directory / "stderr") == "ended with 0\n");
}

TEST_CASE("a state is found by the time of its events") {
  const Daemon daemon;
  create_topics(daemon, {"orders", "refunds", "audit"});
  const std::vector<json> events = journal_log(daemon);
  REQUIRE(events.size() == 3);
  const auto state_at = [&](const std::string& at) {
    return json::parse(text_of("state", daemon, {"--output", "json", "--at", at}));
  };
  // Two of them may have been made within one millisecond: the last of those is taken.
  for (const json& event : events) {
    const std::string time = event.at("time");
    std::size_t last = 0;
    for (const json& other : events) {
      if (other.at("time").get<std::string>() <= time) last = other.at("sequence");
    }
    const json state = state_at(time);
    CHECK(state.at("sequence") == last);
    CHECK(state.at("topics").size() == last);
    CHECK(state.at("time") == events[last - 1].at("time"));
  }
  CHECK(state_at("2020-01-01 00:00").at("sequence") == 0);
  CHECK(state_at("2020-01-01 00:00").at("time").is_null());
  CHECK(state_at("0s").at("sequence") == 3);
  CHECK(text_of("state", daemon, {"--at", "0s"}).find("is 3.\nAt sequence 3 (") !=
        std::string::npos);
}

TEST_CASE("the log is narrowed down to members, topics, partitions, causes and times") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  create_topics(daemon, {"orders", "refunds"});
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  Member b(daemon.address(), {.member_id = "b", .topics = {"orders"}});
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 2 && b.held().size() == 2; }));
  const Partition own = b.held().begin()->first;
  CHECK_FALSE(b.commit(own, 41).has_value());

  for (const json& event : log_of(daemon, {"--member", "b"})) {
    CHECK(event.dump().find("\"member_id\":\"b\"") != std::string::npos);
  }
  CHECK(log_of(daemon, {"--topic", "refunds"}).size() == 1);
  const auto partition = log_of(daemon, {"--partition", "orders/" + std::to_string(own.second)});
  CHECK(partition.front().at("type") == "TopicCreated");
  CHECK(partition.back().at("type") == "OffsetsCommitted");
  for (const json& event : log_of(daemon, {"--cause", "operator"})) {
    CHECK(event.at("type") == "TopicCreated");
  }
  CHECK(log_of(daemon, {"--cause", "operator", "--cause", "client"}).size() >
        log_of(daemon, {"--cause", "client"}).size());
  CHECK(log_of(daemon, {"--since", "1h"}) == journal_log(daemon));
  CHECK(log_of(daemon, {"--until", "1h"}).empty());
  CHECK(log_of(daemon, {"--last", "2"}).size() == 2);
  CHECK(log_of(daemon, {"--from", "3", "--last", "1"}).back() == journal_log(daemon).back());
  // A topic's name is known though its creation is not among what is shown.
  CHECK(log_of(daemon, {"--type", "PlanMade", "--from", "3", "--explain"})
            .front()
            .at("explanation") == "generation 1 by round_robin: 4 partitions of 4 get a new owner");
  CHECK(text_of("log", daemon, {"--explain", "--type", "MemberJoined"})
            .find("group: b joined, subscribing to orders. Cause: ") != std::string::npos);
}

TEST_CASE("figures of a journal add up") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  create_topics(daemon, {"orders"});
  for (int i = 0; i < 10; ++i) {
    Member member(daemon.address(), {.member_id = "flapping", .topics = {"orders"}});
    member.join();
    REQUIRE(pump_until({&member}, [&] { return member.held().size() == 4; }));
    member.leave();
  }
  const json stats = json::parse(text_of("stats", daemon, {"--output", "json"}));
  CHECK(stats.at("events") == journal_log(daemon).size());
  std::uint64_t by_type = 0;
  for (const json& type : stats.at("types")) by_type += type.at("events").get<std::uint64_t>();
  CHECK(by_type == stats.at("events"));
  std::uint64_t by_hour = 0;
  for (const json& hour : stats.at("hours")) by_hour += hour.at("events").get<std::uint64_t>();
  CHECK(by_hour == stats.at("events"));
  CHECK(stats.at("groups")[0].at("joined") == 10);
  CHECK(stats.at("file_bytes").get<std::uint64_t>() > 0);
  REQUIRE(stats.at("storms").size() == 1);
  CHECK(stats.at("storms")[0].at("group") == "group");
  CHECK(text_of("stats", daemon).find("x MemberJoined of flapping") != std::string::npos);
}

TEST_CASE(
    "a log in which nothing is what was asked for says so, and a directory without a journal") {
  const Daemon daemon;
  create_topics(daemon, {"orders", "refunds"});
  const auto said = [&](const std::vector<std::string>& arguments) {
    const CommandResult result = muster(journal_command("log", daemon, arguments));
    CHECK(result.status == 0);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(said({"--group", "nobody"}) ==
        "muster: none of the events 1 to 2 is one of those asked for: the journal has 1 to 2\n");
  CHECK(said({"--from", "77"}) ==
        "muster: none of the events asked for is there: the journal has 1 to 2\n");
  const TemporaryDirectory empty;
  const CommandResult nothing = muster({"journal", "verify", "--data-dir", empty / "typo"});
  CHECK(nothing.status == 1);
  CHECK(nothing.out.empty());
  CHECK(nothing.err.find("there is no journal in " + (empty / "typo")) != std::string::npos);
}

}  // namespace
}  // namespace muster::e2e
