// A planner that computes when it is asked for what is done; or, while `answers` is false, never.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "coordinator/seams.h"

namespace muster::fakes {

class FakePlanner final : public coordinator::Planner {
 public:
  void start(domain::PlanTask task) override { tasks_.push_back(std::move(task)); }
  std::optional<domain::ComputedPlan> take() override {
    if (!answers) return std::nullopt;
    compute();
    if (done_.empty()) return std::nullopt;
    std::optional<domain::ComputedPlan> plan = std::move(done_.front());
    done_.pop_front();
    return plan;
  }

  /// All that waits.
  void compute() {
    for (; !tasks_.empty(); tasks_.pop_front()) {
      done_.push_back(domain::compute(std::move(tasks_.front())));
    }
  }

  /// Tasks that have not been answered.
  std::size_t waiting() const { return tasks_.size(); }
  /// Its process is gone.
  void crash() {
    tasks_.clear();
    done_.clear();
  }

  bool answers = true;

 private:
  std::deque<domain::PlanTask> tasks_;
  std::deque<domain::ComputedPlan> done_;
};

}  // namespace muster::fakes
