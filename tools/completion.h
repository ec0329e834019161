// What a word that is being written can become: commands, options, and names that the server knows.
// The shells' scripts ask for it (completion_script.h).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tools/known_names.h"

namespace muster::tools {

struct Candidate {
  std::string word;
  std::string description;
};

struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;     // the shell's own names of files, too
  bool commands = false;  // its names of programs
  bool goes_on = false;   // a candidate is the beginning of a word: no space behind it
};

/// Whom a completion asks for names.
struct NameSource {
  std::function<std::vector<std::string>(const NameQuestion&)> names;
  std::function<std::int32_t(const std::string& server, const std::string& topic)> partitions;
};

/// `words` are those after the program's name up to the one that is being written, which is the
/// last and may be empty. `server` is where to ask unless the words name another.
Completion complete(const CLI::App& root, std::span<const std::string> words,
                    const std::string& server, const NameSource& source);

/// Asks a server that answers within a moment.
NameSource quick_source();

/// For the shells' scripts: a candidate a line, WORD and the description's first sentence apart by
/// a tab; ":files", ":commands" and ":nospace" for the rest.
std::string completion_lines(const Completion& completion);

}  // namespace muster::tools
