#include "end_to_end/pseudo_terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace muster::e2e {
namespace {

[[noreturn]] void become_on(int terminal, const std::vector<std::string>& command,
                            const std::vector<std::string>& environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  ioctl(terminal, TIOCSCTTY, 0);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(terminal, standard);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  for (const std::string& each : environment) putenv(const_cast<char*>(each.c_str()));
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

PseudoTerminal::PseudoTerminal(const std::vector<std::string>& command, unsigned short width,
                               unsigned short height, const std::vector<std::string>& environment) {
  const winsize size{.ws_row = height, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
  if (openpty(&descriptor_, &other_, nullptr, nullptr, &size) != 0) {
    throw std::runtime_error("no pseudo-terminal");
  }
  fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
  fcntl(descriptor_, F_SETFL, O_NONBLOCK);
  pid_ = fork();
  if (pid_ == 0) become_on(other_, command, environment);
}

PseudoTerminal::~PseudoTerminal() {
  if (!status_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(descriptor_);
  close(other_);
}

void PseudoTerminal::type(const std::string& keys) const {
  if (write(descriptor_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("the terminal takes no keys");
  }
}

void PseudoTerminal::resize(unsigned short width, unsigned short height) const {
  const winsize size{.ws_row = height, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(descriptor_, TIOCSWINSZ, &size);
}

void PseudoTerminal::signal(int number) const { kill(pid_, number); }

const std::string& PseudoTerminal::written() {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
    if (count <= 0) return written_;
    written_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

bool PseudoTerminal::shows(const std::string& part) {
  return wait_until([&] { return written().find(part) != std::string::npos; });
}

std::optional<int> PseudoTerminal::wait() {
  wait_until([this] {
    written();  // a full terminal would keep it from ending
    int raw = 0;
    if (status_ || waitpid(pid_, &raw, WNOHANG) != pid_) return status_.has_value();
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return true;
  });
  return status_;
}

termios PseudoTerminal::settings() const {
  termios settings{};
  tcgetattr(other_, &settings);
  return settings;
}

}  // namespace muster::e2e
