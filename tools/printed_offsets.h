// Offsets that commands print, on their way to be committed: the newest of each partition, one
// batch under way and the next one gathering, so that a command may print as fast as it likes.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"
#include "muster/partition.hpp"
#include "tools/arguments.h"

namespace muster::tools {

/// A line of digits and nothing else; blanks around it don't count. More than 9223372036854775807
/// is no offset.
std::optional<std::int64_t> parse_offset_line(std::string_view line);

struct PartitionOffset {
  PartitionArgument place;
  std::int64_t offset = 0;
};
/// "TOPIC/PARTITION OFFSET", with blanks between them.
std::optional<PartitionOffset> parse_partition_offset_line(std::string_view line);

class PrintedOffsets {
 public:
  /// From now on its offsets count if they are printed under this token.
  void granted(const Partition& partition);
  /// Released or lost: nothing more of it is committed.
  void ended(const PartitionArgument& place);

  enum class Noted {
    kNewer,
    kSame,
    kLower,    // than one before: under one token offsets only rise, so this one has no effect
    kNotHeld,  // the partition has gone, or come back under another token
  };
  Noted note(const PartitionArgument& place, FencingToken fence, std::int64_t offset);

  /// The newest offset that was printed or committed under this token; empty: none.
  std::optional<std::int64_t> newest(const PartitionArgument& place, FencingToken fence) const;
  /// What was printed and is not known to be committed.
  std::optional<std::int64_t> uncommitted(const PartitionArgument& place) const;
  bool all_committed() const { return uncommitted_ == 0; }

  /// The next batch; empty when there is none to make, or one is under way.
  std::vector<OffsetCommit> take_batch();
  /// How the batch ended. A refusal that no retry can mend drops the offset it is about, and says
  /// which; of a batch of several each is then tried by itself.
  std::optional<OffsetCommit> answered(const std::expected<void, Error>& outcome);

 private:
  struct Progress {
    FencingToken fence = 0;
    std::optional<std::int64_t> committed;
    std::optional<std::int64_t> printed;  // set: not known to be committed
  };
  void settle(Progress& progress);

  std::map<PartitionArgument, Progress> held_;
  std::size_t uncommitted_ = 0;
  std::vector<OffsetCommit> under_way_;
  std::vector<FencingToken> under_way_fences_;
  std::size_t one_by_one_ = 0;  // batches that are to have one offset only
};

}  // namespace muster::tools
