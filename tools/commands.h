// How a noun brings its commands to the command line: one add_<noun>_commands a file. Each adds
// its subcommands, and for each of them says with on_run what it does when it was the one asked.
#pragma once

#include <CLI/CLI.hpp>
#include <expected>
#include <functional>
#include <string>

#include "muster/error.hpp"

namespace muster::tools {

/// Exit status of a command that ran (0 ok, 1 a negative answer), or why it could not.
using Outcome = std::expected<int, Error>;

enum class OutputFormat { kTable, kJson };

/// What every command is given: the options that stand before or after any subcommand.
struct Context {
  std::string server = "127.0.0.1:7461";
  OutputFormat output = OutputFormat::kTable;
  int failure_status = 1;           // of a command that ends in an error
  std::function<Outcome()> action;  // set by the one command that was asked

  bool json() const { return output == OutputFormat::kJson; }
};

/// `action` runs once the whole command line was understood.
inline void on_run(CLI::App& command, Context& context, std::function<Outcome()> action) {
  command.callback([&context, action = std::move(action)] { context.action = action; });
}

/// A noun or verb with its description and an example of its use, as --help shows them.
CLI::App& add_command(CLI::App& parent, const char* name, const char* description,
                      const char* example);

void add_status_command(CLI::App& app, Context& context);
void add_topic_commands(CLI::App& app, Context& context);
void add_group_commands(CLI::App& app, Context& context);
/// A verb of `muster group` in a file of its own.
void add_group_why(CLI::App& noun, Context& context);
void add_offset_commands(CLI::App& app, Context& context);
void add_fence_commands(CLI::App& app, Context& context);
void add_journal_commands(CLI::App& app, Context& context);
void add_run_command(CLI::App& app, Context& context);
void add_plan_command(CLI::App& app, Context& context);
void add_top_command(CLI::App& app, Context& context);
void add_completion_command(CLI::App& app, Context& context);
/// Pages are of the whole tree below `app`.
void add_man_command(CLI::App& app, Context& context);

/// The whole tree: what every command takes, and all commands.
void add_all_commands(CLI::App& app, Context& context);

/// Everything after the program's name: parses it, runs the command, prints its failure. Returns
/// the exit status: 0 ok, 1 failed, 2 usage.
int run_command_line(int argument_count, const char* const* arguments);

}  // namespace muster::tools
