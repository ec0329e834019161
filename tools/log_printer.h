// Shows the events of `muster journal log`: as a table, as sentences, or as JSON lines.
#pragma once

#include <vector>

#include "tools/commands.h"
#include "tools/log_search.h"
#include "tools/output.h"

namespace muster::tools {

class LogPrinter {
 public:
  LogPrinter(OutputFormat format, bool explain, const TopicNames& names);

  /// Prints them below those before. False: nobody reads it any more.
  bool print(const std::vector<FoundEvent>& events);
  bool printed_any() const { return printed_any_; }

 private:
  void print_json_lines(const std::vector<FoundEvent>& events) const;
  void print_sentences(const std::vector<FoundEvent>& events) const;
  void print_table(const std::vector<FoundEvent>& events);

  OutputFormat format_;
  bool explain_;
  bool printed_any_ = false;
  const TopicNames& names_;
  Table table_;
};

}  // namespace muster::tools
