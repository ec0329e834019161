#include "tools/log_printer.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "tools/offset_view.h"

namespace muster::tools {
namespace {

constexpr std::size_t kGroupColumns = 32;
constexpr std::size_t kCauseColumns = 40;

// Columns are as wide as what came before, so a table begins with more than one row of it.
std::vector<Column> columns() {
  return {{"SEQUENCE", Align::kRight},
          {"TIME"},
          {"TYPE"},
          {"GROUP", Align::kLeft, kGroupColumns},
          {"CAUSE", Align::kLeft, kCauseColumns},
          {"WHAT"}};
}

}  // namespace

LogPrinter::LogPrinter(OutputFormat format, bool explain, const TopicNames& names)
    : format_(format), explain_(explain), names_(names), table_(columns()) {}

bool LogPrinter::print(const std::vector<FoundEvent>& events) {
  if (format_ == OutputFormat::kJson) {
    print_json_lines(events);
  } else if (explain_) {
    print_sentences(events);
  } else {
    print_table(events);
  }
  printed_any_ = printed_any_ || !events.empty();
  return output_works();
}

void LogPrinter::print_json_lines(const std::vector<FoundEvent>& events) const {
  for (const auto& [sequence, event] : events) {
    Json json = event_json(sequence, event, names_);
    if (explain_) json["explanation"] = event_explanation(sequence, event, names_);
    print_json(json);
  }
}

void LogPrinter::print_sentences(const std::vector<FoundEvent>& events) const {
  for (const auto& [sequence, event] : events) {
    const std::string_view group = domain::event_group(event.body);
    const std::string where = group.empty() ? std::string() : fmt::format("{}: ", group);
    const std::string sentence =
        fmt::format("{}{}. Cause: {}.", where, event_explanation(sequence, event, names_),
                    cause_text(event.cause));
    print_text(
        fmt::format("{}  #{}  {}\n", time_text(event.time_ms), sequence, printable(sentence)));
  }
}

void LogPrinter::print_table(const std::vector<FoundEvent>& events) {
  if (events.empty()) return;
  for (const auto& [sequence, event] : events) {
    table_.add_row({std::to_string(sequence), time_text(event.time_ms),
                    std::string(domain::event_name(event.body)),
                    std::string(domain::event_group(event.body)), cause_text(event.cause),
                    event_summary(event, names_)});
  }
  print_text(table_.take_text());
}

}  // namespace muster::tools
