// Rebalance storms: a group that is planned again and again, because members come and go, gets no
// work done. Found in the order of the journal.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/events.h"

namespace muster::tools {

/// So many plans of one group within a minute are a storm.
inline constexpr std::size_t kStormPlans = 10;
inline constexpr std::int64_t kStormWindow_ms = 60'000;

/// What made plans due: a type of event, and the member that it was about (may be empty).
using StormCauses = std::map<std::pair<std::string_view, std::string>, std::uint64_t>;

/// Every plan of it is one of at least kStormPlans within a minute.
struct Storm {
  std::string group;
  Sequence first_sequence = 0;  // of its plans
  Sequence last_sequence = 0;
  std::int64_t began_ms = 0;
  std::int64_t ended_ms = 0;
  std::uint64_t plans = 0;
  StormCauses causes;
};

class StormWatch {
 public:
  /// To be called with every event, in order.
  void take(Sequence sequence, const domain::Event& event);

  /// In the order in which they began to be storms.
  const std::vector<Storm>& storms() const { return storms_; }

 private:
  struct Plan {
    Sequence sequence = 0;
    std::int64_t time_ms = 0;
    StormCauses causes;
  };
  struct Group {
    StormCauses causes;      // since the last plan
    std::deque<Plan> plans;  // of the last minute
    std::size_t storm = 0;   // 1 + its number, while it lasts
  };

  void take_plan(const std::string& name, Group& group, Plan plan);
  void add(Storm& storm, const Plan& plan) const;

  std::unordered_map<std::string, Group> groups_;
  std::vector<Storm> storms_;
};

}  // namespace muster::tools
