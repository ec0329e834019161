// Which events `muster journal log` shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/arguments.h"
#include "tools/event_view.h"

namespace muster::tools {

/// All of what is set must hold; of a list, one.
struct LogFilter {
  std::optional<std::string> group;
  std::vector<std::string> types;
  std::vector<std::string> causes;  // cause_kind_text
  std::optional<std::string> member;
  std::optional<std::string> topic;
  std::optional<PartitionArgument> at;
  std::optional<std::int64_t> since_ms;
  std::optional<std::int64_t> until_ms;

  /// Whether the event may be wanted, as far as that can be said without the names of topics.
  bool may_want(const domain::Event& event) const;
  /// Whether it is wanted, when it may be.
  bool wants(const domain::Event& event, const TopicNames& names) const;
};

/// Whether the event names the member: as the one that acts, or that gets, has or loses partitions.
bool concerns_member(const domain::EventBody& body, const std::string& member_id);

/// Whether the event names the topic of this name: a subscription, a plan, partitions, offsets.
bool concerns_topic(const domain::EventBody& body, const std::string& topic,
                    const TopicNames& names);

/// Whether the event names the partition, or is about its topic as a whole.
bool concerns_partition(const domain::EventBody& body, const PartitionArgument& at,
                        const TopicNames& names);

}  // namespace muster::tools
