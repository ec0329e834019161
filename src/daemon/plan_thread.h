// The thread that computes plans, so that the loop goes on while a strategy takes its time.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "coordinator/seams.h"

namespace muster::daemon {

class PlanThread final : public coordinator::Planner {
 public:
  /// `wake` is called on this thread when a plan is done: make the loop turn soon.
  explicit PlanThread(std::function<void()> wake);
  /// Waits for the plan at hand, and for no other: what is due is due again after the next start.
  ~PlanThread() override;
  PlanThread(const PlanThread&) = delete;
  PlanThread& operator=(const PlanThread&) = delete;

  void start(domain::PlanTask task) override;
  std::optional<domain::ComputedPlan> take() override;

 private:
  void run();

  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<domain::PlanTask> tasks_;
  std::deque<domain::ComputedPlan> done_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace muster::daemon
