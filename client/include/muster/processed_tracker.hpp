// Up to where a partition is processed, when its records finish out of order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace muster {

/// For one partition under one token, worked on by several threads at once: records start in order,
/// finish in any, and processed_up_to() is the offset that may be committed. It never passes a
/// record that has not finished or has failed. Make a new one for each grant. Thread-safe; each
/// call takes the logarithm of what is outstanding.
///
/// Records finished behind one that hangs are kept: bound outstanding() by not starting more.
class ProcessedTracker {
 public:
  /// Everything before `position` is done.
  explicit ProcessedTracker(std::int64_t position) : processed_up_to_(position) {}

  /// The work on a record begins. Offsets must ascend, and may leave gaps. `next` is where to go on
  /// after it, greater than `offset`; empty: offset + 1. False, and without effect: it does not
  /// ascend.
  bool started(std::int64_t offset, std::optional<std::int64_t> next = std::nullopt);
  /// The record's effects are there for good: at once, or after it had failed. False, and without
  /// effect: it was not started, or is done already.
  bool done(std::int64_t offset);
  /// The record failed: nothing passes it until it is done after all, or skipped. False, and
  /// without effect: it was not started, or is done already.
  bool failed(std::int64_t offset);
  /// Passes a record that failed without its effects: it will never be read again. False, and
  /// without effect: it has not failed.
  bool skip(std::int64_t offset);

  /// The next offset to read after all that are done: what to commit. Never goes back.
  std::int64_t processed_up_to() const;
  /// The first record that failed and is neither done nor skipped.
  std::optional<std::int64_t> first_failed() const;
  /// Records that processed_up_to() has not passed: under way, failed, or done behind such ones.
  std::size_t outstanding() const;

 private:
  enum class Standing : std::uint8_t { kStarted, kFailed, kDone };
  struct Record {
    std::int64_t offset = 0;
    std::int64_t next = 0;
    Standing standing = Standing::kStarted;
  };

  Record* find(std::int64_t offset);
  bool finish(Record* record);

  mutable std::mutex mutex_;
  std::int64_t processed_up_to_;
  std::deque<Record> records_;  // ascending; the first one is not done
};

}  // namespace muster
