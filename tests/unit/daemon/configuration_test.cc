#include "daemon/configuration.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

using muster::daemon::Configuration;
using muster::daemon::parse_configuration;

namespace {

Configuration parsed(std::vector<std::string> arguments) {
  auto told = parse_configuration(std::move(arguments));
  if (!told) FAIL(told.error().text);
  return *told;
}

std::string refusal(std::vector<std::string> arguments) {
  const auto told = parse_configuration(std::move(arguments));
  REQUIRE(!told);
  CHECK(told.error().exit_status == 2);
  return told.error().text;
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

class ConfigurationFile {
 public:
  explicit ConfigurationFile(const std::string& content) {
    const int descriptor = mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    std::ofstream(path_) << content;
  }
  ~ConfigurationFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/muster_configuration_XXXXXX";
};

}  // namespace

TEST_CASE("the data directory alone is enough, and gives the documented defaults") {
  const Configuration told = parsed({"--data-dir", "d"});
  CHECK(told.data_dir == "d");
  REQUIRE(told.listen.size() == 1);
  CHECK(to_string(told.listen[0]) == "127.0.0.1:7461");
  CHECK(told.max_connections == 20'000);
  CHECK_FALSE(told.max_connections_asked);
  CHECK(told.coordinator.limits.session_timeout_ms_default == 30'000);
  CHECK(told.coordinator.max_frame_bytes == 4 * 1024 * 1024);
  CHECK(told.coordinator.max_unsent_bytes == 8 * 1024 * 1024);
}

TEST_CASE("without a data directory nothing runs") { says(refusal({}), "--data-dir is required"); }

TEST_CASE("several addresses may be listened on") {
  const Configuration told =
      parsed({"--data-dir", "d", "--listen", "127.0.0.1:0", "--listen", "unix:/run/m.sock"});
  REQUIRE(told.listen.size() == 2);
  CHECK(to_string(told.listen[0]) == "127.0.0.1:0");
  CHECK(to_string(told.listen[1]) == "unix:/run/m.sock");
}

TEST_CASE("a wrong listen address is named in the refusal") {
  says(refusal({"--data-dir", "d", "--listen", "nowhere"}), "'nowhere'");
}

TEST_CASE("numbers are decimal, whole and in range, or refused by name") {
  CHECK(parsed({"--data-dir", "d", "--max-connections", "010"}).max_connections == 10);
  for (const char* wrong : {"0", "-1", "1.5", "many", "99999999999999999999", ""}) {
    CAPTURE(wrong);
    says(refusal({"--data-dir", "d", "--max-connections", wrong}), "--max-connections");
  }
}

TEST_CASE("limits that contradict each other are refused") {
  says(refusal({"--data-dir", "d", "--session-timeout-default-ms", "500"}),
       "--session-timeout-min-ms");
  says(refusal({"--data-dir", "d", "--session-timeout-max-ms", "20000"}),
       "--session-timeout-max-ms");
  says(refusal({"--data-dir", "d", "--rebalance-timeout-max-ms", "1000"}),
       "--rebalance-timeout-max-ms");
  says(refusal({"--data-dir", "d", "--disconnect-grace-min-ms", "20000"}),
       "--disconnect-grace-min-ms");
  says(refusal({"--data-dir", "d", "--max-frame-bytes", "66000"}), "--max-frame-bytes");
  says(refusal({"--data-dir", "d", "--max-unsent-bytes", "4194304"}), "--max-unsent-bytes");
  says(refusal({"--data-dir", "d", "--max-journal-bytes", "100000000"}), "--max-journal-bytes");
}

TEST_CASE("a configuration file sets options, and flags win over it") {
  const ConfigurationFile file(
      "data-dir = \"/var/lib/muster\"\n"
      "listen = [\"127.0.0.1:1\", \"unix:/run/m.sock\"]\n"
      "# a comment\n"
      "log-format = json\n"
      "max-connections = 5\n"
      "gathering-window-ms = 0\n");
  const Configuration told = parsed({"--config", file.path(), "--gathering-window-ms", "7"});
  CHECK(told.data_dir == "/var/lib/muster");
  REQUIRE(told.listen.size() == 2);
  CHECK(to_string(told.listen[1]) == "unix:/run/m.sock");
  CHECK(told.log_format == muster::daemon::LogFormat::kJson);
  CHECK(told.max_connections == 5);
  CHECK(told.max_connections_asked);
  CHECK(told.coordinator.limits.gathering_window_ms == 7);
}

TEST_CASE("a misspelt line of the configuration file is refused, not ignored") {
  const ConfigurationFile file("data-dir = d\nmax-conections = 5\n");
  const std::string said = refusal({"--config", file.path()});
  says(said, file.path() + ": line 2: the name 'max-conections' is unknown");
  says(said, "Did you mean 'max-connections'?");
}

TEST_CASE("what a configuration file can't have is refused with a remedy") {
  const ConfigurationFile strange("data-dir = d\nverbosity = 5\n");
  says(refusal({"--config", strange.path()}), "'verbosity' is unknown. musterd --help");
  const ConfigurationFile table("data-dir = d\n[limits]\nmax-connections = 5\n");
  says(refusal({"--config", table.path()}), "'limits' is a table: write all names without");
  const ConfigurationFile twice("data-dir = d\nmax-connections = 5\nmax-connections = 6\n");
  says(refusal({"--config", twice.path()}), "'max-connections' is there twice");
  const ConfigurationFile list("data-dir = d\nmax-connections = [5, 6]\n");
  says(refusal({"--config", list.path()}), "'max-connections' has a list: it takes one value");
  const ConfigurationFile nested("data-dir = d\ncheck-config = true\n");
  says(refusal({"--config", nested.path()}), "give it as --check-config");
}

TEST_CASE("what a configuration file says is never read as something else") {
  const ConfigurationFile quoted("data-dir = \"/var/a#b\"\n");
  CHECK(parsed({"--config", quoted.path()}).data_dir == "/var/a#b");
  const ConfigurationFile nothing("data-dir\n");
  says(refusal({"--config", nothing.path()}), "line 1: 'data-dir' has no value");
}

TEST_CASE("an unknown flag is answered with the one that is meant") {
  says(refusal({"--data-dir", "d", "--max-conections", "5"}), "Did you mean --max-connections?");
  says(refusal({"--data-dir", "d", "--log-levle=debug"}), "Did you mean --log-level?");
}

TEST_CASE("what was told is known by name, given or by default") {
  const Configuration told = parsed(
      {"--data-dir", "d", "--check-config", "--listen", "127.0.0.1:1", "--listen", "unix:s"});
  CHECK(told.check_only);
  const auto setting = [&](const std::string& name) {
    for (const auto& each : told.settings) {
      if (each.name == name) return each;
    }
    FAIL("there is none");
    return muster::daemon::Setting{};
  };
  CHECK(setting("listen").given);
  CHECK(setting("listen").value == "127.0.0.1:1, unix:s");
  CHECK_FALSE(setting("max-groups").given);
  CHECK(setting("max-groups").value == "1000000");
}

TEST_CASE("a value out of range is refused from the configuration file too") {
  const ConfigurationFile file("data-dir = d\nmax-connections = 0\n");
  says(refusal({"--config", file.path()}), "max-connections");
}

TEST_CASE("a configuration file that is not there is an error") {
  says(refusal({"--data-dir", "d", "--config", "/nonexistent/muster.toml"}),
       "/nonexistent/muster.toml");
}

TEST_CASE("an unknown flag is an error that names it") {
  says(refusal({"--data-dir", "d", "--verbos"}), "--verbos");
}

TEST_CASE("help has an example and version a number, both with status 0") {
  const auto help = parse_configuration({"--help"});
  REQUIRE(!help);
  CHECK(help.error().exit_status == 0);
  says(help.error().text, "musterd --data-dir /var/lib/muster --listen 127.0.0.1:7461");
  const auto version = parse_configuration({"--version"});
  REQUIRE(!version);
  CHECK(version.error().exit_status == 0);
  says(version.error().text, "musterd 0.");
}

TEST_CASE("log format and level take their names only") {
  CHECK(parsed({"--data-dir", "d", "--log-format", "json"}).log_format ==
        muster::daemon::LogFormat::kJson);
  says(refusal({"--data-dir", "d", "--log-format", "xml"}), "--log-format");
  says(refusal({"--data-dir", "d", "--log-level", "loud"}), "--log-level");
}

TEST_CASE("history has its bounds, and fits into the journal") {
  Configuration told = parsed({"--data-dir", "d"});
  CHECK(told.retention.snapshot_every_bytes == 64 << 20);
  CHECK(told.retention.history_max_bytes == 1 << 30);
  CHECK(told.retention.history_max_age_ms == 0);
  told = parsed({"--data-dir", "d", "--snapshot-every-bytes", "1000000", "--history-max-bytes",
                 "5000000", "--history-max-age-ms", "86400000"});
  CHECK(told.retention.snapshot_every_bytes == 1'000'000);
  CHECK(told.retention.history_max_bytes == 5'000'000);
  CHECK(told.retention.history_max_age_ms == 86'400'000);
  // A small journal lowers the default, and refuses what was asked for.
  told = parsed({"--data-dir", "d", "--max-journal-bytes", "1000000000"});
  CHECK(told.retention.history_max_bytes == 500'000'000);
  says(refusal({"--data-dir", "d", "--max-journal-bytes", "1000000000", "--history-max-bytes",
                "500000001"}),
       "--history-max-bytes is 500000001: it must be at most 500000000");
}
