#include "daemon/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <muster_version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <concepts>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/configuration_file.h"
#include "domain/largest_topic.h"
#include "domain/nearest_name.h"
#include "manual/roff.h"

namespace muster::daemon {
namespace {

constexpr const char* kDescription =
    "musterd: a consumer-group coordinator. Keeps everything it decides in a journal under "
    "--data-dir, and serves clients on the --listen addresses.";

constexpr const char* kFooter = R"(
Example:
  musterd --data-dir /var/lib/muster --listen 127.0.0.1:7461 --listen unix:/run/muster.sock

It is ready when it logs "listening on HOST:PORT". SIGTERM or SIGINT stops it gracefully, a second
one at once. A configuration file has the long names without dashes, one a line:

  data-dir = "/var/lib/muster"
  listen = ["0.0.0.0:7461", "unix:/run/muster.sock"]
  session-timeout-default-ms = 45000

Exit status: 0 stopped as asked, 1 failed, 2 wrong arguments.)";

constexpr const char* kDefaultListen = "127.0.0.1:7461";
constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::uint32_t kHourMs = 60 * 60 * 1'000;
// What a request or reply needs besides its metadata: names, tokens and the buffer's own structure.
constexpr std::size_t kFrameBesidesMetadataBytes = 64 * 1024;

/// Checks the digits before CLI11 converts them: it would take "010" for 8 and "-1" for a big one.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return {[least, most](std::string& text) -> std::string {
            std::uint64_t value = 0;
            const char* end = text.data() + text.size();
            const auto [stopped, error] = std::from_chars(text.data(), end, value);
            if (error == std::errc() && stopped == end && value >= least && value <= most) {
              text = std::to_string(value);
              return {};
            }
            return fmt::format("'{}' is not a whole number from {} to {}", text, least, most);
          },
          fmt::format("{}..{}", least, most)};
}

template <std::integral Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, std::uint64_t least,
                        std::uint64_t most, const std::string& description) {
  return app.add_option(name, value, description)
      ->transform(whole_number(least, most))
      ->type_name("N")
      ->capture_default_str();
}

void add_timeouts(CLI::App& app, Configuration& into) {
  Limits& limits = into.coordinator.limits;
  app.get_formatter()->column_width(40);
  add_number(app, "--session-timeout-default-ms", limits.session_timeout_ms_default, 100,
             24 * kHourMs, "a member that asks for no session timeout gets this");
  add_number(app, "--session-timeout-min-ms", limits.session_timeout_ms_min, 100, 24 * kHourMs,
             "the shortest session timeout a member may ask for");
  add_number(app, "--session-timeout-max-ms", limits.session_timeout_ms_max, 100, 24 * kHourMs,
             "the longest session timeout a member may ask for");
  add_number(app, "--disconnect-grace-default-ms", limits.disconnect_grace_ms_default, 100,
             24 * kHourMs, "how long a random-id member's seat is kept after its connection ended");
  add_number(app, "--disconnect-grace-min-ms", limits.disconnect_grace_ms_min, 1, 24 * kHourMs,
             "the shortest disconnect grace a member may ask for");
  add_number(app, "--rebalance-timeout-default-ms", limits.rebalance_timeout_ms_default, 100,
             24 * kHourMs, "the time to release a revoked partition, unless the member asks");
  add_number(app, "--rebalance-timeout-max-ms", limits.rebalance_timeout_ms_max, 100, 24 * kHourMs,
             "the longest rebalance timeout a member may ask for");
  add_number(app, "--gathering-window-ms", limits.gathering_window_ms, 0, 60'000,
             "joins within this time of the first make one plan");
  add_number(
      app, "--leader-plan-timeout-ms", limits.leader_plan_timeout_ms, 100, kHourMs,
      "with strategy leader, how long its plan is waited for before the server plans itself");
  add_number(app, "--hello-timeout-ms", into.hello_timeout_ms, 100, kHourMs,
             "a connection that has not said hello by then is closed");
  add_number(app, "--shutdown-timeout-ms", into.shutdown_timeout_ms, 0, kHourMs,
             "how long a graceful stop may take");
}

void add_limits(CLI::App& app, Configuration& into) {
  Limits& limits = into.coordinator.limits;
  coordinator::Settings& settings = into.coordinator;
  add_number(app, "--max-connections", into.max_connections, 1, 1'000'000,
             "connections; the default is lowered to what RLIMIT_NOFILE allows");
  add_number(app, "--max-frame-bytes", settings.max_frame_bytes, kFrameBesidesMetadataBytes,
             256 * kMiB, "one request or reply");
  add_number(app, "--max-in-flight-requests", settings.max_in_flight_requests, 1, 1'000'000,
             "unanswered requests of a connection; then its reading pauses");
  add_number(app, "--max-unsent-bytes", settings.max_unsent_bytes, 128 * 1024, 1024 * kMiB,
             "replies and pushes that a connection does not take; then it is closed");
  add_number(app, "--max-pending-journal-bytes", settings.max_pending_journal_bytes, kMiB,
             4096 * kMiB, "events not yet durable; then all reading pauses");
  add_number(app, "--max-batch-events", into.batch.max_events, 1, 1'000'000,
             "events of one journal transaction");
  add_number(app, "--max-batch-bytes", into.batch.max_bytes, 4'096, 256 * kMiB,
             "bytes of one journal transaction");
  add_number(app, "--max-journal-bytes", into.max_journal_bytes, 16 * kMiB, std::uint64_t{1} << 46,
             "the journal's file; changes are refused before it or the filesystem is full");
  add_number(app, "--journal-reserve-bytes", into.journal_reserve_bytes, kMiB, 1024 * 1024 * kMiB,
             "kept for releases, leaves and fences when changes are refused");
  add_number(app, "--max-name-bytes", limits.name_bytes_max, 1, 4'096,
             "group, topic, member and client names");
  add_number(app, "--max-commit-metadata-bytes", limits.commit_metadata_bytes_max, 0, kMiB,
             "metadata of one committed offset");
  add_number(app, "--max-partitions-per-topic", limits.partitions_per_topic_max, 1,
             kPartitionsPerTopicMost, "partitions of one topic");
  add_number(app, "--max-members-per-group", limits.members_per_group_max, 1, 1'000'000,
             "members of one group");
  add_number(app, "--max-partitions-per-group", limits.partitions_per_group_max, 1, 100'000'000,
             "partitions of all topics that one group subscribes to");
  add_number(app, "--max-topics", limits.topics_max, 1, 10'000'000, "topics");
  add_number(app, "--max-groups", limits.groups_max, 1, 100'000'000, "groups");
  add_number(app, "--max-topics-per-member", limits.topics_per_member_max, 1, 1'000'000,
             "topics that one member subscribes to");
  add_number(app, "--max-items-per-request", limits.items_per_request_max, 1'000, 10'000'000,
             "partitions in one commit, release or fetch");
}

void add_history(CLI::App& app, Configuration& into) {
  journal::RetentionSettings& retention = into.retention;
  add_number(app, "--snapshot-every-bytes", retention.snapshot_every_bytes, 4'096,
             std::uint64_t{1} << 40,
             "events after which a snapshot is made: a start folds about as many");
  add_number(app, "--history-max-bytes", retention.history_max_bytes, 8'192, std::uint64_t{1} << 46,
             "events that are kept on the disk; older ones are trimmed, back to a snapshot");
  add_number(app, "--history-max-age-ms", retention.history_max_age_ms, 0,
             std::uint64_t{100} * 365 * 24 * kHourMs,
             "the age up to which events are kept; 0: whatever their age");
}

std::uint64_t most_history_bytes(const Configuration& told) { return told.max_journal_bytes / 2; }

}  // namespace

std::optional<std::string> contradiction(const Configuration& told) {
  const Limits& limits = told.coordinator.limits;
  if (limits.session_timeout_ms_min > limits.session_timeout_ms_default ||
      limits.session_timeout_ms_default > limits.session_timeout_ms_max) {
    return fmt::format(
        "--session-timeout-default-ms is {}: it must not be below --session-timeout-min-ms ({}) "
        "nor above --session-timeout-max-ms ({})",
        limits.session_timeout_ms_default, limits.session_timeout_ms_min,
        limits.session_timeout_ms_max);
  }
  if (limits.rebalance_timeout_ms_default > limits.rebalance_timeout_ms_max) {
    return fmt::format(
        "--rebalance-timeout-default-ms is {}: it must not be above --rebalance-timeout-max-ms "
        "({})",
        limits.rebalance_timeout_ms_default, limits.rebalance_timeout_ms_max);
  }
  if (limits.disconnect_grace_ms_min > limits.disconnect_grace_ms_default) {
    return fmt::format(
        "--disconnect-grace-default-ms is {}: it must not be below --disconnect-grace-min-ms ({})",
        limits.disconnect_grace_ms_default, limits.disconnect_grace_ms_min);
  }
  const std::size_t frame = told.coordinator.max_frame_bytes;
  if (frame < limits.commit_metadata_bytes_max + kFrameBesidesMetadataBytes) {
    return fmt::format(
        "--max-frame-bytes is {}: one commit with its metadata needs {} (--max-commit-metadata-"
        "bytes and {} more)",
        frame, limits.commit_metadata_bytes_max + kFrameBesidesMetadataBytes,
        kFrameBesidesMetadataBytes);
  }
  if (told.coordinator.max_unsent_bytes < 2 * frame) {
    return fmt::format(
        "--max-unsent-bytes is {}: it must be at least twice --max-frame-bytes ({}), or one long "
        "reply closes its connection",
        told.coordinator.max_unsent_bytes, frame);
  }
  const std::uint64_t held_back =
      told.journal_reserve_bytes + 2 * told.coordinator.max_pending_journal_bytes;
  if (told.max_journal_bytes < 2 * held_back) {
    return fmt::format(
        "--max-journal-bytes is {}: it must be at least {}, twice what is held back "
        "(--journal-reserve-bytes and two times --max-pending-journal-bytes)",
        told.max_journal_bytes, 2 * held_back);
  }
  if (told.retention.history_max_bytes > most_history_bytes(told)) {
    return fmt::format(
        "--history-max-bytes is {}: it must be at most {}, half of --max-journal-bytes; the rest "
        "is for snapshots",
        told.retention.history_max_bytes, most_history_bytes(told));
  }
  return std::nullopt;
}

namespace {

NothingToRun usage_error(const std::string& message) {
  return {2, fmt::format("musterd: {}\nRun musterd --help for every option and an example.\n",
                         message)};
}

/// What is said to words that are no options; CLI11 would turn their order.
std::string not_understood(const CLI::App& app) {
  const std::string word = app.remaining().front();
  if (!word.starts_with("--")) return fmt::format("'{}' is no option", word);
  const std::string name = word.substr(0, word.find('='));
  const std::string nearest = domain::nearest_name(name.substr(2), file_names(app));
  return fmt::format("There is no option {}{}", name,
                     nearest.empty() ? "" : fmt::format(". Did you mean --{}?", nearest));
}

NothingToRun from_cli11(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    const bool version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
    return {0, version ? fmt::format("{}\n", error.what()) : app.help()};
  }
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) {
    return usage_error(fmt::format("{}: {}", app.get_option_no_throw("--config")->as<std::string>(),
                                   error.what()));
  }
  if (dynamic_cast<const CLI::FileError*>(&error) != nullptr) {
    return usage_error(
        fmt::format("--config: {} can't be read: name a file that is there, and that "
                    "this user may read",
                    app.get_option_no_throw("--config")->as<std::string>()));
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return usage_error(not_understood(app));
  }
  return usage_error(error.what());
}

std::vector<Setting> settings_of(const CLI::App& app) {
  std::vector<Setting> settings;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable()) continue;
    const bool given = option->count() > 0;
    settings.push_back({.name = option->get_single_name(),
                        .value = given ? fmt::format("{}", fmt::join(option->results(), ", "))
                                       : option->get_default_str(),
                        .given = given});
  }
  return settings;
}

void add_options(CLI::App& app, Configuration& told, std::vector<std::string>& listen) {
  app.footer(kFooter);
  app.set_version_flag("--version", "musterd " MUSTER_VERSION);
  app.set_config("--config", "", "read options from this file; flags win over it")
      ->type_name("FILE");
  app.config_formatter(std::make_shared<ConfigurationFile>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_flag("--check-config", told.check_only,
               "check flags and file, say what they set, and start nothing")
      ->configurable(false);
  app.add_option("--data-dir", told.data_dir, "the journal's directory, made when absent")
      ->required()
      ->type_name("DIR");
  app.add_option("--listen", listen, "HOST:PORT or unix:PATH; may be given several times")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name("ADDRESS")
      ->default_str(kDefaultListen);
  app.add_option("--log-format", told.log_format, "lines for people, or an object a line")
      ->transform(
          CLI::CheckedTransformer(std::vector<std::pair<std::string, LogFormat>>{
                                      {"text", LogFormat::kText}, {"json", LogFormat::kJson}})
              .description(""))
      ->type_name("text|json")
      ->default_str("text");
  app.add_option("--log-level", told.log_level, "the least that is logged")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"})
                  .description(""))
      ->type_name("trace|debug|info|warning|error|critical|off")
      ->capture_default_str();
  add_timeouts(app, told);
  add_limits(app, told);
  add_history(app, told);
}

}  // namespace

std::string manual_page() {
  Configuration told;
  std::vector<std::string> listen;
  CLI::App app(kDescription, "musterd");
  add_options(app, told, listen);
  return manual::roff(
      app, {.name = "musterd",
            .number = "8",
            .version = "muster " MUSTER_VERSION,
            .command = "musterd",
            .shared = "",
            .sections = {{"SIGNALS",
                          "SIGTERM and SIGINT stop it gracefully, a second one at once. SIGHUP "
                          "reads the configuration file again: limits, timeouts, the log level "
                          "and how much history is kept change at once; for the rest the log says "
                          "that it takes a restart."},
                         {"ENVIRONMENT",
                          "NOTIFY_SOCKET is where a service manager hears that it is ready, "
                          "reloads or stops, as systemd's Type=notify has it."}},
            .see_also = {"muster(1)"}});
}

std::expected<Configuration, NothingToRun> parse_configuration(std::vector<std::string> arguments) {
  Configuration told;
  std::vector<std::string> listen;
  CLI::App app(kDescription, "musterd");
  add_options(app, told, listen);
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(from_cli11(app, error));
  }
  told.max_connections_asked = app.count("--max-connections") > 0;
  if (app.count("--history-max-bytes") == 0) {
    std::uint64_t& history = told.retention.history_max_bytes;
    history = std::min(history, most_history_bytes(told));
  }
  if (auto found = contradiction(told)) return std::unexpected(usage_error(*found));
  if (listen.empty()) listen.emplace_back(kDefaultListen);
  for (const std::string& text : listen) {
    auto address = parse_listen_address(text);
    if (!address) return std::unexpected(usage_error("--listen: " + address.error()));
    told.listen.push_back(std::move(*address));
  }
  told.settings = settings_of(app);
  return told;
}

}  // namespace muster::daemon
