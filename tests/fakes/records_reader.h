// A journal's reader over records in memory, the first of which has sequence 1, and over snapshots.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/reader.h"

namespace muster::fakes {

class RecordsReader : public journal::Reader {
 public:
  /// The records may grow. They stay when they are trimmed, but are not read any more.
  explicit RecordsReader(const std::vector<std::string>& records) : records_(records) {}

  /// From now on every read fails so.
  void fail(std::string message) { failure_ = std::move(message); }
  void set_fence_base(std::uint64_t fence_base) { fence_base_ = fence_base; }

  /// The journal has a snapshot more.
  void add_snapshot(std::uint64_t sequence, std::uint64_t digest, std::vector<std::string> chunks) {
    Kept kept{.snapshot = {.sequence = sequence, .digest = digest}, .chunks = std::move(chunks)};
    kept.snapshot.chunks = static_cast<std::uint32_t>(kept.chunks.size());
    for (const std::string& chunk : kept.chunks) kept.snapshot.bytes += chunk.size();
    snapshots_.insert_or_assign(sequence, std::move(kept));
  }
  void forget_snapshot(std::uint64_t sequence) { snapshots_.erase(sequence); }
  /// Whoever reads this snapshot is told so.
  void fail_snapshot(std::uint64_t sequence, journal::Fault fault) {
    snapshot_faults_[sequence] = fault;
  }
  std::vector<std::string>& chunks_at(std::uint64_t sequence) {
    return snapshots_.at(sequence).chunks;
  }

  /// The journal begins with this sequence from now on.
  void trim_before(std::uint64_t first_sequence) { first_sequence_ = first_sequence; }
  std::uint64_t first_sequence() const { return first_sequence_; }

  std::expected<journal::Header, journal::Error> header() override {
    journal::Header header;
    header.fence_base = fence_base_;
    header.first_sequence = first_sequence_;
    header.last_sequence = records_.size();
    return header;
  }

  std::expected<void, journal::Error> read(std::uint64_t from, std::uint64_t to,
                                           const Sink& sink) override {
    if (failure_) return std::unexpected(journal::Error{.message = *failure_});
    if (from < first_sequence_) return missing("the records have been trimmed");
    const std::uint64_t last = std::min<std::uint64_t>(to, records_.size());
    for (std::uint64_t sequence = from; sequence <= last; ++sequence) {
      if (!sink(sequence, records_[sequence - 1])) break;
    }
    return {};
  }

  std::expected<std::vector<journal::Snapshot>, journal::Error> snapshots() override {
    std::vector<journal::Snapshot> all;
    for (const auto& [sequence, kept] : snapshots_) all.push_back(kept.snapshot);
    return all;
  }

  std::expected<void, journal::Error> read_snapshot(std::uint64_t sequence,
                                                    const Sink& sink) override {
    if (const auto fault = snapshot_faults_.find(sequence); fault != snapshot_faults_.end()) {
      return std::unexpected(journal::Error{.fault = fault->second, .message = "it can't be read"});
    }
    const auto kept = snapshots_.find(sequence);
    if (kept == snapshots_.end()) return missing("there is no such snapshot");
    std::uint64_t number = 0;
    for (const std::string& chunk : kept->second.chunks) {
      if (!sink(number++, chunk)) break;
    }
    return {};
  }

 private:
  struct Kept {
    journal::Snapshot snapshot;
    std::vector<std::string> chunks;
  };

  static std::unexpected<journal::Error> missing(std::string message) {
    return std::unexpected(
        journal::Error{.fault = journal::Fault::kMissing, .message = std::move(message)});
  }

  const std::vector<std::string>& records_;
  std::optional<std::string> failure_;
  std::uint64_t fence_base_ = 0;
  std::uint64_t first_sequence_ = 1;
  std::map<std::uint64_t, Kept> snapshots_;
  std::map<std::uint64_t, journal::Fault> snapshot_faults_;
};

}  // namespace muster::fakes
