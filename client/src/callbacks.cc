#include "client/src/callbacks.h"

#include <utility>

#include "client/src/quiet_thread.h"
#include "domain/assert.h"

namespace muster {

namespace {

// The identity of a thread that has ended may be another's by now; this is nobody else's.
thread_local const Callbacks* callbacks_of_this_thread = nullptr;

}  // namespace

Callbacks::Callbacks() {
  thread_ = start_quiet_thread([this] {
    callbacks_of_this_thread = this;
    work();
  });
}

bool Callbacks::is_this_thread() const { return callbacks_of_this_thread == this; }

Callbacks::~Callbacks() {
  // A callback that destroys its consumer would have to wait for itself.
  MUSTER_ASSERT(!is_this_thread());
  stop();
  wait();
}

void Callbacks::push(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  waiting_.push_back({.run = std::move(callback)});
  changed_.notify_one();
}

void Callbacks::push_answer(std::function<void()> answer) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({.run = std::move(answer), .is_answer = true});
  changed_.notify_one();
}

void Callbacks::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  std::erase_if(waiting_, [](const Waiting& each) { return !each.is_answer; });
  changed_.notify_one();
}

void Callbacks::wait() {
  const std::lock_guard lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void Callbacks::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::function<void()> callback = std::move(waiting_.front().run);
    waiting_.pop_front();
    lock.unlock();
    callback();
    lock.lock();
  }
}

}  // namespace muster
