// Finds events in a journal, a page at a time: what is found is handed out when the reading of it
// is over, so that no reader waits for what becomes of it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "journal/reader.h"
#include "muster/error.hpp"
#include "tools/log_filter.h"
#include "tools/topic_look_up.h"

namespace muster::tools {

struct FoundEvent {
  Sequence sequence = 0;
  domain::Event event;
};

struct FoundPage {
  std::vector<FoundEvent> events;
  Sequence reached = 0;  // everything up to here was looked at
};

class LogSearch {
 public:
  /// Both outlive it. `filter` may be empty.
  LogSearch(journal::Reader& reader, const LogFilter& filter);
  LogSearch(const LogSearch&) = delete;  // its names ask its look-up
  LogSearch& operator=(const LogSearch&) = delete;

  /// What is wanted from `from` on and up to `to`, as much as makes a page; `from` <= `to`.
  std::expected<FoundPage, Error> next(Sequence from, Sequence to);

  /// Where the last `count` begin that are wanted of all between `from` and `to`, or all of them if
  /// there are fewer. Nothing when none is wanted. However many they are, little memory is used.
  std::expected<std::optional<Sequence>, Error> start_of_last(Sequence from, Sequence to,
                                                              std::uint64_t count);

  /// Called now and then with the number of events looked at since this call.
  void on_progress(std::function<void(std::uint64_t looked_at)> progress) {
    progress_ = std::move(progress);
    looked_at_ = 0;
  }

  const TopicNames& names() const { return names_; }

 private:
  journal::Reader& reader_;
  const LogFilter& filter_;
  TopicLookUp look_up_;
  TopicNames names_;
  std::function<void(std::uint64_t)> progress_;
  std::uint64_t looked_at_ = 0;
};

}  // namespace muster::tools
