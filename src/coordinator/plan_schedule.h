// When groups are planned: joins and changed topics gather for a short window, fixed from the first
// of them and never sliding; departures and operators' actions make a plan at the end of the turn.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace muster::coordinator {

class PlanSchedule {
 public:
  explicit PlanSchedule(std::uint32_t gathering_window_ms) : window_ms_(gathering_window_ms) {}
  /// For what gathers from now on.
  void set_window_ms(std::uint32_t window_ms) { window_ms_ = window_ms; }

  /// The group needs a plan within the gathering window of the first such call.
  void gather(const std::string& group, std::uint64_t now_ms);
  /// The group needs a plan at the end of this turn.
  void at_once(const std::string& group, std::uint64_t now_ms);

  /// Takes a group whose time has come: the urgent ones first.
  std::optional<std::string> take_due(std::uint64_t now_ms);

  std::optional<std::uint64_t> next_due_ms() const;

 private:
  std::uint32_t window_ms_;
  std::map<std::string, std::uint64_t> due_ms_;                  // the truth
  std::deque<std::pair<std::uint64_t, std::string>> gathering_;  // by due time; may be outdated
  std::deque<std::string> urgent_;
};

}  // namespace muster::coordinator
