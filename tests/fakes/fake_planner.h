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
    if (!answers || tasks_.empty()) return std::nullopt;
    domain::PlanTask task = std::move(tasks_.front());
    tasks_.pop_front();
    return domain::compute(std::move(task));
  }

  /// Tasks that have not been answered.
  std::size_t waiting() const { return tasks_.size(); }
  /// Its process is gone.
  void crash() { tasks_.clear(); }

  bool answers = true;

 private:
  std::deque<domain::PlanTask> tasks_;
};

}  // namespace muster::fakes
