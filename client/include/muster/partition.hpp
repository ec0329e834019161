// A partition as its owner sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/ids.h"

namespace muster {

struct Partition {
  std::string topic;
  PartitionIndex index = 0;
  /// The next offset to read, as far as this consumer knows; empty: nothing committed yet.
  std::optional<std::int64_t> committed = std::nullopt;
  /// The fencing token of the grant: give it to every system that the work writes to.
  FencingToken fence = 0;
  /// In on_revoked alone: time left to release the partition, measured when the callback starts.
  std::chrono::milliseconds release_within{0};
};

/// One offset to commit.
struct OffsetCommit {
  std::string topic;
  PartitionIndex partition = 0;
  std::int64_t offset = 0;    // the next one to read
  std::string metadata = {};  // at most 4,096 bytes
  /// The partition's end offset as the application sees it: what lag is computed from.
  std::optional<std::int64_t> end = std::nullopt;
  /// The token under which the work was done (Partition::fence): refused with kFenced when the
  /// partition is held under a newer one, so that a thread that has outlived its grant commits
  /// nothing in the name of the next. Empty: whatever token is held.
  std::optional<FencingToken> fence = std::nullopt;
};

/// What a group has committed for a partition.
struct CommittedOffset {
  std::int64_t offset = 0;  // the next one to read
  std::string metadata;
  std::chrono::system_clock::time_point commit_time;  // the coordinator's clock
};

}  // namespace muster
