// A thread on which callbacks of a consumer run, one at a time and in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace muster {

class Callbacks {
 public:
  Callbacks();
  /// Not from within a callback.
  ~Callbacks();
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  void push(std::function<void()> callback);
  /// No callback starts after this. Waits for one that is running, unless called from it.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::mutex joining_;
  std::thread thread_;
};

}  // namespace muster
