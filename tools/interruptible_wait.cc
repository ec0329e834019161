#include "tools/interruptible_wait.h"

#include <poll.h>
#include <unistd.h>

namespace muster::tools {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int /*signal*/) { interrupted = 1; }

}  // namespace

InterruptibleWait::InterruptibleWait() {
  interrupted = 0;
  struct sigaction action{};
  action.sa_handler = note_interrupt;
  ::sigaction(SIGINT, &action, &former_interrupt_);
  ::sigaction(SIGTERM, &action, &former_terminate_);
  ::sigemptyset(&blocked_);
  ::sigaddset(&blocked_, SIGINT);
  ::sigaddset(&blocked_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked_, &former_mask_);
}

InterruptibleWait::~InterruptibleWait() {
  ::sigaction(SIGINT, &former_interrupt_, nullptr);
  ::sigaction(SIGTERM, &former_terminate_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

bool InterruptibleWait::wait(std::uint32_t duration_ms) const {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  const timespec duration{.tv_sec = duration_ms / 1'000,
                          .tv_nsec = static_cast<long>(duration_ms % 1'000) * 1'000'000};
  const int ready = ::ppoll(&output, 1, &duration, &former_mask_);
  if (interrupted != 0) return false;
  // Of a pipe whose other end is closed.
  return ready <= 0 || (output.revents & (POLLERR | POLLNVAL)) == 0;
}

}  // namespace muster::tools
