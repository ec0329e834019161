// A consume loop's workers that run on a thread of the test, on a seat that the test keeps.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "client/src/consume_workers.h"
#include "client/src/wake.h"

namespace muster::testing {

using Milliseconds = std::chrono::milliseconds;

inline Partition part(PartitionIndex index, FencingToken fence = 7, std::int64_t committed = -1) {
  return {.topic = "t",
          .index = index,
          .committed = committed < 0 ? std::nullopt : std::optional(committed),
          .fence = fence};
}

inline ConsumeLoopOptions at_once(AfterRetries after_retries = AfterRetries::kStopPartition) {
  return {.retries = 2,
          .first_back_off = Milliseconds(1),
          .longest_back_off = Milliseconds(2),
          .after_retries = after_retries,
          .idle_wait = Milliseconds(1)};
}

/// A seat that writes down what was stored.
class WritingSeat final : public ConsumeSeat {
 public:
  bool may_work_on(const Partition& partition) override {
    const std::lock_guard lock(mutex_);
    return !held_back_.contains(partition.index);
  }
  std::expected<void, Error> handled(const Partition& partition, std::int64_t next) override {
    const std::lock_guard lock(mutex_);
    stored_[partition.index].push_back(next);
    return {};
  }
  void progress(std::uint64_t at_ms) override {
    const std::lock_guard lock(mutex_);
    progress_ms_ = std::max(progress_ms_, at_ms);
    longest_silence_ms_ = std::max(longest_silence_ms_, boottime_ms() - said_ms_);
    said_ms_ = boottime_ms();
  }
  std::uint64_t progress_timeout_ms() const override { return progress_timeout_ms_; }

  std::vector<std::int64_t> stored(PartitionIndex index) {
    const std::lock_guard lock(mutex_);
    return stored_[index];
  }
  std::int64_t last(PartitionIndex index) {
    const auto all = stored(index);
    return all.empty() ? -1 : all.back();
  }
  void hold_back(PartitionIndex index, bool held_back) {
    const std::lock_guard lock(mutex_);
    if (held_back) held_back_.insert(index);
    if (!held_back) held_back_.erase(index);
  }
  std::uint64_t progress_ms() {
    const std::lock_guard lock(mutex_);
    return progress_ms_;
  }
  void watch_progress(std::uint64_t timeout_ms) {
    progress_timeout_ms_ = timeout_ms;
    said_ms_ = boottime_ms();
  }
  /// Between two signs of progress, or since the last one.
  std::uint64_t longest_silence_ms() {
    const std::lock_guard lock(mutex_);
    return std::max(longest_silence_ms_, boottime_ms() - said_ms_);
  }

 private:
  std::mutex mutex_;
  std::map<PartitionIndex, std::vector<std::int64_t>> stored_;
  std::set<PartitionIndex> held_back_;
  std::uint64_t progress_ms_ = 0;
  std::uint64_t progress_timeout_ms_ = 0;
  std::uint64_t said_ms_ = 0;
  std::uint64_t longest_silence_ms_ = 0;
};

inline bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(Milliseconds(1));
  }
  return false;
}

/// Records 0 … end - 1 of every partition, three at a time.
inline ConsumeLoop::Fetch log_of(std::int64_t end) {
  return [end](const Partition&, std::int64_t position) {
    std::vector<Record> records;
    while (position < end && records.size() < 3) records.push_back({.offset = position++});
    return std::expected<std::vector<Record>, std::string>(std::move(records));
  };
}

/// Workers that run until the end of the test.
struct Running {
  Running(ConsumeLoop::Fetch fetch, ConsumeLoop::Handle handle, ConsumeLoopOptions options)
      : workers(seat, std::move(fetch), std::move(handle), options, [] { return 0; }) {
    workers.on_failure([this](const ConsumeFailure& failure) {
      const std::lock_guard lock(mutex);
      failures.push_back(failure);
    });
  }
  ~Running() { end(); }
  static constexpr Incarnation kIncarnation = 5;

  void start() {
    const auto begun = workers.begin();
    REQUIRE(begun.has_value());
    run = *begun;
    thread = std::thread([this] { ended = workers.run(kIncarnation); });
  }
  void end() {
    workers.stop();
    if (thread.joinable()) thread.join();
  }
  std::vector<ConsumeFailure> failed() {
    const std::lock_guard lock(mutex);
    return failures;
  }

  WritingSeat seat;
  ConsumeWorkers workers;
  std::mutex mutex;
  std::vector<ConsumeFailure> failures;
  std::uint64_t run = 0;
  std::optional<Error> ended;
  std::thread thread;
};

inline std::expected<void, std::string> succeed(const Partition&, const Record&) { return {}; }

}  // namespace muster::testing
