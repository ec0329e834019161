// Two ways between threads: an Inbox brings work to a thread that sleeps in poll, and Errands take
// calls that block away from it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace muster::tools {

using Task = std::function<void()>;

/// Anybody posts; one thread polls the descriptor and runs what was posted, in order.
class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  void post(Task task);
  /// Some of it; the descriptor stays readable while more waits. A burst of tasks that take long
  /// must not keep the thread from all else.
  void run_posted();
  /// Readable while something is posted.
  int descriptor() const { return descriptor_; }

 private:
  void wake() const;

  std::mutex mutex_;
  std::deque<Task> posted_;
  int descriptor_ = -1;
};

/// Runs tasks one after the other on a thread of its own. Its destruction drops those not begun.
class Errands {
 public:
  Errands();
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  void post(Task task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable posted_or_ended_;
  std::deque<Task> posted_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace muster::tools
