// The thread on which a consumer's callbacks run, one at a time and in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "client/src/notice.h"

namespace muster {

class Callbacks {
 public:
  /// `run` is called with each notice on the thread of its own.
  explicit Callbacks(std::function<void(const Notice&)> run);
  /// Not from within a callback.
  ~Callbacks();
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  void push(Notice notice);
  /// No callback starts after this. Waits for one that is running, unless called from it.
  void stop();

 private:
  void work();

  std::function<void(const Notice&)> run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Notice> waiting_;
  bool stopping_ = false;
  std::mutex joining_;
  std::thread thread_;
};

}  // namespace muster
