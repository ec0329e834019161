// A journal's reader over records in memory, the first of which has sequence 1.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "journal/reader.h"

namespace muster::fakes {

class RecordsReader final : public journal::Reader {
 public:
  /// The records may grow.
  explicit RecordsReader(const std::vector<std::string>& records) : records_(records) {}

  /// From now on every read fails so.
  void fail(std::string message) { failure_ = std::move(message); }

  std::expected<journal::Header, journal::Error> header() override {
    journal::Header header;
    header.last_sequence = records_.size();
    return header;
  }

  std::expected<void, journal::Error> read(std::uint64_t from, std::uint64_t to,
                                           const Sink& sink) override {
    if (failure_) return std::unexpected(journal::Error{.message = *failure_});
    const std::uint64_t last = std::min<std::uint64_t>(to, records_.size());
    for (std::uint64_t sequence = from; sequence <= last; ++sequence) {
      if (!sink(sequence, records_[sequence - 1])) break;
    }
    return {};
  }

  std::expected<std::vector<journal::Snapshot>, journal::Error> snapshots() override { return {}; }

  std::expected<void, journal::Error> read_snapshot(std::uint64_t, const Sink&) override {
    return std::unexpected(
        journal::Error{.fault = journal::Fault::kMissing, .message = "there is no such snapshot"});
  }

 private:
  const std::vector<std::string>& records_;
  std::optional<std::string> failure_;
};

}  // namespace muster::fakes
