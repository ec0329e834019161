#include "end_to_end/daemon.h"

#include <csignal>
#include <stdexcept>
#include <utility>

namespace muster::e2e {
namespace {

constexpr std::string_view kReady = "listening on ";

// The address after the `count`th "listening on " (counted from 0), or "" while it is not there.
std::string announced_address(const std::string& log, std::size_t skip_bytes) {
  const std::size_t at = log.find(kReady, skip_bytes);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kReady.size();
  const std::size_t end = log.find_first_of(" \t\r\n\"", begin);
  return end == std::string::npos ? "" : log.substr(begin, end - begin);
}

}  // namespace

std::vector<std::string> daemon_command(const std::string& data_directory,
                                        const std::string& listen,
                                        const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {MUSTERD_BINARY, "--data-dir", data_directory, "--listen",
                                      listen};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Daemon::Daemon(std::vector<std::string> arguments) : arguments_(std::move(arguments)) { start(); }

std::string Daemon::log() const {
  return read_file(directory_ / "stdout") + read_file(directory_ / "stderr");
}

void Daemon::start() {
  const std::size_t out = read_file(directory_ / "stdout").size();
  const std::size_t err = read_file(directory_ / "stderr").size();
  process_ = std::make_unique<Process>(
      ProcessOptions{.command = daemon_command(data_directory(), address_, arguments_),
                     .environment = {},
                     .stdout_path = directory_ / "stdout",
                     .stderr_path = directory_ / "stderr"});
  std::string announced;
  wait_until([&] {
    announced = announced_address(read_file(directory_ / "stdout"), out);
    if (announced.empty()) announced = announced_address(read_file(directory_ / "stderr"), err);
    return !announced.empty() || !process_->running();
  });
  if (announced.empty()) throw std::runtime_error("musterd did not come up:\n" + log());
  address_ = announced;
}

void Daemon::kill9() { process_->kill9(); }

int Daemon::terminate() {
  process_->signal(SIGTERM);
  const std::optional<int> status = process_->wait();
  if (!status) throw std::runtime_error("musterd does not end on SIGTERM:\n" + log());
  return *status;
}

void Daemon::stop() const { process_->signal(SIGSTOP); }
void Daemon::resume() const { process_->signal(SIGCONT); }

}  // namespace muster::e2e
