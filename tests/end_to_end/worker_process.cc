#include "end_to_end/worker_process.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace muster::e2e {

WorkerProcess::WorkerProcess(const std::string& server, const WorkerOptions& options)
    : WorkerProcess({WORKER_BINARY, server, options.group, options.topic, options.consumer_id,
                     std::to_string(options.session_timeout_ms),
                     std::to_string(options.disconnect_grace_ms)}) {}

WorkerProcess::WorkerProcess(std::vector<std::string> command,
                             std::map<std::string, std::string> environment)
    : process_(std::make_unique<Process>(ProcessOptions{.command = std::move(command),
                                                        .environment = std::move(environment),
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

std::string WorkerProcess::last(const std::string& beginning) const {
  const std::vector<std::string> lines = said();
  const auto found = std::find_if(lines.rbegin(), lines.rend(), [&](const std::string& line) {
    return line.starts_with(beginning);
  });
  return found == lines.rend() ? std::string() : found->substr(beginning.size());
}

bool WorkerProcess::says(const std::string& beginning, Milliseconds patience) const {
  return wait_until([&] { return count(beginning) > 0; }, patience);
}

}  // namespace muster::e2e
