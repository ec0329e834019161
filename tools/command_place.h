// Where in the tree of commands a line of words stands: for the completion of what is being
// written, and to say what was meant by a word that is unknown.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "manual/command_tree.h"

namespace muster::tools {

/// What an option or argument names.
enum class Names { kOther, kGroup, kTopic, kPartition, kMember, kFile, kChoice };

Names names_of(const CLI::App& command, const CLI::Option& option);

/// "table", "json" of an option whose type is written table|json.
std::vector<std::string> choices_of(const CLI::Option& option);

struct Place {
  const CLI::App* command = nullptr;      // the innermost that was named
  std::vector<std::string> arguments;     // words without dashes since then
  const CLI::Option* awaiting = nullptr;  // whose value comes next
  bool after_dashes = false;              // behind --: whatever comes is another program's
  std::string unknown;                    // the first word that is no command or option here
};

/// `words` without the program's name.
Place place_of(const CLI::App& root, std::span<const std::string> words);

/// The option of this name (--server) that is understood here: the command's own, or one above.
const CLI::Option* find_option(const CLI::App& command, const std::string& name);

/// "muster group list".
std::string full_name(const CLI::App& command);

}  // namespace muster::tools
