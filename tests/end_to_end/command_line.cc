#include "end_to_end/command_line.h"

#include <doctest/doctest.h>

#include <sstream>

namespace muster::e2e {

CommandResult run_to_end(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& environment) {
  const TemporaryDirectory directory;
  const ProcessOptions options{.command = command,
                               .environment = environment,
                               .stdout_path = directory / "stdout",
                               .stderr_path = directory / "stderr"};
  Process process(options);
  const std::optional<int> status = process.wait();
  CommandResult result{.status = status.value_or(-1),
                       .out = read_file(options.stdout_path),
                       .err = read_file(options.stderr_path)};
  REQUIRE_MESSAGE(status.has_value(), command.front(), " hangs; it said: ", result.out, result.err);
  return result;
}

CommandResult muster(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{MUSTER_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_to_end(command);
}

nlohmann::json muster_json(const Daemon& daemon, const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"--server", daemon.address(), "--output", "json"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const CommandResult result = muster(all);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.out);
}

std::vector<nlohmann::json> journal_log(const Daemon& daemon) {
  const CommandResult result =
      muster({"journal", "log", "--data-dir", daemon.data_file("."), "--output", "json"});
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  std::vector<nlohmann::json> events;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) events.push_back(nlohmann::json::parse(line));
  }
  return events;
}

void require_digest_equals_replay(const Daemon& daemon) {
  const nlohmann::json status = muster_json(daemon, {"status"});
  const CommandResult replay =
      muster({"journal", "state", "--data-dir", daemon.data_file("."), "--output", "json", "--at",
              std::to_string(status.at("sequence").get<std::uint64_t>())});
  CAPTURE(replay.err);
  REQUIRE(replay.status == 0);
  const nlohmann::json state = nlohmann::json::parse(replay.out);
  REQUIRE(state.at("sequence") == status.at("sequence"));
  REQUIRE(state.at("state_digest") == status.at("state_digest"));
}

nlohmann::json without_observations(nlohmann::json group) {
  for (nlohmann::json& member : group.at("members")) {
    member.erase("connected");
    member.erase("stalled_ms");
  }
  for (nlohmann::json& partition : group.at("partitions")) {
    partition["end"] = nullptr;
    partition["start"] = nullptr;
    partition["lag"] = nullptr;
  }
  return group;
}

}  // namespace muster::e2e
