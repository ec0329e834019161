// What `muster run` says of its own doings, on standard error.
#pragma once

#include <cstddef>
#include <string>

#include "tools/line_writer.h"

namespace muster::tools {

/// One line an entry. While the reader of standard error takes nothing, entries are counted and
/// dropped: saying something must never hold up doing it.
class RunLog {
 public:
  RunLog(LineWriter& writer, const std::string& member_id);

  void operator()(const std::string& text);

 private:
  LineWriter& writer_;
  const std::string prefix_;
  std::size_t dropped_ = 0;
};

}  // namespace muster::tools
