#include "end_to_end/daemon.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <utility>

namespace muster::e2e {
namespace {

constexpr std::string_view kReady = "listening on ";

// The address after the first "listening on " beyond `skip_bytes`; "" while it is not there.
std::string announced_address(const std::string& log, std::size_t skip_bytes) {
  const std::size_t at = log.find(kReady, skip_bytes);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kReady.size();
  const std::size_t end = log.find_first_of(" \t\r\n\"", begin);
  return end == std::string::npos ? "" : log.substr(begin, end - begin);
}

// The command, with a filesystem of `disk_mib` at `directory` that it alone sees.
std::vector<std::string> on_own_disk(const std::string& directory, int disk_mib,
                                     const std::vector<std::string>& command) {
  std::vector<std::string> all = {"/usr/bin/unshare", "--mount"};
  if (geteuid() != 0) all.insert(all.end(), {"--user", "--map-root-user"});
  const std::string mount =
      "mount -t tmpfs -o size=" + std::to_string(disk_mib) + "m tmpfs \"$0\" && exec \"$@\"";
  all.insert(all.end(), {"/bin/sh", "-c", mount, directory});
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::set<std::string> skipped;  // test cases: one with subcases asks several times

}  // namespace

std::vector<std::string> daemon_command(const std::string& data_directory,
                                        const std::string& listen,
                                        const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {MUSTERD_BINARY, "--data-dir", data_directory, "--listen",
                                      listen};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Daemon::Daemon(std::vector<std::string> arguments, int disk_mib)
    : arguments_(std::move(arguments)), disk_mib_(disk_mib) {
  if (disk_mib_ != 0) std::filesystem::create_directory(data_directory());
  start();
}

bool Daemon::can_mount() {
  const TemporaryDirectory directory;
  Process probe({.command = on_own_disk(directory.path().string(), 1, {"/bin/true"}),
                 .environment = {},
                 .stdout_path = directory / "stdout",
                 .stderr_path = directory / "stderr"});
  if (probe.wait() == 0) return true;
  const char* const name = doctest::getContextOptions()->currentTest->m_name;
  if (skipped.insert(name).second) {
    std::printf("SKIPPED: %s: this machine lets a test mount no filesystem\n", name);
  }
  return false;
}

unsigned Daemon::skipped_without_disk() { return static_cast<unsigned>(skipped.size()); }

std::string Daemon::data_file(const std::string& name) const {
  const std::string path = data_directory() + "/" + name;
  return disk_mib_ == 0 ? path : "/proc/" + std::to_string(process_->pid()) + "/root" + path;
}

std::string Daemon::log() const {
  return read_file(directory_ / "stdout") + read_file(directory_ / "stderr");
}

std::size_t Daemon::anonymous_bytes() const {
  std::ifstream status("/proc/" + std::to_string(process_->pid()) + "/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1'024;
  }
  FAIL("no RssAnon");
  return 0;
}

void Daemon::start() {
  const std::size_t out = read_file(directory_ / "stdout").size();
  const std::size_t err = read_file(directory_ / "stderr").size();
  const std::vector<std::string> command = daemon_command(data_directory(), address_, arguments_);
  process_ = std::make_unique<Process>(ProcessOptions{
      .command = disk_mib_ == 0 ? command : on_own_disk(data_directory(), disk_mib_, command),
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
