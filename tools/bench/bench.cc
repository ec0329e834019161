// muster bench: load on a server, and how it bears it.
#include "tools/bench/bench.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "tools/arguments.h"
#include "tools/bench/loads.h"
#include "tools/bench/report.h"
#include "tools/output.h"
#include "tools/standard_descriptors.h"

namespace muster::tools {
namespace {

constexpr const char* kBenchExample =
    R"(  muster bench commit --connections 64 --in-flight 32
  muster bench heartbeat --server 10.0.0.7:7461 --duration 30s --output json
  muster bench join-storm --members 10000 --partitions 100000

The loads:
  commit      commits of members under their tokens
  fetch       committed offsets are read
  heartbeat   members say that they are there
  join-storm  all members join at once, again and again
  handover    one member joins, one leaves, by turns, each time until all own their plan
  recover     all connections break (a musterd of its own is killed), and all members come back

Without --server (or MUSTER_SERVER) it starts a musterd of its own, on a temporary directory (in
$TMPDIR) and port, for handover with --gathering-window-ms 0. Topics and groups are the load's own
and are removed in the end, also when it is interrupted, unless that happens twice; what it has
measured until then is printed. Exit status 1 when there were errors.)";

// As many as a musterd has room for by default, but for the load's own questions.
constexpr std::size_t kConnectionsMax = 19'900;
constexpr std::size_t kInFlightMax = 1'000;
constexpr std::size_t kPartitionsPerCommitMax = 4'000;
constexpr std::size_t kGroupsMax = 10'000;
constexpr std::size_t kMembersMax = 1'000'000;
constexpr std::int32_t kPartitionsOfTopicMax = 100'000;
constexpr int kErrorsSeen = 1;

struct NamedLoad {
  const char* name;
  Load load;
};
constexpr std::array<NamedLoad, 6> kLoads{{{"commit", commit_load},
                                           {"fetch", fetch_load},
                                           {"heartbeat", heartbeat_load},
                                           {"join-storm", join_storm_load},
                                           {"handover", handover_load},
                                           {"recover", recover_load}}};

bool has_members_of_its_own(const BenchOptions& options) {
  return options.load == "join-storm" || options.load == "handover" || options.load == "recover";
}

void check(const BenchOptions& options) {
  if (!has_members_of_its_own(options) || options.members >= options.groups) return;
  throw CLI::ValidationError(
      "--members", std::to_string(options.members) + " can't be divided among --groups " +
                       std::to_string(options.groups) + ": every group needs at least one");
}

/// At `server`, or without one at a daemon of its own.
Outcome bench(const Context& context, const std::optional<std::string>& server,
              const BenchOptions& options) {
  open_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // what was begun is taken away also if nobody reads of it
  Meter meter(options.load, options.duration_ms);
  std::unique_ptr<OwnDaemon> own;
  if (!server) {
    std::vector<std::string> daemon_options;
    if (options.load == "handover") daemon_options = {"--gathering-window-ms", "0"};
    auto started = OwnDaemon::start(std::move(daemon_options));
    if (!started) return std::unexpected(std::move(started.error()));
    own = std::move(*started);
  }
  const Bench on{.options = options,
                 .server = server.value_or(own ? own->address() : ""),
                 .own = own.get(),
                 .meter = meter};
  const auto* const chosen = std::ranges::find_if(
      kLoads, [&](const NamedLoad& load) { return options.load == load.name; });
  const auto done = chosen->load(on);
  if (meter.latency().count() == 0) {
    if (!done) return std::unexpected(done.error());
    if (meter.interrupted()) return std::unexpected(interrupted_too_early());
  }
  if (!done) meter.note_errors(1, done.error());
  if (context.json()) {
    print_json(report_json(options, meter));
  } else {
    print_text(report_text(options, meter));
  }
  return meter.errors() > 0 ? kErrorsSeen : 0;
}

template <typename Number>
void add_count(CLI::App& command, const char* name, Number& number, Number least, Number most,
               const char* description) {
  command.add_option(name, number, description)
      ->check(CLI::Range(least, most).description(""))
      ->type_name("N")
      ->capture_default_str();
}

void add_counts(CLI::App& command, BenchOptions& options) {
  using Count = std::size_t;
  add_count(command, "--connections", options.connections, Count{1}, kConnectionsMax,
            "Connections, which share the members");
  add_count(command, "--in-flight", options.in_flight, Count{1}, kInFlightMax,
            "Requests at once a connection (commit, fetch, heartbeat)");
  add_count(command, "--partitions-per-commit", options.partitions_per_commit, Count{1},
            kPartitionsPerCommitMax, "Partitions in a request (commit, fetch)");
  add_count(command, "--groups", options.groups, Count{1}, kGroupsMax,
            "Groups, which share the members");
  add_count(command, "--members", options.members, Count{1}, kMembersMax,
            "Members (join-storm, handover, recover); the others have one a connection, and one a "
            "group at least");
  add_count(command, "--partitions", options.partitions, 0, kPartitionsOfTopicMax,
            "Partitions of the topic that each group has (join-storm, handover, recover); 0: ten a "
            "member");
  command
      .add_option("--strategy", options.strategy, "Of the groups (join-storm, handover, recover)")
      ->check(CLI::IsMember({"round_robin", "range", "sticky"}).description(""))
      ->type_name("round_robin|range|sticky")
      ->capture_default_str();
}

/// A duration, or a whole number of seconds.
std::uint32_t parse_seconds(const std::string& text) {
  const bool plain =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto duration_ms = parse_duration_ms(plain ? text + "s" : text);
  if (!duration_ms) {
    throw CLI::ValidationError("--duration", "\"" + text +
                                                 "\" is not a duration: write seconds, or a whole "
                                                 "number and its unit, as in 500ms, 30s or 2m");
  }
  return *duration_ms;
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  CLI::App& command =
      add_command(app, "bench", "Load a server, and report rates and latencies", kBenchExample);
  const auto options = std::make_shared<BenchOptions>();
  std::vector<std::string> names;
  for (const NamedLoad& load : kLoads) names.emplace_back(load.name);
  command
      .add_option("LOAD", options->load, "commit, fetch, heartbeat, join-storm, handover, recover")
      ->required()
      ->check(CLI::IsMember(names).description(""))
      ->type_name("");
  add_counts(command, *options);
  command
      .add_option_function<std::string>(
          "--duration",
          [options](const std::string& text) { options->duration_ms = parse_seconds(text); },
          "How long to measure; 10 s unless told. What is begun is ended")
      ->type_name("DURATION");
  command.callback([&app, &context, options] {
    check(*options);
    context.action = [&app, &context, options] {
      const bool server_given = app.count("--server") > 0;  // or MUSTER_SERVER
      return bench(context, server_given ? std::optional(context.server) : std::nullopt, *options);
    };
  });
}

}  // namespace muster::tools
