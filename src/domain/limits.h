// Every limit and default of the model (bounded). Checked when a name, member or partition is
// admitted, never later when something is encoded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster {

struct Limits {
  std::uint32_t session_timeout_ms_min = 1'000;
  std::uint32_t session_timeout_ms_max = 30 * 60 * 1'000;
  std::uint32_t session_timeout_ms_default = 30'000;
  /// Grace after a connection was seen to end. Named members default to their session timeout.
  std::uint32_t disconnect_grace_ms_min = 100;
  std::uint32_t disconnect_grace_ms_default = 10'000;
  std::uint32_t rebalance_timeout_ms_default = 60'000;
  std::uint32_t rebalance_timeout_ms_max = 60 * 60 * 1'000;
  /// How long joins gather before they make one plan; 0 = a plan at the end of the loop turn.
  std::uint32_t gathering_window_ms = 200;
  /// How long the coordinator waits for a leader's plan before it makes one itself.
  std::uint32_t leader_plan_timeout_ms = 5'000;
  /// Work that one slice of a plan may be, about a partition each: some milliseconds of the loop.
  std::size_t plan_slice_max = 4'096;

  /// Shortest retention of an empty group's offsets, and how long the coordinator itself must have
  /// seen the group empty before any expire (or the retention, if that is shorter): a start or a
  /// jump of the wall clock is no reason to forget (patient-coordinator).
  std::uint32_t offset_retention_ms_min = 1'000;
  std::uint32_t offset_expiry_patience_ms = 10 * 60 * 1'000;

  std::size_t name_bytes_max = 255;
  std::size_t commit_metadata_bytes_max = 4'096;
  std::int32_t partitions_per_topic_max = 100'000;
  std::size_t members_per_group_max = 10'000;
  std::size_t partitions_per_group_max = 1'000'000;
  std::size_t topics_max = 100'000;
  std::size_t groups_max = 1'000'000;
  std::size_t topics_per_member_max = 10'000;
  std::size_t patterns_per_member_max = 100;
  std::size_t member_metadata_bytes_max = 4'096;
  /// Member ids that drain and partitions that are pinned, a group.
  std::size_t draining_per_group_max = 1'000;
  std::size_t pins_per_group_max = 100'000;
  /// Partitions in one commit, release or fetch: so many that the answer, with a sentence for each
  /// refusal, still fits a frame of 4 MiB.
  std::size_t items_per_request_max = 4'000;
};

/// Replaced or removed incarnations remembered for each member id, and member ids remembered so
/// for each group. They are part of the folded state and so are constants, not configuration: a
/// changed setting must not change what an old journal folds to (one-fold).
inline constexpr std::size_t kEndedIncarnationsPerMember = 8;
inline constexpr std::size_t kEndedMemberIdsPerGroup = 10'000;

}  // namespace muster
