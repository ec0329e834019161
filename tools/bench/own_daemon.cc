#include "tools/bench/own_daemon.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace muster::tools {
namespace {

constexpr std::chrono::seconds kStartTimeout{60};
constexpr std::chrono::milliseconds kLookEvery{2};
constexpr std::string_view kListening = "listening on ";
constexpr const char* kKeepsLog = R"(exec "$@" >"$0" 2>&1)";

Error can_not_start(const std::string& why) {
  return make_error(ErrorCode::kInternalError,
                    "No musterd could be started for this load: " + why +
                        " Or measure one that runs: give its address with --server.");
}

/// Beside this program, where a build directory has it, or in PATH.
std::expected<std::string, Error> find_musterd() {
  std::error_code unknown;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const char* where : {"musterd", "../src/daemon/musterd"}) {
    const std::filesystem::path path = here / where;
    if (::access(path.c_str(), X_OK) == 0) return path.string();
  }
  auto found = find_executable("musterd");
  if (!found) return std::unexpected(can_not_start(found.error().error.message));
  return *found;
}

std::expected<std::string, Error> make_directory() {
  const char* chosen = std::getenv("TMPDIR");
  const std::string parent = chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
  std::string path = parent + "/muster-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return std::unexpected(can_not_start("there can be no directory in " + parent + " (" +
                                         std::strerror(errno) + "): set TMPDIR to one that can."));
  }
  return path;
}

std::string read_all(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

OwnDaemon::OwnDaemon(ProcessGuard guard, std::string program, std::string directory,
                     std::vector<std::string> options)
    : guard_(std::move(guard)),
      program_(std::move(program)),
      directory_(std::move(directory)),
      options_(std::move(options)) {}

std::expected<std::unique_ptr<OwnDaemon>, Error> OwnDaemon::start(
    std::vector<std::string> options) {
  auto program = find_musterd();
  if (!program) return std::unexpected(std::move(program.error()));
  auto guard = ProcessGuard::start();
  if (!guard) return std::unexpected(std::move(guard.error()));
  auto directory = make_directory();
  if (!directory) return std::unexpected(std::move(directory.error()));
  std::unique_ptr<OwnDaemon> daemon(new OwnDaemon(std::move(*guard), std::move(*program),
                                                  std::move(*directory), std::move(options)));
  if (auto launched = daemon->launch(); !launched) {
    return std::unexpected(std::move(launched.error()));
  }
  return daemon;
}

OwnDaemon::~OwnDaemon() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::expected<void, Error> OwnDaemon::launch() {
  std::filesystem::remove(log_path());
  Launch launch{.path = "/bin/sh",
                .arguments = {"sh", "-c", kKeepsLog, log_path(), program_, "--data-dir",
                              directory_ + "/data", "--listen", address_},
                .environment = {}};
  launch.arguments.insert(launch.arguments.end(), options_.begin(), options_.end());
  auto process = WorkerProcess::start(launch, guard_);
  if (!process) return std::unexpected(std::move(process.error()));
  process_.emplace(std::move(*process));
  return wait_until_it_listens();
}

std::expected<void, Error> OwnDaemon::wait_until_it_listens() {
  const auto until = std::chrono::steady_clock::now() + kStartTimeout;
  while (std::chrono::steady_clock::now() < until) {
    const auto end = process_->poll_end();
    const std::string log = read_all(log_path());
    if (end) {
      process_.reset();
      return std::unexpected(can_not_start(program_ + " " + end->text() + "; it said: " + log));
    }
    const std::size_t at = log.find(kListening);
    const std::size_t line_end = at == std::string::npos ? at : log.find('\n', at);
    if (line_end != std::string::npos) {
      const std::size_t begin = at + kListening.size();
      address_ = log.substr(begin, log.find_first_of(" \r\n", begin) - begin);
      return {};
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return std::unexpected(can_not_start(program_ + " does not listen after a minute."));
}

std::expected<void, Error> OwnDaemon::restart() {
  process_.reset();  // kills it
  return launch();
}

std::uint64_t OwnDaemon::resident_bytes() const {
  std::ifstream status("/proc/" + std::to_string(process_->pid()) + "/statm");
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  status >> all_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace muster::tools
