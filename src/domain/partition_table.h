// The partitions of one topic as one group sees them: a table by number that takes memory only
// for the neighbourhoods in use, since a group may commit to one partition of 100,000.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"

namespace muster::domain {

/// FREE has no owner: `owner == kNobody`.
enum class Phase : std::uint8_t { kFree, kOwned, kRevoking };

/// How a token came to its end. Same order as TokenEnd in wire.fbs.
enum class TokenEnd : std::uint8_t {
  kNone,
  kReleased,
  kLeft,
  kRemoved,
  kExpired,
  kFenced,
  kReplaced,
  kTopicDeleted,
  kOlder,
  kRestored,
};

/// One partition as one group sees it: who has it, who shall have it, what was committed.
/// There may be a million of these: keep it small.
struct PartitionState {
  SeatId owner = kNobody;
  SeatId target = kNobody;         // may name a seat that has ended: no live target then
  FencingToken fence = 0;          // current token; 0 while free
  FencingToken ended_fence = 0;    // the token before it, or the last one while free
  std::int64_t ended_offset = -1;  // what was committed when that token ended
  std::int64_t committed = -1;     // the next offset to read; -1: nothing yet
  std::int64_t commit_time_ms = 0;
  FencingToken committed_fence = 0;       // token of the last commit; 0: an administrator's
  std::unique_ptr<std::string> metadata;  // of the last commit; null: empty
  Phase phase = Phase::kFree;
  TokenEnd ended_how = TokenEnd::kNone;

  bool has_commit() const { return committed >= 0; }
  /// The token of its last grant, current or ended; 0: never granted.
  FencingToken last_fence() const { return fence != 0 ? fence : ended_fence; }
  std::string_view metadata_view() const {
    return metadata ? std::string_view(*metadata) : std::string_view();
  }
};

class PartitionTable {
 public:
  /// Null when nothing was ever known of this partition.
  const PartitionState* find(PartitionIndex partition) const { return look_up(partition); }

  /// Makes room for the partition; `partition` is 0 or more.
  PartitionState& at(PartitionIndex partition) {
    PartitionState* there = look_up(partition);
    return there == nullptr ? make(partition) : *there;
  }

  /// Calls visit(PartitionIndex, const PartitionState&) in ascending order for every partition
  /// that there is room for; some of them may still be in their first state.
  template <typename Visit>
  void for_each(Visit visit, PartitionIndex from = 0) const {
    for (std::size_t i = static_cast<std::size_t>(from) / kChunk; i < chunks_.size(); ++i) {
      if (!chunks_[i]) continue;
      for (std::size_t j = 0; j < kChunk; ++j) {
        const auto partition = static_cast<PartitionIndex>(i * kChunk + j);
        if (partition >= from) visit(partition, (*chunks_[i])[j]);
      }
    }
  }

 private:
  static constexpr std::size_t kChunk = 16;
  using Chunk = std::array<PartitionState, kChunk>;

  PartitionState* look_up(PartitionIndex partition) const {
    const auto chunk = static_cast<std::size_t>(partition) / kChunk;
    if (partition < 0 || chunk >= chunks_.size() || !chunks_[chunk]) return nullptr;
    return &(*chunks_[chunk])[static_cast<std::size_t>(partition) % kChunk];
  }

  PartitionState& make(PartitionIndex partition) {
    const auto chunk = static_cast<std::size_t>(partition) / kChunk;
    if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
    chunks_[chunk] = std::make_unique<Chunk>();
    return (*chunks_[chunk])[static_cast<std::size_t>(partition) % kChunk];
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace muster::domain
