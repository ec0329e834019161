// What tests of `muster run` begin with, and scripts that more than one of them runs.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/run_process.h"

namespace muster::e2e {

/// A server with the topic "orders", and a folder that the scripts share.
struct RunSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  TemporaryDirectory directory;

  explicit RunSetting(std::int32_t partitions = 2) { create_topic(client, "orders", partitions); }

  std::unique_ptr<RunProcess> run(const std::vector<std::string>& options,
                                  const std::string& script) const {
    return std::make_unique<RunProcess>(daemon, directory / "", options, script);
  }
  std::string file(const std::string& name) const { return directory / name; }
  std::vector<std::string> lines(const std::string& name) const { return read_lines(file(name)); }
  bool has_line(const std::string& name, const std::string& line) const {
    return wait_until([&] { return std::ranges::count(lines(name), line) > 0; });
  }
  pid_t pid_in(const std::string& name) const {
    REQUIRE(wait_until([&] { return !lines(name).empty(); }));
    return std::stoi(lines(name).front());
  }
  /// Partition → offset; nothing as long as there is no group.
  std::map<int, std::int64_t> committed() const {
    std::map<int, std::int64_t> offsets;
    const CommandResult asked =
        muster({"--server", daemon.address(), "--output", "json", "offset", "fetch", "group"});
    if (asked.status != 0) return offsets;
    const nlohmann::json fetched = nlohmann::json::parse(asked.out);
    for (const auto& each : fetched.at("offsets")) {
      offsets[each.at("partition")] = each.at("offset");
    }
    return offsets;
  }
  bool commits(int partition, std::int64_t offset) const {
    return wait_until([&] {
      const auto offsets = committed();
      const auto found = offsets.find(partition);
      return found != offsets.end() && found->second == offset;
    });
  }
  std::string group_state() const {
    return muster_json(daemon, {"group", "describe", "group"}).at("state");
  }
};

/// Says when it begins, and what it does with SIGTERM takes a while.
inline constexpr const char* kTidy =
    "echo begin $MUSTER_PARTITION $MUSTER_MEMBER_ID >> $DIR/story; "
    "trap 'sleep 0.3; echo end $MUSTER_PARTITION $MUSTER_MEMBER_ID >> $DIR/story; exit 0' TERM; "
    "while :; do sleep 0.02; done";
inline constexpr const char* kSleeps = "echo $$ >> $DIR/pid; exec sleep 600";
inline constexpr const char* kDeaf =
    "trap '' TERM; echo $$ >> $DIR/pid; while :; do sleep 0.02; done";

}  // namespace muster::e2e
