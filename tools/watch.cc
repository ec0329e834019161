#include "tools/watch.h"

#include <unistd.h>

#include "tools/arguments.h"
#include "tools/interruptible_wait.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

void print_beginning(const Context& context, bool first) {
  if (context.json()) return;
  // Clears what is there only when something new is ready: no flicker.
  if (::isatty(STDOUT_FILENO) != 0) {
    print_text("\x1b[H\x1b[2J");
  } else if (!first) {
    print_text("\n");
  }
}

}  // namespace

void add_watch_option(CLI::App& command, Watching& watching) {
  const CLI::Validator duration(
      [](std::string& text) -> std::string {
        return parse_duration_ms(text) ? "" : "write --watch=5s, or --watch alone for every 2s";
      },
      "");
  // A flag, so that what follows it is not taken for its duration.
  command
      .add_flag("--watch{2s}", watching.interval,
                "Show it again and again, every 2s or --watch=DURATION, until interrupted")
      ->check(duration);
}

Outcome show_changes(const Watching& watching, const Context& context,
                     const std::function<Outcome(const std::function<void()>& begin)>& show) {
  const auto interval_ms = parse_duration_ms(watching.interval);
  if (!interval_ms) return show([] {});
  const InterruptibleWait waiting;
  for (bool first = true;; first = false) {
    bool begun = false;
    const auto begin = [&] {
      print_beginning(context, first);
      begun = true;
    };
    const Outcome shown = show(begin);
    // A server that is down for a moment comes back.
    if (!shown && (first || !shown.error().retriable)) return shown;
    if (!shown && !begun) begin();
    if (!shown) {
      print_text(context.json() ? error_json(shown.error()) + "\n"
                                : printable(shown.error().message) + "\n");
    }
    if (flush_output() != Written::kAll || !waiting.wait(*interval_ms)) return 0;
  }
}

Outcome show_watching(const Watching& watching, const Context& context,
                      const std::function<Outcome()>& show) {
  return show_changes(watching, context, [&](const std::function<void()>& begin) {
    begin();
    return show();
  });
}

}  // namespace muster::tools
