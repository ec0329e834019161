// A command that shows the same thing again and again: --watch.
#pragma once

#include <functional>
#include <string>

#include "tools/commands.h"

namespace muster::tools {

/// How often it is shown, as a duration is written; "": once.
struct Watching {
  std::string interval;
};

/// --watch and, with a time of its own, --watch=5s.
void add_watch_option(CLI::App& command, Watching& watching);

/// Runs `show` once or, watching, until it is interrupted (a status of 0), the reader of the output
/// is gone, or `show` fails for good. On a terminal each showing takes the screen; elsewhere an
/// empty line is between them. JSON is one object a line.
Outcome show_watching(const Watching& watching, const Context& context,
                      const std::function<Outcome()>& show);

/// The same with a `show` that calls `begin` before it prints, and prints nothing if there is
/// nothing new.
Outcome show_changes(const Watching& watching, const Context& context,
                     const std::function<Outcome(const std::function<void()>& begin)>& show);

}  // namespace muster::tools
