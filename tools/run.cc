// muster run: any program is a worker.
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/process_guard.h"
#include "tools/run_loop.h"
#include "tools/standard_descriptors.h"
#include "tools/worker_process.h"

namespace muster::tools {
namespace {

constexpr const char* kDescription =
    "Join a group, and run CMD once for each partition that is assigned.\n\n"
    "CMD finds in its environment MUSTER_GROUP, MUSTER_TOPIC, MUSTER_PARTITION, MUSTER_OFFSET "
    "(the\n"
    "next offset to read; 0 when nothing is committed), MUSTER_FENCE, MUSTER_SERVER and\n"
    "MUSTER_MEMBER_ID. It commits with `muster offset commit`, or prints its offsets; see\n"
    "--commit-from-stdout. When CMD exits with status 0 the partition is finished and stays "
    "owned;\n"
    "otherwise CMD is started again, after a pause of 0.5 s that doubles up to 30 s, at the "
    "offset\n"
    "committed by then. A revoked partition's CMD gets SIGTERM, and SIGKILL when three quarters "
    "of\n"
    "the rebalance timeout have passed; the partition is released when CMD and all processes of "
    "its\n"
    "group have ended. While no server can be reached and the lease has lapsed, CMD is stopped\n"
    "(SIGSTOP). SIGTERM or SIGINT ends the CMDs, leaves the group and exits within 10 s; a second\n"
    "one kills the CMDs. CMDs never outlive `muster run`.\n\n"
    "With --one-process there is one CMD for all partitions. Its standard input lists them, a "
    "JSON\n"
    "object a line, and ends:\n"
    "  {\"topic\":\"outbox\",\"partition\":0,\"offset\":100,\"fence\":6}\n"
    "Whenever the partitions change it gets SIGTERM and, when it has ended, is started again with\n"
    "those that are held then.\n\n"
    "Exit status:\n"
    "  0    ended as asked: by a signal, or all is done (--exit-when-done)\n"
    "  1    failed: no server, refused, or it could not leave in time; stderr says why\n"
    "  2    wrong usage\n"
    "  3    its membership was ended by others: an operator removed it, or another process took\n"
    "       over its --consumer-id\n"
    "  4    gave up: a CMD failed more often than --max-restarts allows\n"
    "  126  CMD may not be executed\n"
    "  127  CMD was not found";

constexpr const char* kExample =
    "  muster run --group billing --topic outbox --commit-from-stdout -- sh -c '\n"
    "    echo \"partition $MUSTER_PARTITION from $MUSTER_OFFSET\" >&2\n"
    "    for next in 10 20 30; do sleep 1; echo $next; done'";

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
  bool one_process = false;
  bool exit_when_done = false;
  bool prefix_output = false;
  bool commit_from_stdout = false;
  std::optional<unsigned> restarts_max;
  std::vector<std::string> command;
};

void add_command_options(CLI::App& command, RunArguments& arguments) {
  CLI::Option* one_process =
      command.add_flag("--one-process", arguments.one_process,
                       "One CMD for all partitions, restarted when they change");
  command
      .add_flag("--prefix-output", arguments.prefix_output,
                "Begin each line that a CMD writes with [TOPIC/PARTITION]")
      ->excludes(one_process);
  command.add_flag(
      "--commit-from-stdout", arguments.commit_from_stdout,
      "Commit what CMD prints: a line that is a whole number alone is the next offset to read; "
      "with --one-process TOPIC/PARTITION OFFSET. Such lines are not passed on, all others are. "
      "Have CMD flush each line");
  command.add_flag("--exit-when-done", arguments.exit_when_done,
                   "Leave the group and exit when every CMD has exited with status 0. A member "
                   "without partitions waits for some");
  command
      .add_option("--max-restarts", arguments.restarts_max,
                  "End all when a CMD has failed and was restarted N times in a row without having "
                  "run for 30 s (default: no limit)")
      ->type_name("N")
      ->check(CLI::Range(0U, 1'000'000U).description(""));
}

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
  add_command_options(command, arguments);
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
  options.one_process = arguments.one_process;
  options.exit_when_done = arguments.exit_when_done;
  options.prefix_output = arguments.prefix_output;
  options.commit_from_stdout = arguments.commit_from_stdout;
  options.restarts_max = arguments.restarts_max;
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
    open_standard_descriptors();
    auto path = find_executable(arguments->command.front());
    if (!path) {
      context.failure_status = path.error().status;
      return std::unexpected(std::move(path.error().error));
    }
    auto guard = ProcessGuard::start();
    if (!guard) return std::unexpected(std::move(guard.error()));
    RunLoop loop(options_of(*arguments, context.server, std::move(*path)), std::move(*guard));
    Outcome outcome = loop.run();
    if (!outcome) context.failure_status = static_cast<int>(loop.failure_status());
    return outcome;
  });
}

}  // namespace muster::tools
