// `muster group reset-offsets`: dry runs, every target, and a live reset of a group at work.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/deadline.h"
#include "end_to_end/member.h"
#include "end_to_end/temporary_directory.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;

bool tells(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Topic "orders" with 3 partitions; group "group" has 10, 20 and 30 committed.
struct ResetSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  ResetSetting() {
    create_topic(client, "orders", 3);
    for (int i = 0; i < 3; ++i) commit(i, 10 * (i + 1));
  }
  void commit(int partition, int offset) const {
    run({"offset", "commit", "group", "orders/" + std::to_string(partition),
         std::to_string(offset)});
  }
  Json run(const std::vector<std::string>& arguments) const {
    return muster_json(daemon, arguments);
  }
  CommandResult attempt(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--server", daemon.address()});
    return muster(arguments);
  }
  Json reset(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"group", "reset-offsets", "group"});
    return run(arguments);
  }
  std::vector<std::int64_t> committed() const {
    std::vector<std::int64_t> all;
    for (int i = 0; i < 3; ++i) {
      const Json offset =
          run({"offset", "fetch", "group", "orders/" + std::to_string(i)}).at("offset");
      all.push_back(offset.is_null() ? -1 : offset.get<std::int64_t>());
    }
    return all;
  }
};

using Offsets = std::vector<std::int64_t>;

Offsets after(const Json& reset) {
  Offsets all;
  for (const Json& change : reset.at("changes")) {
    all.push_back(change.at("after").is_null() ? -1 : change.at("after").get<std::int64_t>());
  }
  return all;
}

TEST_CASE("A dry run is the default: it shows before and after, and changes nothing") {
  ResetSetting setting;
  const Json shown = setting.reset({"--to-offset", "5"});
  CHECK(shown.at("dry_run") == true);
  REQUIRE(shown.at("changes").size() == 3);
  CHECK(shown.at("changes").at(1).at("before") == 20);
  CHECK(shown.at("changes").at(1).at("after") == 5);
  CHECK(setting.committed() == Offsets{10, 20, 30});
  const CommandResult text =
      setting.attempt({"group", "reset-offsets", "group", "--to-offset", "5", "--dry-run"});
  CHECK(tells(text.out, "Nothing was changed"));
  CHECK(tells(text.out, "BEFORE  AFTER"));
  CHECK(setting.attempt({"group", "reset-offsets", "group"}).status == 2);
  CHECK(setting.attempt({"group", "reset-offsets", "group", "--to-offset", "5", "--to-earliest"})
            .status == 2);
  CHECK(setting
            .attempt(
                {"group", "reset-offsets", "group", "--to-offset", "5", "--dry-run", "--execute"})
            .status == 2);
}

TEST_CASE("Every target: offset, earliest, latest, current, shift") {
  ResetSetting setting;
  setting.run({"offset", "report-end", "orders/0", "50", "--start", "4"});
  CHECK(after(setting.reset({"--to-earliest"})) == Offsets{4, 0, 0});
  CHECK(after(setting.reset({"--to-current"})) == Offsets{10, 20, 30});
  CHECK(after(setting.reset({"--shift-by", "-8"})) == Offsets{4, 12, 22});
  CHECK(after(setting.reset({"--shift-by", "100", "--topic", "orders:0"})) == Offsets{50});
  CHECK(after(setting.reset({"--to-latest", "--topic", "orders:0"})) == Offsets{50});
  const CommandResult unknown =
      setting.attempt({"group", "reset-offsets", "group", "--to-latest", "--execute"});
  CHECK(unknown.status == 1);
  CHECK(tells(unknown.err, "END_UNKNOWN"));
  CHECK(tells(unknown.err, "muster offset report-end orders/1 END"));
  CHECK(setting.committed() == Offsets{10, 20, 30});

  const Json done = setting.reset({"--to-offset", "7", "--topic", "orders:0,2", "--execute"});
  CHECK(done.at("dry_run") == false);
  REQUIRE(done.at("sequences").size() == 1);
  CHECK(setting.committed() == Offsets{7, 20, 7});
  setting.run({"offset", "restore", "group", "--at",
               std::to_string(done.at("sequences").at(0).get<std::uint64_t>())});
  CHECK(setting.committed() == Offsets{10, 20, 30});
}

TEST_CASE("--from-file sets what an export had") {
  ResetSetting setting;
  const TemporaryDirectory directory;
  const std::string path = directory / "offsets.csv";
  std::ofstream(path) << setting.attempt({"offset", "export", "group"}).out;
  setting.commit(0, 99);
  setting.commit(1, 98);
  CHECK(after(setting.reset({"--from-file", path})) == Offsets{10, 20, 30});
  setting.reset({"--from-file", path, "--topic", "orders:0", "--execute"});
  CHECK(setting.committed() == Offsets{10, 98, 30});
}

TEST_CASE("--to-time is what was committed at that time") {
  ResetSetting setting;
  std::int64_t time_ms = 0;
  const Json fetched = setting.run({"offset", "fetch", "group"});
  for (const Json& offset : fetched.at("offsets")) {
    time_ms = std::max<std::int64_t>(time_ms, offset.at("commit_time_ms"));
  }
  // The clock of the commits goes on before the next.
  REQUIRE(wait_until([&] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() > time_ms + 1;
  }));
  const std::string text =
      setting.run({"group", "lag", "group"}).at("partitions").at(2).at("commit_time");
  setting.commit(0, 77);
  setting.run({"offset", "delete", "group", "orders/1"});
  CHECK(after(setting.reset({"--to-time", text})) == Offsets{10, 20, 30});
  CHECK(after(setting.reset({"--to-time", "2020-01-01"})) == Offsets{-1, -1});
  setting.reset({"--to-time", text, "--execute"});
  CHECK(setting.committed() == Offsets{10, 20, 30});
}

TEST_CASE("A group with members is reset live or not at all") {
  ResetSetting setting;
  Member a(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 3; }));
  const CommandResult refused =
      setting.attempt({"group", "reset-offsets", "group", "--to-offset", "1", "--execute"});
  CHECK(refused.status == 1);
  CHECK(tells(refused.err, "GROUP_NOT_EMPTY"));
  CHECK(tells(refused.err, "--live"));
  CHECK(tells(setting.attempt({"group", "reset-offsets", "group", "--to-offset", "1"}).out,
              "stop them first, or add --live"));
}

/// `muster` that goes on while members are pumped.
class Beside {
 public:
  Beside(const Daemon& daemon, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {MUSTER_BINARY, "--server", daemon.address(), "--output", "json"});
    process_ = std::make_unique<Process>(ProcessOptions{.command = std::move(arguments),
                                                        .environment = {},
                                                        .stdout_path = directory_ / "stdout",
                                                        .stderr_path = directory_ / "stderr"});
  }
  bool done() { return !process_->running(); }
  Json result() {
    CAPTURE(read_file(directory_ / "stderr"));
    REQUIRE(process_->wait() == 0);
    return Json::parse(read_file(directory_ / "stdout"));
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
};

TEST_CASE("A live reset: asked back, rewritten, granted again, and the old tokens are fenced") {
  ResetSetting setting;
  Member a(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  Member b(setting.daemon.address(), {.member_id = "b", .topics = {"orders"}});
  const std::vector<Member*> all = {&a, &b};
  a.join();
  b.join();
  REQUIRE(pump_until(all, [&] { return a.held().size() + b.held().size() == 3; }));
  const Held former = a.held();
  const Partition some = former.begin()->first;

  Beside reset(setting.daemon,
               {"group", "reset-offsets", "group", "--to-offset", "5", "--live", "--execute"});
  REQUIRE(pump_until(all, [&] { return reset.done(); }));
  const Json done = reset.result();
  CHECK(after(done) == Offsets{5, 5, 5});
  CHECK(done.at("changes").at(0).at("before") == 10);
  REQUIRE(pump_until(all, [&] { return a.held().size() + b.held().size() == 3; }));
  CHECK(a.token(some) > former.at(some));
  CHECK(committed(setting.client, "group", some) == 5);
  const auto late = a.commit(some, 1'000, former.at(some));
  REQUIRE(late.has_value());
  CHECK(late->name == "FENCED");
  CHECK_FALSE(a.commit(some, 6).has_value());
  CHECK(a.lost().empty());
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("A live reset survives kill -9, and a member that does not release is fenced") {
  ResetSetting setting;
  Member a(setting.daemon.address(), {.member_id = "a",
                                      .topics = {"orders"},
                                      .session_timeout_ms = 2'000,
                                      .disconnect_grace_ms = 2'000,
                                      .rebalance_timeout_ms = 2'000});
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 3; }));
  a.hold_on();
  Beside reset(setting.daemon,
               {"group", "reset-offsets", "group", "--to-offset", "5", "--live", "--execute"});
  REQUIRE(pump_until({&a}, [&] { return a.revoked() == 3; }));
  CHECK(setting.run({"group", "describe", "group"}).at("resetting") == 3);
  setting.daemon.kill9();
  setting.daemon.start();
  a.reconnect();
  CHECK(setting.run({"group", "describe", "group"}).at("resetting") == 3);
  CHECK(setting.committed() == Offsets{10, 20, 30});
  REQUIRE(pump_until({&a}, [&] { return setting.committed() == Offsets{5, 5, 5}; }));
  CHECK(setting.run({"group", "describe", "group"}).at("resetting") == 0);
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 3; }));
  require_digest_equals_replay(setting.daemon);
}

}  // namespace
}  // namespace muster::e2e
