#include "daemon/plan_thread.h"

#include <utility>

namespace muster::daemon {

PlanThread::PlanThread(std::function<void()> wake)
    : wake_(std::move(wake)), thread_([this] { run(); }) {}

PlanThread::~PlanThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PlanThread::start(domain::PlanTask task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

std::optional<domain::ComputedPlan> PlanThread::take() {
  const std::lock_guard lock(mutex_);
  if (done_.empty()) return std::nullopt;
  std::optional<domain::ComputedPlan> plan = std::move(done_.front());
  done_.pop_front();
  return plan;
}

void PlanThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (ending_) return;
    domain::PlanTask task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    domain::ComputedPlan plan = domain::compute(std::move(task));
    lock.lock();
    done_.push_back(std::move(plan));
    wake_();
  }
}

}  // namespace muster::daemon
