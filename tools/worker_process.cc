#include "tools/worker_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "domain/assert.h"
#include "journal/file_descriptor.h"

namespace muster::tools {
namespace {

// As shells have it.
constexpr int kNotFound = 127;
constexpr int kNotAllowed = 126;

std::optional<rlimit> found_open_files_limit;  // set when it was raised

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child needs between fork and exec. Other threads of the parent may have held any lock
/// at the fork: the child must not allocate, nor call anything that is not async-signal-safe.
struct ChildPlan {
  const char* path;
  char* const* arguments;
  char* const* environment;
  pid_t parent;
  std::array<int, 3> standard;  // to become its input, output and errors; -1: as they are
  int report;  // where the child writes errno when it fails; closed by a successful exec
  const ProcessGuard& guard;
};

void clear_signal_state() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

bool redirect_standard(const std::array<int, 3>& standard) {
  for (int target = 0; target < 3; ++target) {
    const int source = standard[static_cast<std::size_t>(target)];
    if (source >= 0 && ::dup2(source, target) < 0) return false;
  }
  return true;
}

[[noreturn]] void become_command(const ChildPlan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(kNotFound);  // it died before the line above
  int error_number = 0;
  if (!redirect_standard(plan.standard)) {
    error_number = errno;
  } else if (!plan.guard.enlist(getpid())) {
    error_number = ECHILD;  // the guard was killed
  } else {
    if (found_open_files_limit) ::setrlimit(RLIMIT_NOFILE, &*found_open_files_limit);
    clear_signal_state();
    ::execve(plan.path, plan.arguments, plan.environment);
    error_number = errno;
  }
  [[maybe_unused]] const ssize_t written =
      ::write(plan.report, &error_number, sizeof(error_number));
  _exit(kNotFound);
}

const char* advice_for(int error_number) {
  if (error_number == ENOEXEC) return ". A script needs a first line such as #!/bin/sh.";
  if (error_number == ECHILD) {
    return ": the process that guards the commands was killed. Start muster run again.";
  }
  return ". Check the command, its permissions and the limits on processes.";
}

std::unexpected<Error> can_not_start(const std::string& path, int error_number) {
  return std::unexpected(make_error(ErrorCode::kInternalError,
                                    "The command " + path + " could not be started: " +
                                        std::strerror(error_number) + advice_for(error_number)));
}

/// The errno that the child reports, or 0 when it was executed.
int read_report(int report) {
  int error_number = 0;
  ssize_t size = 0;
  do {
    size = ::read(report, &error_number, sizeof(error_number));
  } while (size < 0 && errno == EINTR);
  return size == sizeof(error_number) ? error_number : 0;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_executable(const std::string& path) {
  struct stat found{};
  return ::access(path.c_str(), X_OK) == 0 && ::stat(path.c_str(), &found) == 0 &&
         S_ISREG(found.st_mode);
}

}  // namespace

std::string ProcessEnd::text() const {
  if (!by_signal) return "exited with status " + std::to_string(value);
  return "was ended by signal " + std::to_string(value) + " (" + ::strsignal(value) + ")";
}

std::expected<std::string, NotExecutable> find_executable(const std::string& name) {
  const auto unusable = [&](int status, const char* why) {
    return std::unexpected(NotExecutable{
        .status = status,
        .error = make_error(ErrorCode::kInvalidArgument, "The command \"" + name + "\" " + why)});
  };
  if (name.find('/') != std::string::npos) {
    if (is_executable(name)) return name;
    if (!exists(name)) return unusable(kNotFound, "is not there. Check its path.");
    return unusable(kNotAllowed,
                    "is no file that may be executed. Check its path, or chmod +x it.");
  }
  const char* set = std::getenv("PATH");
  std::string_view rest = set != nullptr ? set : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty() && !name.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    const std::string path = (folder.empty() ? "." : folder) + "/" + name;
    if (is_executable(path)) return path;
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return unusable(kNotFound,
                  "is in none of the folders of PATH. Check its spelling, or give its whole path.");
}

void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) found_open_files_limit = limit;
}

std::expected<WorkerProcess, Error> WorkerProcess::start(const Launch& launch,
                                                         const ProcessGuard& guard) {
  std::array<int, 2> report{};
  const journal::FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.is_open() || ::pipe2(report.data(), O_CLOEXEC) < 0) {
    return can_not_start(launch.path, errno);
  }
  const auto arguments = pointers_to(launch.arguments);
  const auto environment = pointers_to(launch.environment);
  const ChildPlan plan{
      .path = launch.path.c_str(),
      .arguments = arguments.data(),
      .environment = environment.data(),
      .parent = ::getpid(),
      .standard = {launch.input >= 0 ? launch.input : null.number(), launch.output, launch.errors},
      .report = report[1],
      .guard = guard};
  const pid_t pid = ::fork();
  if (pid == 0) become_command(plan);
  const int fork_error = errno;
  ::close(report[1]);
  if (pid < 0) {
    ::close(report[0]);
    return can_not_start(launch.path, fork_error);
  }
  WorkerProcess process(pid, guard);
  const int error_number = read_report(report[0]);
  ::close(report[0]);
  if (error_number != 0) return can_not_start(launch.path, error_number);
  return process;
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), guard_(other.guard_) {}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  finish();
  pid_ = std::exchange(other.pid_, -1);
  guard_ = other.guard_;
  return *this;
}

WorkerProcess::~WorkerProcess() { finish(); }

void WorkerProcess::signal(int number) const {
  MUSTER_ASSERT(pid_ > 0);
  ::kill(-pid_, number);
}

std::optional<ProcessEnd> WorkerProcess::poll_end() {
  MUSTER_ASSERT(pid_ > 0);
  siginfo_t info{};
  // Not reaped yet: until finish has done with the group, its number must not become another's.
  const int waited = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  if (waited < 0 && errno == EINTR) return std::nullopt;
  MUSTER_ASSERT(waited == 0);
  if (info.si_pid == 0) return std::nullopt;
  finish();
  return ProcessEnd{.by_signal = info.si_code != CLD_EXITED, .value = info.si_status};
}

void WorkerProcess::finish() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  guard_->dismiss(pid_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace muster::tools
