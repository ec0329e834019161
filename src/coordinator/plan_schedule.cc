#include "coordinator/plan_schedule.h"

#include <algorithm>
#include <utility>

namespace muster::coordinator {

void PlanSchedule::gather(const std::string& group, std::uint64_t now_ms) {
  const std::uint64_t due_ms = now_ms + window_ms_;
  if (!due_ms_.emplace(group, due_ms).second) return;
  // At the end, unless the window was made shorter a moment ago.
  const auto place = std::ranges::upper_bound(gathering_, due_ms, {},
                                              [](const auto& gathers) { return gathers.first; });
  gathering_.emplace(place, due_ms, group);
}

void PlanSchedule::at_once(const std::string& group, std::uint64_t now_ms) {
  const auto [found, fresh] = due_ms_.emplace(group, now_ms);
  if (!fresh && found->second <= now_ms) return;
  found->second = now_ms;
  urgent_.push_back(group);
}

std::optional<std::string> PlanSchedule::take_due(std::uint64_t now_ms) {
  if (!urgent_.empty()) {
    std::string group = std::move(urgent_.front());
    urgent_.pop_front();
    due_ms_.erase(group);
    return group;
  }
  while (!gathering_.empty() && gathering_.front().first <= now_ms) {
    auto [due_ms, group] = std::move(gathering_.front());
    gathering_.pop_front();
    const auto found = due_ms_.find(group);
    if (found == due_ms_.end() || found->second != due_ms) continue;  // planned before its time
    due_ms_.erase(found);
    return group;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> PlanSchedule::next_due_ms() const {
  if (!urgent_.empty()) return 0;
  if (gathering_.empty()) return std::nullopt;
  return gathering_.front().first;
}

}  // namespace muster::coordinator
