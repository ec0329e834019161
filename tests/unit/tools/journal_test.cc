// The journal commands' exit status, on journals that are sound and that are not.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "codec/event.h"
#include "journal/store.h"
#include "tools/commands.h"

using namespace muster;
using namespace muster::tools;

namespace {

class DataDirectory {
 public:
  DataDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "muster-tools-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~DataDirectory() { std::filesystem::remove_all(path_); }
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  std::string path() const { return path_; }

  /// Appends one unit to the journal in it, as a daemon would.
  void append(const journal::EncodedEvents& events) const {
    auto store = journal::Store::open(path_, {.map_bytes = 64 << 20,
                                              .room = {.reserve_bytes = 1 << 16,
                                                       .full_below_bytes = 1 << 17,
                                                       .clear_above_bytes = 1 << 18}});
    REQUIRE(store.has_value());
    REQUIRE(store->append(store->header().last_sequence + 1, events).has_value());
  }

  /// Exit status of `muster journal VERB --data-dir … ARGUMENTS`.
  int run(const char* verb, const std::vector<const char*>& arguments = {}) const {
    std::vector<const char*> all{"muster",      "journal",  verb,  "--data-dir",
                                 path_.c_str(), "--output", "json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_command_line(static_cast<int>(all.size()), all.data());
  }

 private:
  std::string path_;
};

std::string bytes_of(domain::EventBody body) {
  return codec::encode_event({.time_ms = 1, .cause = {}, .body = std::move(body)});
}

std::string topic_created(const std::string& name) {
  return bytes_of(domain::TopicCreated{.name = name, .partition_count = 4});
}

}  // namespace

TEST_CASE("a sound journal is verified, told and folded") {
  const DataDirectory directory;
  directory.append({topic_created("a"), topic_created("b")});
  CHECK(directory.run("verify") == 0);
  CHECK(directory.run("log") == 0);
  CHECK(directory.run("state") == 0);
  CHECK(directory.run("state", {"--at", "1"}) == 0);
  CHECK(directory.run("state", {"--at", "0"}) == 0);
  CHECK(directory.run("stats") == 0);
}

TEST_CASE("a state is asked for by sequence or by time") {
  const DataDirectory directory;
  directory.append({topic_created("a"), topic_created("b")});
  CHECK(directory.run("state", {"--at", "1970-01-01"}) == 0);  // before everything
  CHECK(directory.run("state", {"--at", "5m"}) == 0);
  CHECK(directory.run("state", {"--at", "5x"}) == 2);
  CHECK(directory.run("state", {"--at", "-1"}) == 2);
}

TEST_CASE("what can't be meant of a log is wrong usage") {
  const DataDirectory directory;
  directory.append({topic_created("a")});
  CHECK(directory.run("log", {"--from", "5", "--to", "5"}) == 0);
  CHECK(directory.run("log", {"--from", "10", "--to", "5"}) == 2);
  CHECK(directory.run("log", {"--since", "2026-11-22", "--until", "2026-11-21"}) == 2);
  CHECK(directory.run("log", {"--since", "noon"}) == 2);
  CHECK(directory.run("log", {"--cause", "chance"}) == 2);
  CHECK(directory.run("log", {"--type", "Chance"}) == 2);
  CHECK(directory.run("log", {"--partition", "outbox"}) == 2);
  CHECK(directory.run("log", {"--topic", "outbox", "--partition", "outbox/1"}) == 2);
  CHECK(directory.run("log", {"--follow", "--to", "5"}) == 2);
  CHECK(directory.run("log", {"--follow", "--until", "5m"}) == 2);
}

TEST_CASE("there is no state beyond the end of the journal, and no group that never was") {
  const DataDirectory directory;
  directory.append({topic_created("a")});
  CHECK(directory.run("state", {"--at", "2"}) == 1);
  CHECK(directory.run("state", {"--group", "g"}) == 1);
}

TEST_CASE("an event that does not fold makes the journal unsound from there on") {
  const DataDirectory directory;
  directory.append({topic_created("a"), topic_created("a")});
  CHECK(directory.run("verify") == 1);
  CHECK(directory.run("state") == 1);
  CHECK(directory.run("state", {"--at", "1"}) == 0);
}

TEST_CASE("bytes that are no event make the journal unsound") {
  const DataDirectory directory;
  directory.append({topic_created("a"), "no event"});
  CHECK(directory.run("verify") == 1);
  CHECK(directory.run("log") == 1);
  CHECK(directory.run("log", {"--to", "1"}) == 0);
  CHECK(directory.run("state", {"--at", "1"}) == 0);
}

TEST_CASE("where no journal is, every command fails and makes nothing") {
  const DataDirectory directory;
  CHECK(directory.run("verify") == 1);
  CHECK(directory.run("log") == 1);
  CHECK(directory.run("log", {"--follow"}) == 1);
  CHECK(directory.run("state") == 1);
  CHECK(directory.run("stats") == 1);
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a file of anything is not sound") {
  const DataDirectory directory;
  std::ofstream(directory.path() + "/data.mdb") << std::string(20'000, 'x');
  CHECK(directory.run("verify") == 1);
}

TEST_CASE("journal commands need a data directory and numbers") {
  const DataDirectory directory;
  const std::vector<const char*> no_directory{"muster", "journal", "log"};
  CHECK(run_command_line(3, no_directory.data()) == 2);
  CHECK(directory.run("state", {"--at", "yesterday"}) == 2);
  CHECK(directory.run("log", {"--from", "-1"}) == 2);
}
