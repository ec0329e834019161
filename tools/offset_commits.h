// --commit-from-stdout: commits for the commands what they print.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "muster/muster.hpp"
#include "tools/inbox.h"
#include "tools/output_relay.h"
#include "tools/printed_offsets.h"
#include "tools/run_log.h"

namespace muster::tools {

class OffsetCommits {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// `consumer` is called on `errands`, answers come to `inbox`. All must outlive it.
  OffsetCommits(GroupConsumer& consumer, Errands& errands, Inbox& inbox, RunLog& log)
      : consumer_(consumer), errands_(errands), inbox_(inbox), log_(log) {}

  void granted(const Partition& partition) { printed_.granted(partition); }
  /// Released or lost.
  void ended(const PartitionArgument& place) { printed_.ended(place); }

  /// What is to be done with the output of a command that works on these partitions. `one` alone
  /// prints an offset a line; a command of many names the partition too.
  OutputRelay::Source source(const std::vector<Partition>& partitions, bool one);

  /// Begins the next batch, when there is one to make.
  void advance(SteadyTime now);
  std::optional<SteadyTime> due() const { return again_at_; }

  bool all_committed() const { return printed_.all_committed(); }
  std::optional<std::int64_t> uncommitted(const PartitionArgument& place) const {
    return printed_.uncommitted(place);
  }
  /// The newest offset printed or committed under this token.
  std::optional<std::int64_t> newest(const PartitionArgument& place, FencingToken fence) const {
    return printed_.newest(place, fence);
  }

 private:
  struct Command {
    std::map<PartitionArgument, FencingToken> works_on;
    bool one;
    bool warned = false;  // once is enough: it prints the next line likely alike
  };
  bool take(Command& command, std::string_view line);
  void warn(Command& command, const std::string& text);
  void answered(const std::expected<void, Error>& outcome);

  GroupConsumer& consumer_;
  Errands& errands_;
  Inbox& inbox_;
  RunLog& log_;
  PrintedOffsets printed_;
  bool failing_ = false;  // said already
  std::optional<SteadyTime> again_at_;
};

}  // namespace muster::tools
