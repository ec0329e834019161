// When offsets of empty groups may have outlived their retention. What is due follows from folded
// state and the wall clock (domain::ExpireOffsets); what is kept here is only when to look, and
// since when this coordinator itself has seen the group empty: a start, or a wall clock that jumps,
// is no reason to forget (patient-coordinator). A group may have offsets of 100,000 partitions:
// they are gone through when the time to look has come, not at each event.
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

  /// At start and after every event of the group, which happened at `time_ms` of the wall clock;
  /// null when the group is gone. `now_ms` is of the session clock.
  void note(std::string_view name, const domain::Group* group, std::int64_t time_ms,
            std::uint64_t now_ms) {
    const bool wanted =
        group != nullptr && group->members.empty() && group->offset_retention_ms != 0;
    if (watches_.empty() && !wanted) return;
    const auto known = watches_.find(name);
    if (!wanted) {
      if (known != watches_.end()) forget(known);
    } else if (known == watches_.end()) {
      begin(name, *group, now_ms);
    } else if (known->second.retention_ms != group->offset_retention_ms) {
      known->second.retention_ms = group->offset_retention_ms;
      look_at(*known, expiry_ms(*group, group->emptied_ms));
    } else {  // what was committed before expires no sooner than it did
      const std::int64_t committed_ms = expiry_ms(*group, time_ms);
      if (committed_ms < known->second.look_ms) look_at(*known, committed_ms);
    }
  }

  /// Takes some groups of which something may be due. Of each that still is there afterwards,
  /// `looked` has to be told, even if nothing was due.
  std::vector<std::string> take_due(std::int64_t wall_ms, std::uint64_t now_ms) {
    constexpr std::size_t kMostATurn = 64;
    std::vector<std::string> due;
    while (!order_.empty() && order_.begin()->first <= wall_ms && due.size() < kMostATurn) {
      const auto known = watches_.find(order_.begin()->second);
      const Watch& watch = known->second;
      const std::uint64_t patience_ms = std::min<std::uint64_t>(watch.retention_ms, patience_ms_);
      const std::uint64_t seen_ms = now_ms - watch.since_ms;
      if (seen_ms >= patience_ms) {
        due.push_back(known->first);
        look_at(*known, kNever);
      } else {
        look_at(*known, wall_ms + static_cast<std::int64_t>(patience_ms - seen_ms));
      }
    }
    return due;
  }

  /// What was due of the group has been expired; what could not be is due again.
  void looked(const domain::Group& group) {
    const auto known = watches_.find(group.name);
    if (known == watches_.end()) return;
    std::int64_t next_ms = kNever;
    for (const auto& [topic, table] : group.partitions) {
      table.for_each([&](PartitionIndex, const domain::PartitionState& partition) {
        if (partition.has_commit()) next_ms = std::min(next_ms, expires_ms(group, partition));
      });
    }
    look_at(*known, next_ms);
  }

 private:
  struct Watch {
    std::uint64_t retention_ms = 0;  // the group's
    std::uint64_t since_ms = 0;      // of the session clock: seen empty
    std::int64_t look_ms = 0;        // of the wall clock: nothing expires before
  };
  using Watches = std::map<std::string, Watch, std::less<>>;

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  /// Of something committed at that time.
  static std::int64_t expiry_ms(const domain::Group& group, std::int64_t committed_ms) {
    domain::PartitionState partition;
    partition.commit_time_ms = committed_ms;
    return expires_ms(group, partition);
  }

  void begin(std::string_view name, const domain::Group& group, std::uint64_t now_ms) {
    const auto fresh = watches_.try_emplace(std::string(name),
                                            Watch{.retention_ms = group.offset_retention_ms,
                                                  .since_ms = now_ms,
                                                  .look_ms = expiry_ms(group, group.emptied_ms)});
    order_.emplace(fresh.first->second.look_ms, name);
  }

  void look_at(Watches::value_type& known, std::int64_t look_ms) {
    order_.erase({known.second.look_ms, known.first});
    known.second.look_ms = look_ms;
    order_.emplace(look_ms, known.first);
  }

  void forget(Watches::iterator known) {
    order_.erase({known->second.look_ms, known->first});
    watches_.erase(known);
  }

  std::uint32_t patience_ms_;
  Watches watches_;
  std::set<std::pair<std::int64_t, std::string>> order_;
};

}  // namespace muster::coordinator
