// The tree of a command line as those see it who describe it.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

namespace muster::manual {

/// The commands below, without what is only a group of options.
std::vector<const CLI::App*> commands_of(const CLI::App& command);
/// The command's own options with dashes, also those that stand in groups.
std::vector<const CLI::Option*> options_of(const CLI::App& command);
/// Its arguments without dashes, in order.
std::vector<const CLI::Option*> arguments_of(const CLI::App& command);

bool takes_value(const CLI::Option& option);

}  // namespace muster::manual
