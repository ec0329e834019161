#include "tools/process_guard.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <utility>

namespace muster::tools {
namespace {

/// What travels through the pipe. Small enough that each write is whole.
struct Note {
  pid_t group;
  bool enlisted;
};

bool send(int pipe, Note note) noexcept {
  ssize_t written = 0;
  do {
    written = ::write(pipe, &note, sizeof(note));
  } while (written < 0 && errno == EINTR);
  return written == sizeof(note);
}

/// A session of its own, deaf to what is sent to the terminal's processes: the guard ends with the
/// pipe, and holds none of the descriptors by which others see that `muster run` has ended.
void detach_from_parent() {
  setsid();
  prctl(PR_SET_NAME, "muster-guard");
  for (const int deaf_to : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(deaf_to, SIG_IGN);
  }
  const int null = ::open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, standard);
  if (null > STDERR_FILENO) ::close(null);
}

[[noreturn]] void keep_watch(int pipe) {
  detach_from_parent();
  std::set<pid_t> groups;
  Note note{};
  while (true) {
    const ssize_t size = ::read(pipe, &note, sizeof(note));
    if (size < 0 && errno == EINTR) continue;
    if (size != sizeof(note)) break;
    if (note.enlisted) groups.insert(note.group);
    if (!note.enlisted) groups.erase(note.group);
  }
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
  _exit(0);
}

std::unexpected<Error> can_not_start(int error_number) {
  return std::unexpected(make_error(
      ErrorCode::kInternalError,
      std::string("The process that guards the commands could not be started: ") +
          std::strerror(error_number) + ". Check the limits on processes and open files."));
}

}  // namespace

std::expected<ProcessGuard, Error> ProcessGuard::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return can_not_start(errno);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[1]);
    keep_watch(ends[0]);
  }
  const int error_number = errno;
  ::close(ends[0]);
  if (pid < 0) {
    ::close(ends[1]);
    return can_not_start(error_number);
  }
  return ProcessGuard(pid, ends[1]);
}

ProcessGuard::ProcessGuard(ProcessGuard&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pipe_(std::exchange(other.pipe_, -1)) {}

ProcessGuard::~ProcessGuard() {
  if (pid_ < 0) return;
  ::close(pipe_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool ProcessGuard::enlist(pid_t group) const noexcept {
  return send(pipe_, {.group = group, .enlisted = true});
}

void ProcessGuard::dismiss(pid_t group) const noexcept {
  send(pipe_, {.group = group, .enlisted = false});
}

}  // namespace muster::tools
