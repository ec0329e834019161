// Threads of the library: the application's signals are not delivered to them.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace muster {

/// Starts a thread with all signals blocked, so that the application's handlers run where it
/// expects them.
template <typename Function>
std::thread start_quiet_thread(Function function) {
  sigset_t all;
  sigset_t former;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &former);
  std::thread thread(std::move(function));
  pthread_sigmask(SIG_SETMASK, &former, nullptr);
  return thread;
}

}  // namespace muster
