// muster man: the manual pages, written from the tree of commands.
#include <muster_version.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "domain/nearest_name.h"
#include "manual/command_tree.h"
#include "manual/roff.h"
#include "tools/commands.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct ManArguments {
  std::string command;
  std::string directory;
};

const std::vector<manual::Section>& shared_sections() {
  static const std::vector<manual::Section> sections{
      {"ENVIRONMENT",
       "MUSTER_SERVER is where musterd listens, unless --server says it. NO_COLOR, set to "
       "anything, "
       "turns colours off; there are none either where the output is no terminal."},
      {"EXIT STATUS", "0: done. 1: failed, or the answer is no. 2: wrong usage."}};
  return sections;
}

/// Of `muster`, or of one of the commands right below it.
std::string page_of(const CLI::App& root, const CLI::App& command) {
  const bool whole = &command == &root;
  manual::Page page{.name = whole ? "muster" : "muster-" + command.get_name(),
                    .number = "1",
                    .version = "muster " MUSTER_VERSION,
                    .command = whole ? "muster" : "muster " + command.get_name(),
                    .shared = " [--server ADDR] [--output table|json]",
                    .sections = shared_sections(),
                    .see_also = {}};
  if (!whole) {
    page.see_also.emplace_back("muster(1)");
    page.see_also.emplace_back("musterd(8)");
    return manual::roff(command, page);
  }
  for (const CLI::App* each : manual::commands_of(root)) {
    page.see_also.push_back("muster-" + each->get_name() + "(1)");
  }
  page.see_also.emplace_back("musterd(8)");
  return manual::roff(command, page);
}

Outcome print_page(const CLI::App& root, const Context& context, const std::string& name) {
  const CLI::App* found = name.empty() || name == "muster" ? &root : nullptr;
  domain::NearestName nearest(name);
  for (const CLI::App* each : manual::commands_of(root)) {
    if (each->check_name(name)) found = each;
    nearest.consider(each->get_name());
  }
  if (found == nullptr) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        "There is no command muster " + name +
            (nearest.name().empty() ? ", so no page of it. muster --help lists the commands."
                                    : ". Did you mean " + nearest.name() + "?")));
  }
  const std::string page = page_of(root, *found);
  if (context.json()) {
    print_json({{"command", found->get_name()}, {"page", page}});
  } else {
    print_text(page);
  }
  return 0;
}

Outcome write_pages(const CLI::App& root, const Context& context, const std::string& directory) {
  std::vector<const CLI::App*> commands = manual::commands_of(root);
  commands.insert(commands.begin(), &root);
  Json written = Json::array();
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  for (const CLI::App* command : commands) {
    const std::string name =
        (command == &root ? std::string("muster") : "muster-" + command->get_name()) + ".1";
    const std::string path = directory + "/" + name;
    std::ofstream file(path);
    file << page_of(root, *command);
    if (!file.flush()) {
      return std::unexpected(make_error(
          ErrorCode::kInvalidArgument,
          path + " can't be written: " + std::strerror(errno) + ". Name a directory that can."));
    }
    written.push_back(name);
  }
  if (context.json()) {
    print_json({{"directory", directory}, {"pages", std::move(written)}});
  } else {
    print_text("Wrote " + counted(written.size(), "page") + " to " + printable(directory) + ".\n");
  }
  return 0;
}

}  // namespace

void add_man_command(CLI::App& app, Context& context) {
  CLI::App& command = add_command(app, "man", "The manual page of a command, for man(1) to show",
                                  "  muster man group | man -l -\n"
                                  "  muster man --all /usr/local/share/man/man1");
  const auto arguments = std::make_shared<ManArguments>();
  CLI::Option* page =
      command.add_option("COMMAND", arguments->command, "Which; none: muster itself");
  page->type_name("");
  command.add_option("--all", arguments->directory, "Write all pages into this directory")
      ->type_name("DIR")
      ->excludes(page);
  on_run(command, context, [&app, &context, arguments]() -> Outcome {
    if (arguments->directory.empty()) return print_page(app, context, arguments->command);
    return write_pages(app, context, arguments->directory);
  });
}

}  // namespace muster::tools
