#include <muster_version.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tools/bench/bench.h"
#include "tools/commands.h"
#include "tools/completion.h"
#include "tools/completion_script.h"
#include "tools/meant.h"
#include "tools/output.h"
#include "tools/usage_error.h"

namespace muster::tools {
namespace {

constexpr int kUsage = 2;

void add_shared_options(CLI::App& app, Context& context) {
  app.set_version_flag("--version", "muster " MUSTER_VERSION);
  app.add_option("--server", context.server,
                 "Where musterd listens: HOST:PORT or unix:PATH; several, separated by commas, are "
                 "tried in turn")
      ->envname("MUSTER_SERVER")
      ->type_name("ADDR")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--output",
         [&context](const std::string& format) {
           context.output = format == "json" ? OutputFormat::kJson : OutputFormat::kTable;
         },
         "table for people (default), json for programs")
      ->check(CLI::IsMember({"table", "json"}).description(""))
      ->type_name("table|json");
}

int report(const Error& error, const Context& context) {
  const std::string text = context.json()
                               ? error_json(error) + "\n"
                               : "muster: " + error.name + ": " + printable(error.message) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  return context.failure_status;
}

/// For the shells' completion.
int print_completion(const CLI::App& app, const Context& context,
                     std::span<const std::string> words) {
  const char* server = std::getenv("MUSTER_SERVER");
  print_text(completion_lines(
      complete(app, words, server == nullptr ? context.server : server, quick_source())));
  return flush_output() == Written::kFailed ? context.failure_status : 0;
}

/// Help and version go to standard output and are no failure.
int report_usage(const CLI::App& app, const CLI::ParseError& error,
                 std::span<const std::string> words) {
  const bool asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
  if (asked) {
    std::ostringstream text;
    app.exit(error, text, text);
    print_text(text.str());
    return flush_output() == Written::kFailed ? 1 : 0;
  }
  const std::string message = usage_message(app, error, words);
  const std::string named = message.starts_with("muster") ? message : "muster: " + message;
  const std::string text =
      asks_for_json(words) ? error_json(make_error(ErrorCode::kInvalidArgument, message)) : named;
  std::fwrite((text + "\n").data(), 1, text.size() + 1, stderr);
  return kUsage;
}

}  // namespace

void add_all_commands(CLI::App& app, Context& context) {
  app.fallthrough();  // inherited: lets --server and --output follow the subcommand
  app.require_subcommand(1);
  app.footer("`muster COMMAND --help` has an example of each.");
  add_shared_options(app, context);
  add_status_command(app, context);
  add_topic_commands(app, context);
  add_group_commands(app, context);
  add_offset_commands(app, context);
  add_fence_commands(app, context);
  add_journal_commands(app, context);
  add_run_command(app, context);
  add_plan_command(app, context);
  add_bench_command(app, context);
  add_top_command(app, context);
  add_completion_command(app, context);
  add_man_command(app, context);
}

CLI::App& add_command(CLI::App& parent, const char* name, const char* description,
                      const char* example) {
  CLI::App& command = *parent.add_subcommand(name, description);
  command.footer(std::string("Example:\n") + example);
  return command;
}

int run_command_line(int argument_count, const char* const* arguments) {
  CLI::App app(
      "muster: work with a musterd, the consumer-group coordinator.\n"
      "Exit status: 0 ok, 1 failed, 2 wrong usage.",
      "muster");
  Context context;
  add_all_commands(app, context);
  const std::vector<std::string> words(arguments + 1, arguments + std::max(argument_count, 1));
  if (!words.empty() && words.front() == kCompleteCall) {
    return print_completion(app, context, std::span(words).subspan(1));
  }
  if (argument_count <= 1) {
    const std::string help = app.help();
    std::fwrite(help.data(), 1, help.size(), stderr);
    return kUsage;
  }
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, words);
  }
  if (!context.json()) set_output_style(style_of_standard_output());
  const Outcome outcome = context.action();
  if (!outcome) {
    return report(with_meant_name(outcome.error(), app, context.server, quick_source().names),
                  context);
  }
  if (flush_output() == Written::kFailed) {
    return report(make_error(ErrorCode::kInternalError,
                             "The output could not be written: check the disk or the pipe that "
                             "standard output leads to."),
                  context);
  }
  return *outcome;
}

}  // namespace muster::tools
