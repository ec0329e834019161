#include "tools/interruptible_wait.h"

#include <poll.h>
#include <unistd.h>

namespace muster::tools {
namespace {

volatile std::sig_atomic_t interruptions = 0;

void note_interruption(int /*signal*/) { interruptions = interruptions + 1; }

}  // namespace

InterruptibleWait::InterruptibleWait() {
  interruptions = 0;
  ::sigemptyset(&blocked_);
  struct sigaction action{};
  action.sa_handler = note_interruption;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaddset(&blocked_, kSignals[i]);
    ::sigaction(kSignals[i], &action, &former_[i]);
  }
  // nohup(1): a terminal that is closed ends nothing.
  if (former_.back().sa_handler == SIG_IGN) ::sigaction(SIGHUP, &former_.back(), nullptr);
  ::pthread_sigmask(SIG_BLOCK, &blocked_, &former_mask_);
}

InterruptibleWait::~InterruptibleWait() {
  // A signal that came again must not keep from saying what was to be said in the end.
  const timespec at_once{};
  while (::sigtimedwait(&blocked_, nullptr, &at_once) > 0) continue;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &former_[i], nullptr);
  }
  ::pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

bool InterruptibleWait::insisted() const { return interruptions > 1; }

bool InterruptibleWait::wait(std::uint32_t duration_ms) const {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  const timespec duration{.tv_sec = duration_ms / 1'000,
                          .tv_nsec = static_cast<long>(duration_ms % 1'000) * 1'000'000};
  const int ready = ::ppoll(&output, 1, &duration, &former_mask_);
  if (interruptions != 0) return false;
  // Of a pipe whose other end is closed.
  return ready <= 0 || (output.revents & (POLLERR | POLLNVAL)) == 0;
}

}  // namespace muster::tools
