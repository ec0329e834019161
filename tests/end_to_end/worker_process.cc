#include "end_to_end/worker_process.h"

#include <algorithm>
#include <sstream>

namespace muster::e2e {

WorkerProcess::WorkerProcess(const std::string& server, const WorkerOptions& options)
    : process_(std::make_unique<Process>(ProcessOptions{
          .command = {WORKER_BINARY, server, options.group, options.topic, options.consumer_id,
                      std::to_string(options.session_timeout_ms),
                      std::to_string(options.disconnect_grace_ms)},
          .environment = {},
          .stdout_path = directory_ / "stdout",
          .stderr_path = directory_ / "stderr"})) {}

std::vector<std::string> WorkerProcess::said() const {
  std::vector<std::string> lines;
  std::istringstream text(read_file(directory_ / "stdout"));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::size_t WorkerProcess::count(const std::string& beginning) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      said(), [&](const std::string& line) { return line.starts_with(beginning); }));
}

bool WorkerProcess::says(const std::string& beginning, Milliseconds patience) const {
  return wait_until([&] { return count(beginning) > 0; }, patience);
}

}  // namespace muster::e2e
