// Threads of the library: the application's signals are not delivered to them.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace muster {

/// Blocks all signals on this thread while it exists.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t former_{};
};

/// Starts a thread with all signals blocked, so that the application's handlers run where it
/// expects them. Throws std::system_error when the system gives none.
template <typename Function>
std::thread start_quiet_thread(Function function) {
  const SignalsBlocked blocked;
  return std::thread(std::move(function));
}

}  // namespace muster
