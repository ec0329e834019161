// "Did you mean …": for a word of the command line that is no command or option, and for a name
// that the server does not know.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "muster/error.hpp"
#include "tools/known_names.h"

namespace muster::tools {

/// What is wrong with the first word that is unknown, and which known one is near, in a sentence;
/// "" when every word is known.
std::string unknown_word(const CLI::App& root, std::span<const std::string> words);

/// To an error about a group, topic or member that is unknown it adds the near name that there is.
/// `root` has parsed the command line.
Error with_meant_name(Error error, const CLI::App& root, const std::string& server,
                      const std::function<std::vector<std::string>(const NameQuestion&)>& known);

}  // namespace muster::tools
