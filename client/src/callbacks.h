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
  /// The same for one that runs in any case, if only while this stops: the answer to a call. Not
  /// after stop().
  void push_answer(std::function<void()> answer);
  /// No callback starts after this, but answers that wait.
  void stop();
  /// After stop(): until what is running, and the answers, are over. Not from within a callback.
  void wait();
  bool is_this_thread() const;

 private:
  struct Waiting {
    std::function<void()> run;
    bool is_answer = false;
  };

  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::mutex joining_;
  std::thread thread_;
};

}  // namespace muster
