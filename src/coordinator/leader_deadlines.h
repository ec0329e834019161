// Until when the leaders' plans are waited for. The time of a round begins when its first request
// is released; a request that replaces it because the group changed does not begin it anew, or
// churn could put a plan off for ever (no-orphan).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muster::coordinator {

class LeaderDeadlines {
 public:
  explicit LeaderDeadlines(std::uint32_t timeout_ms) : timeout_ms_(timeout_ms) {}
  /// For rounds that begin from now on.
  void set_timeout_ms(std::uint32_t timeout_ms) { timeout_ms_ = timeout_ms; }

  void begin(const std::string& group, std::uint64_t now_ms) {
    const std::uint64_t due_ms = now_ms + timeout_ms_;
    if (due_ms_.emplace(group, due_ms).second) order_.emplace(due_ms, group);
  }
  bool empty() const { return due_ms_.empty(); }
  /// The round is over.
  void end(const std::string& group) {
    const auto found = due_ms_.find(group);
    if (found == due_ms_.end()) return;
    order_.erase({found->second, group});
    due_ms_.erase(found);
  }

  /// Takes the groups whose leaders are late.
  std::vector<std::string> take_due(std::uint64_t now_ms) {
    std::vector<std::string> due;
    while (!order_.empty() && order_.begin()->first <= now_ms) {
      due.push_back(order_.begin()->second);
      end(due.back());
    }
    return due;
  }

  std::optional<std::uint64_t> next_due_ms() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

 private:
  std::uint32_t timeout_ms_;
  std::map<std::string, std::uint64_t> due_ms_;
  std::set<std::pair<std::uint64_t, std::string>> order_;  // the same by due time
};

}  // namespace muster::coordinator
