#include "end_to_end/run_process.h"

#include <algorithm>
#include <csignal>
#include <sstream>

namespace muster::e2e {

RunProcess::RunProcess(const Daemon& daemon, const std::string& directory,
                       const std::vector<std::string>& options, const std::string& script)
    : RunProcess(daemon, directory, options, script, {}) {}

RunProcess::RunProcess(const Daemon& daemon, const std::string& directory,
                       const std::vector<std::string>& options, const std::string& script,
                       const std::string& stdout_path)
    : stdout_path_(stdout_path.empty() ? own_ / "stdout" : stdout_path) {
  ProcessOptions process{.command = {MUSTER_BINARY, "--server", daemon.address(), "run", "--group",
                                     "group", "--topic", "orders"},
                         .environment = {{"DIR", directory}},
                         .stdout_path = stdout_path_,
                         .stderr_path = own_ / "stderr"};
  process.command.insert(process.command.end(), options.begin(), options.end());
  process.command.insert(process.command.end(), {"--", "sh", "-c", script});
  process_ = std::make_unique<Process>(process);
}

std::string RunProcess::out() const { return read_file(stdout_path_); }

std::string RunProcess::err() const { return read_file(own_ / "stderr"); }

std::vector<std::string> RunProcess::out_lines() const { return read_lines(stdout_path_); }

bool RunProcess::logs(const std::string& text, Milliseconds patience) const {
  return wait_until([&] { return err().find(text) != std::string::npos; }, patience);
}

bool RunProcess::prints(const std::string& line, Milliseconds patience) const {
  return wait_until([&] { return std::ranges::count(out_lines(), line) > 0; }, patience);
}

int RunProcess::terminate() {
  process_->signal(SIGTERM);
  return process_->wait().value_or(-1);
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

char process_state(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? '\0' : text.at(name_end + 2);
}

bool is_gone(pid_t pid) {
  const char state = process_state(pid);
  return state == '\0' || state == 'Z';
}

}  // namespace muster::e2e
