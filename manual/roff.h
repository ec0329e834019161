// Manual pages out of the command line's own tree: what --help says, as man(1) shows it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace muster::manual {

/// A section of plain text: paragraphs are apart by an empty line; lines that begin with two
/// spaces are shown as they are.
struct Section {
  std::string title;
  std::string text;
};

struct Page {
  std::string name;                   // "muster-group"
  std::string number;                 // "1"
  std::string version;                // "muster 0.1.0"
  std::string command;                // as it is called: "muster group"
  std::string shared;                 // of the synopsis: what every command takes
  std::vector<Section> sections;      // between the options and SEE ALSO
  std::vector<std::string> see_also;  // "musterd(8)"
};

/// The page of a command with all the commands below it.
std::string roff(const CLI::App& command, const Page& page);

/// Text in which nothing means anything to roff.
std::string roff_text(const std::string& text);

}  // namespace muster::manual
