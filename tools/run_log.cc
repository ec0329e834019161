#include "tools/run_log.h"

#include <utility>

#include "tools/output.h"

namespace muster::tools {

RunLog::RunLog(LineWriter& writer, const std::string& member_id)
    : writer_(writer), prefix_("muster run [" + printable(member_id) + "] ") {}

void RunLog::operator()(const std::string& text) {
  if (writer_.full()) {
    ++dropped_;
    return;
  }
  std::string lines;
  if (const std::size_t dropped = std::exchange(dropped_, 0); dropped > 0) {
    lines = prefix_ + counted(dropped, "line") +
            " left out here: standard error was not read in time.\n";
  }
  writer_.write(lines + prefix_ + printable(text) + "\n");
}

}  // namespace muster::tools
