// When offsets of empty groups may have outlived their retention. What is due follows from folded
// state and the wall clock (domain::ExpireOffsets); what is kept here is only when to look, and
// since when this coordinator itself has seen the group empty: a start, or a wall clock that jumps,
// is no reason to forget (patient-coordinator).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/state.h"

namespace muster::coordinator {

class OffsetRetention {
 public:
  explicit OffsetRetention(std::uint32_t patience_ms) : patience_ms_(patience_ms) {}

  /// At start and after every event of the group; null when it is gone. `now_ms` is of the session
  /// clock.
  void note(std::string_view name, const domain::Group* group, std::uint64_t now_ms) {
    const bool watched =
        group != nullptr && group->members.empty() && group->offset_retention_ms != 0;
    if (watches_.empty() && !watched) return;
    const auto known = watches_.find(name);
    if (known != watches_.end()) {
      order_.erase({known->second.look_ms, known->first});
      if (!watched) watches_.erase(known);
    }
    if (!watched) return;
    Watch& watch = watches_.try_emplace(std::string(name), Watch{.since_ms = now_ms}).first->second;
    look_again(std::string(name), watch, next_expiry_ms(*group));
  }

  /// Takes some groups of which something may be due. Each is to be noted again, even if nothing
  /// was.
  std::vector<std::string> take_due(const domain::State& state, std::int64_t wall_ms,
                                    std::uint64_t now_ms) {
    constexpr std::size_t kMostATurn = 64;
    std::vector<std::string> due;
    while (!order_.empty() && order_.begin()->first <= wall_ms && due.size() < kMostATurn) {
      const std::string name = order_.begin()->second;
      order_.erase(order_.begin());
      Watch& watch = watches_.find(name)->second;
      const std::uint64_t retention_ms = state.group(name)->offset_retention_ms;
      const std::uint64_t patience_ms = std::min<std::uint64_t>(retention_ms, patience_ms_);
      const std::uint64_t seen_ms = now_ms - watch.since_ms;
      if (seen_ms >= patience_ms) {
        due.push_back(name);
      } else {
        look_again(name, watch, wall_ms + static_cast<std::int64_t>(patience_ms - seen_ms));
      }
    }
    return due;
  }

 private:
  struct Watch {
    std::uint64_t since_ms = 0;  // of the session clock: seen empty
    std::int64_t look_ms = 0;    // of the wall clock
  };

  static std::int64_t next_expiry_ms(const domain::Group& group) {
    std::int64_t next_ms = std::numeric_limits<std::int64_t>::max();
    for (const auto& [topic, table] : group.partitions) {
      table.for_each([&](PartitionIndex, const domain::PartitionState& partition) {
        if (partition.has_commit()) next_ms = std::min(next_ms, expires_ms(group, partition));
      });
    }
    return next_ms;
  }

  void look_again(std::string name, Watch& watch, std::int64_t look_ms) {
    watch.look_ms = look_ms;
    order_.emplace(look_ms, std::move(name));
  }

  std::uint32_t patience_ms_;
  std::map<std::string, Watch, std::less<>> watches_;
  std::set<std::pair<std::int64_t, std::string>> order_;
};

}  // namespace muster::coordinator
