#include "tools/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "domain/assert.h"

namespace muster::tools {
namespace {

constexpr std::size_t kTasksMax = 16;

}  // namespace

Inbox::Inbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MUSTER_ASSERT(descriptor_ >= 0);
}

Inbox::~Inbox() { ::close(descriptor_); }

void Inbox::post(Task task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  wake();
}

void Inbox::run_posted() {
  std::deque<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(descriptor_, &count, sizeof(count));
    for (; !posted_.empty() && tasks.size() < kTasksMax; posted_.pop_front()) {
      tasks.push_back(std::move(posted_.front()));
    }
    if (!posted_.empty()) wake();
  }
  for (const Task& task : tasks) task();
}

void Inbox::wake() const {
  const std::uint64_t one = 1;
  MUSTER_ASSERT(::write(descriptor_, &one, sizeof(one)) == sizeof(one));
}

Errands::Errands() : thread_([this] { work(); }) {}

Errands::~Errands() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  posted_or_ended_.notify_one();
  thread_.join();
}

void Errands::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  posted_or_ended_.notify_one();
}

void Errands::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_or_ended_.wait(lock, [this] { return ended_ || !posted_.empty(); });
    if (ended_) return;
    const Task task = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace muster::tools
