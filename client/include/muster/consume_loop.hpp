// A loop that fetches, handles and commits the records of whatever partitions a consumer has.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"
#include "muster/group_consumer.hpp"
#include "muster/partition.hpp"

namespace muster {

struct Record {
  std::int64_t offset = 0;
  std::string value = {};  // the loop does not look into it
  /// Where to go on after it, greater than `offset`; empty: offset + 1.
  std::optional<std::int64_t> next = std::nullopt;
};

/// What becomes of a record that failed as often as it may.
enum class AfterRetries : std::uint8_t {
  /// Its partition stands still before it, stays owned, and is not committed past it, until
  /// restart() or another owner tries it again. The other partitions go on.
  kStopPartition,
  /// It is committed as if it had been handled: its effects are lost, unless the handler or
  /// on_failure has put it elsewhere.
  kSkipRecord,
};

struct ConsumeLoopOptions {
  /// Partitions that are worked on at the same time. One partition's records are handled one after
  /// the other. At least 1.
  int threads = 1;
  /// How often a record that failed is tried again before `after_retries`. The same partition waits
  /// meanwhile: first_back_off, doubled each time up to longest_back_off, less up to a half of it
  /// by chance. A fetch that failed is tried again with the same back-off, for ever.
  int retries = 5;
  std::chrono::milliseconds first_back_off{100};
  std::chrono::milliseconds longest_back_off{10'000};
  AfterRetries after_retries = AfterRetries::kStopPartition;
  /// How long a partition that had nothing is left alone before it is asked again.
  std::chrono::milliseconds idle_wait{100};
};

/// Something failed, and what the loop does about it.
struct ConsumeFailure {
  enum class Then : std::uint8_t { kRetry, kStopPartition, kSkipRecord };

  Partition partition;
  std::optional<Record> record = std::nullopt;  // empty: the fetch, or on_start, failed
  std::int64_t offset = 0;                      // of the record, or where the fetch began
  int attempt = 1;                              // of this record or fetch, counted from 1
  std::string why;
  Then then = Then::kRetry;
};

/// For each partition, from its committed offset on: fetches records, handles them in order, and
/// stores the offset after each one that was handled (GroupConsumer::store_offset), so that it is
/// committed every auto_commit_interval, when the partition is released, and when run() ends. No
/// offset is committed past a record that failed, but with kSkipRecord. A crash repeats what was
/// handled since the last commit: at least once; a sink that keeps tokens and offsets makes it
/// once.
///
/// A revoked partition is released when the record in hand is handled; one that is lost or paused
/// is left alone from the next record on. Each fetch and record is progress (progress_timeout):
/// with several threads the one that has been at its record for the longest counts.
///
/// The consumer's callbacks run as without a loop: on_assigned before the first fetch, on_revoked
/// after the last record, which is stored by then. The consumer's release_on_return must be true.
/// Not more than one loop for a consumer; make it before join_group, and destroy it before the
/// consumer.
///
/// What fetch, handle, on_start and on_failure throw is a failure of theirs, and goes no further.
class ConsumeLoop {
 public:
  /// Gives records from `position` on, ascending, as many as it likes; none when there is nothing
  /// now. May wait a little for the first one; its thread waits with it. An error says why it
  /// failed.
  using Fetch = std::function<std::expected<std::vector<Record>, std::string>(
      const Partition&, std::int64_t position)>;
  /// Handles a record: its effects are there when it returns. `partition.fence` is the token for
  /// the sink. An error, or a std::exception that it throws, says why it failed.
  using Handle = std::function<std::expected<void, std::string>(const Partition&, const Record&)>;
  using FailureCallback = std::function<void(const ConsumeFailure&)>;
  using StartCallback = std::function<std::int64_t(const Partition&)>;

  ConsumeLoop(GroupConsumer& consumer, Fetch fetch, Handle handle, ConsumeLoopOptions options = {});
  /// run() must have returned.
  ~ConsumeLoop();
  ConsumeLoop(const ConsumeLoop&) = delete;
  ConsumeLoop& operator=(const ConsumeLoop&) = delete;

  /// Called for each failure, on the thread that had it, before the loop goes on. A record to be
  /// skipped can be put elsewhere here: should this throw, it is tried again instead. Set it, and
  /// on_start, before run().
  void on_failure(FailureCallback callback);
  /// Where to begin with a partition that was assigned, before its first fetch; as when the sink
  /// knows better than the commits. Should it throw, it is asked again as a fetch is. Without it:
  /// the committed offset, or 0 when there is none.
  void on_start(StartCallback callback);

  /// Joins the group, and works on each partition from its grant on, until stop() or until the
  /// membership ends, be it by leave_group(), close() or the end of the client (kClosed). Commits
  /// what is stored, and does not leave: leave_group() or close() the consumer afterwards. Returns
  /// the error of the join, of the end of the membership, or of the last commit; kInvalidArgument
  /// when it runs already. May be called again when it has returned.
  std::expected<void, Error> run();
  /// run() returns when the records in hand are handled; also one that still joins, whose join goes
  /// on until leave_group() or close(). While none is under way: the next one ends at once. From
  /// any thread, the handler's too.
  void stop();

  /// Where this partition is: the offset after the last record handled. Empty: it is not held.
  std::optional<std::int64_t> position(std::string_view topic, PartitionIndex partition) const;
  /// Goes on at another offset, after the record in hand. Offsets committed under one token only
  /// rise, so after a step back commits wait until the work is past where they were. False: it is
  /// not held.
  bool seek(std::string_view topic, PartitionIndex partition, std::int64_t offset);
  /// Partitions that stand still by kStopPartition.
  std::vector<Partition> stopped() const;
  /// Tries the record again at which the partition stands still. False: it does not stand still.
  bool restart(std::string_view topic, PartitionIndex partition);

 private:
  class Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace muster
