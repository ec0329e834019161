// What is said to a command line that can't be understood: which command it was, what is wrong with
// it, and where the right way stands.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>

namespace muster::tools {

/// One line without its end. `words` without the program's name.
std::string usage_message(const CLI::App& root, const CLI::ParseError& error,
                          std::span<const std::string> words);

/// Whether the line asks for --output json, as far as it can be understood.
bool asks_for_json(std::span<const std::string> words);

}  // namespace muster::tools
