#include "tools/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace muster::tools {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // another screen, without a cursor
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

volatile std::sig_atomic_t resized = 0;
volatile std::sig_atomic_t stopping = 0;
volatile std::sig_atomic_t continued = 0;
volatile std::sig_atomic_t ended = 0;

void note_signal(int signal) {
  if (signal == SIGWINCH) {
    resized = 1;
  } else if (signal == SIGTSTP) {
    stopping = 1;
  } else if (signal == SIGCONT) {
    continued = 1;
  } else {
    ended = 1;
  }
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

struct KeySequence {
  std::string_view bytes;
  Key key;
};

// Longer ones before what they begin with.
constexpr std::array<KeySequence, 23> kSequences{{
    {"\x1b[A", Key::kUp},   {"\x1bOA", Key::kUp},      {"\x1b[B", Key::kDown},
    {"\x1bOB", Key::kDown}, {"\x1b[5~", Key::kPageUp}, {"\x1b[6~", Key::kPageDown},
    {"\x1b[D", Key::kBack}, {"\x1b[C", Key::kEnter},   {"\x1b", Key::kBack},
    {"\x7f", Key::kBack},   {"\b", Key::kBack},        {"\r", Key::kEnter},
    {"\n", Key::kEnter},    {"k", Key::kUp},           {"j", Key::kDown},
    {"s", Key::kSort},      {"p", Key::kPause},        {"?", Key::kHelp},
    {"h", Key::kHelp},      {"q", Key::kQuit},         {"\x03", Key::kQuit},
    {"\x04", Key::kQuit},   {"\x1a", Key::kStop},
}};

}  // namespace

Key key_of(std::string_view bytes, std::size_t& used) {
  for (const KeySequence& each : kSequences) {
    if (!bytes.starts_with(each.bytes)) continue;
    used = each.bytes.size();
    // Of a key that is not known here: all of it, or its letters would be keys of their own.
    const bool other = each.bytes == "\x1b" && bytes.size() > 1;
    if (!other) return each.key;
    used = bytes.size();
    return Key::kOther;
  }
  used = 1;
  return Key::kOther;
}

std::expected<std::unique_ptr<Terminal>, Error> Terminal::open() {
  termios former{};
  const bool terminal = ::isatty(STDOUT_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &former) == 0;
  if (!terminal) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        "muster top needs a terminal to draw on, and standard input or output is none. For "
        "programs there is muster top --output json, which shows all once."));
  }
  return std::unique_ptr<Terminal>(new Terminal(former));
}

Terminal::Terminal(const termios& former) : former_(former) {
  for (volatile std::sig_atomic_t* flag : {&resized, &stopping, &continued, &ended}) *flag = 0;
  sigset_t blocked;
  ::sigemptyset(&blocked);
  for (const int signal : kSignals) {
    ::sigaddset(&blocked, signal);
    handle(signal, note_signal);
  }
  // But while a key is waited for.
  ::pthread_sigmask(SIG_BLOCK, &blocked, &former_mask_);
  take_over();
}

Terminal::~Terminal() {
  give_back();
  for (const int signal : kSignals) handle(signal, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

void Terminal::take_over() const {
  termios raw = former_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  put(kEnter);
}

void Terminal::give_back() const {
  put(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &former_);
}

/// With its whole job, as ctrl-z does to a program that leaves that key alone.
void Terminal::stop() const {
  give_back();
  handle(SIGTSTP, SIG_DFL);
  ::kill(0, SIGTSTP);
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);  // here it stops, and goes on
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  handle(SIGTSTP, note_signal);
  stopping = 0;
  take_over();
}

Terminal::Size Terminal::size() const {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  if (!known || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.width = size.ws_col, .height = size.ws_row};
}

void Terminal::draw(const std::vector<std::string>& lines) const {
  std::string screen = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    screen += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  }
  put(screen + "\x1b[J");
}

Key Terminal::key(std::uint32_t within_ms) {
  if (pending_.empty()) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const timespec time{.tv_sec = within_ms / 1'000,
                        .tv_nsec = static_cast<long>(within_ms % 1'000) * 1'000'000};
    const int ready = ::ppoll(&input, 1, &time, &former_mask_);
    if (ended != 0) return Key::kQuit;
    if (stopping != 0) {
      stop();
      return Key::kResize;
    }
    if (continued != 0) {
      continued = 0;
      take_over();
      return Key::kResize;
    }
    if (resized != 0) {
      resized = 0;
      return Key::kResize;
    }
    if (ready <= 0) return Key::kNone;
    std::array<char, 256> buffer;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count <= 0) return Key::kQuit;
    pending_.assign(buffer.data(), static_cast<std::size_t>(count));
  }
  std::size_t used = 0;
  const Key pressed = key_of(pending_, used);
  pending_.erase(0, used);
  if (pressed != Key::kStop) return pressed;
  stop();
  return Key::kResize;
}

}  // namespace muster::tools
