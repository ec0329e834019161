// muster run: any program is a worker.
#include <memory>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/process_guard.h"
#include "tools/run_loop.h"
#include "tools/worker_process.h"

namespace muster::tools {
namespace {

constexpr const char* kDescription =
    "Join a group, and run CMD once for each partition that is assigned.\n\n"
    "CMD finds in its environment MUSTER_GROUP, MUSTER_TOPIC, MUSTER_PARTITION, MUSTER_OFFSET "
    "(the\n"
    "next offset to read; 0 when nothing is committed), MUSTER_FENCE, MUSTER_SERVER and\n"
    "MUSTER_MEMBER_ID. It commits with `muster offset commit`. When CMD exits with status 0 the\n"
    "partition is finished and stays owned; otherwise CMD is started again, after a pause, at the\n"
    "offset committed by then. A revoked partition's CMD gets SIGTERM, and SIGKILL when three\n"
    "quarters of the rebalance timeout have passed; the partition is released when CMD and all\n"
    "processes of its group have ended. While no server can be reached and the lease has lapsed,\n"
    "CMD is stopped (SIGSTOP). SIGTERM or SIGINT ends the CMDs, leaves the group and exits within\n"
    "10 s; a second one kills the CMDs. CMDs never outlive `muster run`.";

constexpr const char* kExample =
    "  muster run --group billing --topic outbox -- sh -c '\n"
    "    echo \"partition $MUSTER_PARTITION from $MUSTER_OFFSET\"\n"
    "    muster offset commit \"$MUSTER_GROUP\" \"$MUSTER_TOPIC/$MUSTER_PARTITION\" 100 \\\n"
    "           --fence \"$MUSTER_FENCE\"'";

struct RunArguments {
  std::string group;
  std::vector<std::string> topics;
  std::vector<std::string> patterns;
  std::string consumer_id;
  std::uint32_t session_timeout_ms = 30'000;
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t rebalance_timeout_ms = 0;
  bool takeover = false;
  bool keep_seat = false;
  std::vector<std::string> command;
};

void add_options(CLI::App& command, RunArguments& arguments) {
  command.add_option("--group", arguments.group, "The group to join")
      ->required()
      ->type_name("NAME");
  const auto add_names = [&](const char* name, std::vector<std::string>& into,
                             const char* description, const char* type) {
    return command.add_option(name, into, description)
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->type_name(type);
  };
  CLI::Option* topics =
      add_names("--topic", arguments.topics,
                "A topic to work on; may be given several times, and beside patterns", "NAME");
  CLI::Option* patterns = add_names(
      "--topic-pattern", arguments.patterns,
      "Topics to work on, as they come and go: an RE2 expression for their whole names", "PATTERN");
  CLI::Option_group& either = *command.add_option_group("topics");
  either.add_options(topics, patterns);
  either.require_option(1, 0);  // at least one
  command
      .add_option("--consumer-id", arguments.consumer_id,
                  "A stable name, which finds its partitions again after a restart; otherwise "
                  "random")
      ->type_name("NAME");
  add_duration_option(command, "--session-timeout", arguments.session_timeout_ms,
                      "Silence after which the partitions go to others (default 30s)");
  add_duration_option(command, "--disconnect-grace", arguments.disconnect_grace_ms,
                      "The same after a lost connection (default 10s; with --consumer-id the "
                      "session timeout)");
  add_duration_option(command, "--rebalance-timeout", arguments.rebalance_timeout_ms,
                      "Time to release a revoked partition, at least the lease, which is the "
                      "shorter of the two above (default 60s)");
  command.add_flag("--takeover", arguments.takeover,
                   "Replace a process of the same --consumer-id at once, even one that still runs");
  command.add_flag("--keep-seat", arguments.keep_seat,
                   "When ended, keep the partitions for a successor instead of leaving");
  command.add_option("CMD", arguments.command, "The command and its arguments, after --")
      ->required()
      ->type_name("");
}

RunOptions options_of(const RunArguments& arguments, const std::string& server, std::string path) {
  RunOptions options;
  options.server = server;
  options.command = std::move(path);
  options.arguments = arguments.command;
  options.keep_seat = arguments.keep_seat;
  GroupConsumerOptions& consumer = options.consumer;
  consumer.group_id = arguments.group;
  consumer.consumer_id = arguments.consumer_id;
  consumer.topics = arguments.topics;
  consumer.patterns = arguments.patterns;
  consumer.session_timeout = std::chrono::milliseconds(arguments.session_timeout_ms);
  consumer.disconnect_grace = std::chrono::milliseconds(arguments.disconnect_grace_ms);
  consumer.rebalance_timeout = std::chrono::milliseconds(arguments.rebalance_timeout_ms);
  consumer.takeover = arguments.takeover;
  consumer.release_on_return = false;  // released when the command has ended
  return options;
}

}  // namespace

void add_run_command(CLI::App& app, Context& context) {
  CLI::App& command = add_command(app, "run", kDescription, kExample);
  const auto arguments = std::make_shared<RunArguments>();
  add_options(command, *arguments);
  on_run(command, context, [&context, arguments]() -> Outcome {
    auto path = find_executable(arguments->command.front());
    if (!path) return std::unexpected(std::move(path.error()));
    auto guard = ProcessGuard::start();
    if (!guard) return std::unexpected(std::move(guard.error()));
    RunLoop loop(options_of(*arguments, context.server, std::move(*path)), std::move(*guard));
    return loop.run();
  });
}

}  // namespace muster::tools
