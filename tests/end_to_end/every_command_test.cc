// Every command that there is, with --output json: what it prints is JSON and has the fields that
// programs read. A command that is not in the table here fails the test.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

enum class Prints {
  kObject,
  kLines,       // an object a line
  kNoneOfJson,  // what it runs prints what it likes
};

struct Entry {
  std::string command;                 // "group list"
  std::vector<std::string> arguments;  // "{NAME}" is a directory or file of the test
  std::vector<std::string> fields;     // of the object, or of the first
  Prints prints = Prints::kObject;
  int status = 0;  // of one that prints no JSON
};

/// Before, the topic and the group are there, and a member that has it all; after `stop`, no
/// daemon.
const std::vector<Entry> kWhileItRuns = {
    {"status", {}, {"version", "journal_id", "sequence", "limits"}},
    {"topic create", {"other", "--partitions", "2"}, {"topic", "partitions"}},
    {"topic expand", {"other", "--partitions", "3"}, {"topic", "partitions"}},
    {"topic describe", {"other"}, {"topic", "partitions", "groups"}},
    {"topic list", {}, {"topics"}},
    {"topic delete", {"other"}, {"topic", "deleted"}},
    {"group list", {}, {"groups"}},
    {"group describe", {"group"}, {"group", "state", "members", "partitions"}},
    {"group configure", {"group", "--strategy", "sticky"}, {"group", "strategy"}},
    {"group freeze", {"group"}, {"group", "frozen"}},
    {"group unfreeze", {"group"}, {"group", "frozen"}},
    {"group pin", {"group", "orders/0", "a"}, {"group", "topic", "partition"}},
    {"group unpin", {"group", "orders/0"}, {"group", "topic", "partition"}},
    {"group drain-member", {"group", "a"}, {"group", "member_id"}},
    {"group undrain-member", {"group", "a"}, {"group", "member_id"}},
    {"group why", {"group", "orders/0"}, {"story", "now"}},
    {"offset commit", {"free", "orders/0", "5"}, {"outcome", "offset"}},
    {"offset fetch", {"free"}, {"group", "offsets"}},
    {"offset report-end", {"orders/0", "9"}, {}},
    {"group lag", {"free"}, {}},
    {"group reset-offsets", {"free", "--to-offset", "3", "--execute"}, {}},
    {"offset export", {"free"}, {}},
    {"offset delete", {"free", "orders/0"}, {}},
    {"offset restore", {"free"}, {}},
    {"offset import", {"free", "{offsets}"}, {}},
    {"fence check", {"group", "orders/0", "1"}, {"current", "current_fence"}},
    {"top", {}, {"groups", "events", "version"}},
    {"bench", {"heartbeat", "--connections", "2", "--duration", "100ms"}, {"requests_per_s"}},
    {"plan", {"--from-group", "group", "--add-members", "1"}, {"assignment", "moves", "balance"}},
    {"run",
     {"--group", "group", "--topic", "orders", "--", "no-such-program"},
     {},
     Prints::kNoneOfJson,
     127},
    {"group remove-member", {"group", "a"}, {"group", "member_id"}},
    {"group delete", {"free"}, {"group", "deleted"}},
    {"completion", {"bash"}, {"shell", "script"}},
    {"man", {"group"}, {"command", "page"}},
    {"journal log", {"--data-dir", "{data}"}, {"sequence", "type", "time"}, Prints::kLines},
    {"journal state", {"--data-dir", "{data}"}, {"sequence", "state_digest"}},
    {"journal stats", {"--data-dir", "{data}"}, {"events"}},
    {"journal why", {"group", "orders/0", "--data-dir", "{data}"}, {"story", "now"}},
    {"journal backup", {"--data-dir", "{data}", "--to", "{backup}"}, {"journal_id"}},
    {"journal export", {"--data-dir", "{data}"}, {}, Prints::kLines},
    {"journal export", {"--data-dir", "{data}", "{export}"}, {}, Prints::kNoneOfJson},
    {"journal import", {"{export}", "--data-dir", "{imported}"}, {"data_dir"}},
    {"journal restore", {"{backup}", "--data-dir", "{restored}"}, {"data_dir"}},
};
const std::vector<Entry> kWhenItIsStopped = {
    {"journal verify", {"--data-dir", "{data}"}, {"ok", "events"}},
    {"journal repair", {"--data-dir", "{data}"}, {}},
    {"journal compact", {"--data-dir", "{data}"}, {"before_bytes", "after_bytes"}},
};

/// From the shells' completion: commands have descriptions, other candidates have none.
std::vector<std::string> commands_below(const std::string& noun) {
  std::vector<std::string> arguments{"__complete"};
  if (!noun.empty()) arguments.push_back(noun);
  arguments.emplace_back("");
  std::istringstream lines(muster(arguments).out);
  std::vector<std::string> commands;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) commands.push_back(line.substr(0, tab));
  }
  return commands;
}

std::set<std::string> all_commands() {
  std::set<std::string> all;
  for (const std::string& noun : commands_below("")) {
    const auto verbs = commands_below(noun);
    for (const std::string& verb : verbs) all.insert(noun + " " + verb);
    if (verbs.empty()) all.insert(noun);
  }
  return all;
}

std::vector<std::string> words_of(const Entry& entry, const Daemon& daemon,
                                  const TemporaryDirectory& directory) {
  std::vector<std::string> words{"--server", daemon.address(), "--output", "json"};
  std::istringstream command(entry.command);
  for (std::string word; command >> word;) words.push_back(word);
  for (const std::string& argument : entry.arguments) {
    const bool named = argument.starts_with("{");
    const std::string name = named ? argument.substr(1, argument.size() - 2) : argument;
    words.push_back(!named           ? argument
                    : name == "data" ? daemon.data_directory()
                                     : directory / name);
  }
  return words;
}

void check_entry(const Entry& entry, const Daemon& daemon, const TemporaryDirectory& directory) {
  CAPTURE(entry.command);
  const CommandResult result = muster(words_of(entry, daemon, directory));
  CAPTURE(result.out);
  CAPTURE(result.err);
  if (entry.prints == Prints::kNoneOfJson) {
    CHECK(result.status == entry.status);
    return;
  }
  CHECK(result.err.empty());
  // A fence that is not current and a journal that is not sound are answers, with status 1.
  CHECK(result.status <= 1);
  const std::string text =
      entry.prints == Prints::kLines ? result.out.substr(0, result.out.find('\n')) : result.out;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  REQUIRE(json.is_object());
  CHECK_FALSE(json.contains("error"));
  for (const std::string& field : entry.fields) {
    CAPTURE(field);
    CHECK(json.contains(field));
  }
}

TEST_CASE("every command prints JSON that has what programs read") {
  const TemporaryDirectory directory;
  Daemon daemon({"--gathering-window-ms", "0"});
  Member member(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  create_topic(member.client(), "orders", 2);
  member.join();
  REQUIRE(pump_until({&member}, [&] { return member.held().size() == 2; }));
  std::ofstream(directory / "offsets") << "topic,partition,offset\norders,1,7\n";
  for (const Entry& entry : kWhileItRuns) check_entry(entry, daemon, directory);
  daemon.terminate();
  for (const Entry& entry : kWhenItIsStopped) check_entry(entry, daemon, directory);
}

TEST_CASE("no command is missing in the table above") {
  std::set<std::string> tabled;
  for (const auto* table : {&kWhileItRuns, &kWhenItIsStopped}) {
    for (const Entry& entry : *table) tabled.insert(entry.command);
  }
  CHECK(all_commands() == tabled);
}

TEST_CASE("an error is JSON too, on standard error, with its code, name and what to do") {
  const CommandResult result =
      muster({"--server", "unix:/nonexistent/socket", "--output", "json", "group", "list"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  const auto error = nlohmann::json::parse(result.err).at("error");
  CHECK(error.at("name") == "UNAVAILABLE");
  CHECK(error.at("code") == 100);
  CHECK(error.at("message").get<std::string>().find("--server") != std::string::npos);
}

TEST_CASE("wrong usage says the command, what is wrong with it, and where the right way stands") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> lines{
      {{"group", "describe"}, "muster group describe: GROUP is missing."},
      {{"group", "describe", "a", "b"}, "muster group describe: 'b' is more than it takes."},
      {{"topic"}, "muster topic: a command is missing: create, list, describe, expand or delete."},
      {{"--output", "yaml", "status"}, "muster status: --output: 'yaml' is not table or json."},
      {{"status", "--server", "a:1", "--server", "b:1"},
       "muster status: --server is given 2 times: give it once."},
      {{"status", "--server"}, "muster status: --server needs a value."},
      {{"topic", "create", "t", "--partitions", "many"},
       "muster topic create: --partitions: 'many' is not a whole number in its range."},
      {{"bench", "commit", "--connections", "0"},
       "muster bench: --connections: 0 is not from 1 to 19900."},
      {{"offset", "restore", "g", "--at", "x"},
       "muster offset restore: --at: \"x\" is not the sequence of an event: give a whole number."},
      {{"group", "reset-offsets", "g", "--to-latest", "--to-earliest"},
       "muster group reset-offsets: give only one of --to-offset, --to-earliest, --to-latest, "
       "--to-current, --shift-by, --to-time or --from-file."},
      {{"group", "lag", "g", "--watch=often"},
       "muster group lag: --watch: write --watch=5s, or --watch alone for every 2s."},
      {{"run", "--group", "g", "--topic", "t"}, "muster run: CMD is missing."},
  };
  for (const auto& [line, message] : lines) {
    const CommandResult result = muster(line);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    const std::string command = message.substr(0, message.find(':'));
    CHECK(result.err == message + " See " + command + " --help.\n");
  }
  const CommandResult json = muster({"--output", "json", "group", "describe"});
  CHECK(json.status == 2);
  CHECK(nlohmann::json::parse(json.err)["error"]["message"] ==
        "muster group describe: GROUP is missing. See muster group describe --help.");
}

TEST_CASE("an unknown name is answered with the one that is near") {
  const Daemon daemon;
  WireClient client(daemon.address());
  create_topic(client, "orders", 2);
  const auto said = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", daemon.address()});
    return muster(arguments).err;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(said({"topic", "describe", "ordesr"}), "Did you mean 'orders'?"));
  CHECK(has(said({"offset", "commit", "g", "order/0", "1"}), "Did you mean 'orders'?"));
  muster({"--server", daemon.address(), "group", "configure", "billing", "--strategy", "sticky"});
  CHECK(has(said({"group", "describe", "biling"}), "Did you mean 'billing'?"));
  CHECK_FALSE(has(said({"group", "describe", "something-else"}), "Did you mean"));
  CHECK(has(said({"grop", "list"}), "There is no command `muster grop`. Did you mean group?"));
}

}  // namespace
}  // namespace muster::e2e
