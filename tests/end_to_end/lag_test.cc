// Lag by the real `muster`: ends that were reported, and "unknown" where nobody did.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <muster/muster.hpp>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/deadline.h"
#include "end_to_end/member.h"
#include "end_to_end/process.h"
#include "end_to_end/temporary_directory.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct LagSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  LagSetting() {
    create_topic(client, "orders", 3);
    run({"offset", "commit", "group", "orders/0", "40", "--end", "100"});
    run({"offset", "commit", "group", "orders/1", "7"});
  }
  Json run(const std::vector<std::string>& arguments) const {
    return muster_json(daemon, arguments);
  }
  CommandResult attempt(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--server", daemon.address()});
    return muster(arguments);
  }
};

TEST_CASE("group lag: committed, end, lag and age; unknown where nobody has reported") {
  LagSetting setting;
  const Json lag = setting.run({"group", "lag", "group"});
  CHECK(lag.at("lag") == 60);
  CHECK(lag.at("unknown") == 1);
  const Json& partitions = lag.at("partitions");
  REQUIRE(partitions.size() == 2);
  CHECK(partitions.at(0).at("lag") == 60);
  CHECK(partitions.at(0).at("end") == 100);
  CHECK(partitions.at(0).at("commit_age_ms") >= 0);
  CHECK(partitions.at(1).at("end").is_null());
  CHECK(partitions.at(1).at("lag").is_null());
  const std::string text = setting.attempt({"group", "lag", "group"}).out;
  CHECK(contains(text, "Group group: 2 partitions, lag 60 (unknown for 1 partition)"));
  CHECK(contains(text, "unknown"));
  CHECK(contains(text, "COMMIT AGE"));
  CHECK(contains(setting.attempt({"group", "describe", "group"}).out, "unknown"));
}

TEST_CASE("offset report-end: ends belong to the topic, not to a group") {
  LagSetting setting;
  setting.run({"offset", "commit", "other", "orders/1", "10"});
  const Json reported = setting.run({"offset", "report-end", "orders/1", "20", "--start", "5"});
  CHECK(reported.at("end") == 20);
  CHECK(setting.run({"group", "lag", "group"}).at("partitions").at(1).at("lag") == 13);
  CHECK(setting.run({"group", "lag", "other"}).at("lag") == 10);
  CHECK(setting.run({"group", "lag", "other"}).at("partitions").at(0).at("start") == 5);
  const CommandResult crossed =
      setting.attempt({"offset", "report-end", "orders/1", "20", "--start", "21"});
  CHECK(crossed.status == 1);
  CHECK(contains(crossed.err, "can't begin at 21 and end at 20"));
  CHECK(contains(setting.attempt({"offset", "report-end", "orders/9", "20"}).err,
                 "has no partition 9"));
  setting.daemon.kill9();
  setting.daemon.start();
  CHECK(setting.run({"group", "lag", "other"}).at("unknown") == 1);  // observations
}

TEST_CASE("A consumer reports where partitions end, member or not") {
  LagSetting setting;
  Client client({.servers = {setting.daemon.address()}});
  GroupConsumer consumer(client, {.group_id = "group", .topics = {"orders"}});
  REQUIRE(consumer.report_end("orders", 1, 30, 3).has_value());
  CHECK(setting.run({"group", "lag", "group"}).at("partitions").at(1).at("lag") == 23);
  const auto nowhere = consumer.report_end("refunds", 0, 30);
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == ErrorCode::kUnknownResource);
  const auto negative = consumer.report_end("orders", 1, -1);
  REQUIRE_FALSE(negative.has_value());
  CHECK(negative.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("group lag --topic shows one topic, and says when the group has none such") {
  LagSetting setting;
  CHECK(setting.run({"group", "lag", "group", "--topic", "orders"}).at("partitions").size() == 2);
  const CommandResult none = setting.attempt({"group", "lag", "group", "--topic", "refunds"});
  CHECK(none.status == 1);
  CHECK(contains(none.err, "nothing to do with topic 'refunds'"));
}

TEST_CASE("group lag --watch: one line of JSON for each change, until it is interrupted") {
  LagSetting setting;
  const TemporaryDirectory directory;
  const std::string path = directory / "stdout";
  Process watch({.command = {MUSTER_BINARY, "--server", setting.daemon.address(), "--output",
                             "json", "group", "lag", "group", "--watch=100ms"},
                 .environment = {},
                 .stdout_path = path,
                 .stderr_path = directory / "stderr"});
  const auto lines = [&] { return std::ranges::count(read_file(path), '\n'); };
  REQUIRE(wait_until([&] { return lines() == 1; }));
  setting.run({"offset", "commit", "group", "orders/0", "41"});
  REQUIRE(wait_until([&] { return lines() == 2; }));
  const std::string out = read_file(path);
  CHECK(Json::parse(out.substr(out.find('\n') + 1)).at("lag") == 59);

  // A server that is away for a moment is said, and found again.
  setting.daemon.kill9();
  REQUIRE(wait_until([&] { return contains(read_file(path), "UNAVAILABLE"); }));
  setting.daemon.start();
  setting.run({"offset", "commit", "group", "orders/0", "42"});
  REQUIRE(wait_until([&] { return contains(read_file(path), "\"committed\":42"); }));
  watch.signal(SIGINT);
  CHECK(watch.wait() == 0);
}

}  // namespace
}  // namespace muster::e2e
