#include "daemon/reload.h"

#include <doctest/doctest.h>

#include <utility>

namespace muster::daemon {
namespace {

Configuration told_by(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--data-dir", "d"});
  auto told = parse_configuration(std::move(arguments));
  REQUIRE(told.has_value());
  return *told;
}

}  // namespace

TEST_CASE("reload: limits, timeouts and the log level change, and each change is said") {
  const auto done =
      reload(told_by({}),
             told_by({"--log-level", "debug", "--max-groups", "7", "--gathering-window-ms", "0"}));
  REQUIRE(done.has_value());
  CHECK(done->configuration.log_level == "debug");
  CHECK(done->configuration.coordinator.limits.groups_max == 7);
  CHECK(done->configuration.coordinator.limits.gathering_window_ms == 0);
  CHECK(done->left.empty());
  CHECK(done->changed == std::vector<std::string>{"log-level is debug now, it was info",
                                                  "gathering-window-ms is 0 now, it was 200",
                                                  "max-groups is 7 now, it was 1000000"});
}

TEST_CASE("reload: what takes a restart is left as it runs, and said each time") {
  const Configuration running = told_by({"--listen", "127.0.0.1:1"});
  const std::vector<std::string> asked{"--listen", "127.0.0.1:2", "--max-frame-bytes", "1000000"};
  const auto once = reload(running, told_by(asked));
  REQUIRE(once.has_value());
  CHECK(once->changed.empty());
  CHECK(once->left ==
        std::vector<std::string>{"listen is another now: that takes a restart",
                                 "max-frame-bytes is another now: that takes a restart"});
  CHECK(once->configuration.listen.at(0) == running.listen.at(0));
  CHECK(once->configuration.coordinator.max_frame_bytes == running.coordinator.max_frame_bytes);
  const auto twice = reload(once->configuration, told_by(asked));
  REQUIRE(twice.has_value());
  CHECK(twice->left == once->left);
}

TEST_CASE("reload: a limit that needs what is left unchanged is refused with both") {
  // Good for a start: the frame would be larger too.
  const auto done = reload(told_by({"--max-frame-bytes", "100000"}),
                           told_by({"--max-commit-metadata-bytes", "100000"}));
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().find("--max-frame-bytes is 100000") != std::string::npos);
}

TEST_CASE("reload: what is asked for no more is as by default again") {
  const auto done = reload(told_by({"--max-groups", "7"}), told_by({}));
  REQUIRE(done.has_value());
  CHECK(done->configuration.coordinator.limits.groups_max == 1'000'000);
  CHECK(done->changed.size() == 1);
}

}  // namespace muster::daemon
