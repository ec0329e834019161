// A group as `muster group describe` shows it: summary, members, partitions with their lag.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/output.h"

namespace muster::tools {

/// Gathered from several replies: a group that changes meanwhile may show a member without its
/// newest partition, never a partition twice.
struct GroupView {
  wire::GroupInfoT group;
  std::vector<std::string> draining;  // member ids, present or not
  std::vector<std::unique_ptr<wire::MemberInfoT>> members;
  std::vector<std::unique_ptr<wire::PartitionInfoT>> partitions;
  std::uint32_t resetting = 0;  // partitions that a live reset waits for
  /// Of the quiet time after a restore; 0: there is none.
  std::uint32_t quiet_remaining_ms = 0;
  /// False: folded from a journal, which knows no connections.
  bool live = true;
  std::int64_t now_ms = 0;  // wall clock; 0: what was long ago has no meaning
};

/// What nobody has reported.
inline constexpr const char* kUnknown = "unknown";
/// An end offset; kUnknown until it is reported.
std::string end_text(std::int64_t end);
/// The lag, "-" where nothing is committed, kUnknown where nobody has reported the end.
std::string lag_text(const wire::PartitionInfoT& partition);
/// How long ago something was committed last; "-": never.
std::string commit_age_text(std::int64_t now_ms, const wire::PartitionInfoT& partition);
/// "lag 12", with how many partitions the sum leaves out.
std::string lag_summary(const std::vector<std::unique_ptr<wire::PartitionInfoT>>& partitions);

/// end − committed, never below 0; nothing while either is unknown.
std::optional<std::int64_t> lag_of(const wire::PartitionInfoT& partition);

Json group_json(const GroupView& view);
/// With `partitions_most`, of a longer list only those are shown that tell most (partition_rows.h).
std::string group_text(const GroupView& view, std::size_t partitions_most = 0);

/// "3", or "3/50" in a group of at most 50.
std::string member_count_text(const wire::GroupInfoT& group);
/// "stable", or "stable, frozen".
std::string state_text(const wire::GroupInfoT& group);
/// Green when all is at rest, yellow while something moves or is withheld.
Colour state_colour(const wire::GroupInfoT& group);

/// When a quiet time of so much more is over, and what it means: "nothing is assigned for 12 s …".
std::string quiet_text(std::uint32_t remaining_ms);

/// One entry of `muster group list`.
Json group_summary_json(const wire::GroupInfoT& group);

}  // namespace muster::tools
