// `muster journal`: on a live daemon's journal, a dead one's, a copy, and damaged files.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

CommandResult journal(const std::string& verb, const std::string& directory,
                      const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> all = {"journal", verb, "--data-dir", directory, "--output", "json"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return muster(all);
}

json journal_json(const std::string& verb, const std::string& directory,
                  const std::vector<std::string>& arguments = {}) {
  const CommandResult result = journal(verb, directory, arguments);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return json::parse(result.out);
}

void make_history(const Daemon& daemon) {
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  Member b(daemon.address(), {.member_id = "b", .topics = {"orders"}});
  create_topic(a.client(), "orders", 4);
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 2 && b.held().size() == 2; }));
  for (const auto& [partition, token] : a.held()) CHECK_FALSE(a.commit(partition, 41).has_value());
}

void write_byte(const std::string& file, off_t offset, unsigned char byte) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(::pwrite(descriptor, &byte, 1, offset) == 1);
  ::close(descriptor);
}

TEST_CASE("the journal of a live, a killed and a copied daemon says the same") {
  Daemon daemon({"--gathering-window-ms", "0"});
  make_history(daemon);
  const std::string directory = daemon.data_directory();
  const json live = journal_json("verify", directory);
  CHECK(live.at("ok") == true);
  CHECK(live.at("first_sequence") == 1);
  CHECK(live.at("events") == live.at("last_sequence"));
  CHECK(live.at("first_bad_sequence").is_null());
  require_digest_equals_replay(daemon);

  daemon.kill9();
  const json dead = journal_json("verify", directory);
  CHECK(dead.at("last_sequence") >= live.at("last_sequence"));
  const TemporaryDirectory copy;
  fs::copy_file(directory + "/data.mdb", copy / "data.mdb");
  CHECK(journal_json("verify", copy.path()) == dead);
  CHECK(journal("log", copy.path()).out == journal("log", directory).out);
  CHECK(std::distance(fs::directory_iterator(copy.path()), {}) == 1);
}

TEST_CASE("a group in the journal's state is as describe shows it, at any sequence") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  make_history(daemon);
  const json described = muster_json(daemon, {"group", "describe", "group"});
  const json state = journal_json("state", daemon.data_directory());
  REQUIRE(state.at("groups").size() == 1);
  CHECK(state.at("groups")[0] == without_observations(described));
  CHECK(state.at("topics")[0].at("topic") == "orders");

  // Time travel: right after the first grant one member had everything.
  for (const json& event : journal_log(daemon)) {
    if (event.at("type") != "PartitionsGranted") continue;
    const json then = journal_json("state", daemon.data_directory(),
                                   {"--group", "group", "--at", event.at("sequence").dump()});
    CHECK(then.at("sequence") == event.at("sequence"));
    CHECK(then.at("groups")[0].at("unowned") == 0);
    CHECK(then.at("groups")[0].at("members")[0].at("owned").dump() == R"({"orders":[0,1,2,3]})");
    break;
  }
}

TEST_CASE("the log can be narrowed down to a group, types and sequences") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  make_history(daemon);
  const std::string directory = daemon.data_directory();
  const auto lines = [](const CommandResult& result) {
    CHECK(result.status == 0);
    return std::ranges::count(result.out, '\n');
  };
  const auto all = lines(journal("log", directory));
  CHECK(lines(journal("log", directory, {"--group", "group"})) == all - 1);  // the topic
  CHECK(lines(journal("log", directory, {"--group", "other"})) == 0);
  CHECK(lines(journal("log", directory, {"--type", "MemberJoined"})) == 2);
  CHECK(lines(journal("log", directory, {"--type", "MemberJoined", "--type", "TopicCreated"})) ==
        3);
  CHECK(lines(journal("log", directory, {"--from", "2", "--to", "4"})) == 3);
  const json granted =
      json::parse(journal("log", directory, {"--type", "PartitionsGranted", "--to", "4"}).out);
  CHECK(granted.at("grants")[0].at("topics")[0].at("topic") == "orders");
}

TEST_CASE("whatever the file holds, verify ends with 0 or 1, and a flipped record is found") {
  Daemon daemon({"--gathering-window-ms", "0"});
  make_history(daemon);
  daemon.kill9();
  const std::string file = daemon.data_directory() + "/data.mdb";
  const std::string bytes = read_file(file);
  const std::size_t used = bytes.find_last_not_of('\0');  // behind it are zeros written ahead
  std::mt19937 random(11);
  int unsound = 0;
  for (int i = 0; i < 150; ++i) {
    const auto offset = static_cast<off_t>(random() % used);
    write_byte(file, offset, static_cast<unsigned char>(random()));
    const CommandResult result = journal("verify", daemon.data_directory());
    CAPTURE(offset);
    REQUIRE((result.status == 0 || result.status == 1));
    REQUIRE(json::parse(result.out).at("ok") == (result.status == 0));
    unsound += result.status;
    write_byte(file, offset, static_cast<unsigned char>(bytes[static_cast<std::size_t>(offset)]));
  }
  CHECK(unsound > 0);

  // Every record that names the topic, the first of all too.
  const std::size_t record = bytes.find("orders");
  REQUIRE(record != std::string::npos);
  for (std::size_t at = record; at != std::string::npos; at = bytes.find("orders", at + 1)) {
    write_byte(file, static_cast<off_t>(at), 'O');
  }
  const CommandResult result = journal("verify", daemon.data_directory());
  CHECK(result.status == 1);
  CHECK(json::parse(result.out).at("first_bad_sequence") == 1);

  fs::resize_file(file, fs::file_size(file) / 2);
  const CommandResult cut_off = journal("verify", daemon.data_directory());
  CHECK(cut_off.status == 1);
  CHECK(json::parse(cut_off.out).at("first_bad_sequence").is_number());
}

}  // namespace
}  // namespace muster::e2e
