// How far a long work has come, on stderr: a bar on a terminal, otherwise a line now and then.
// Nothing at all when it is done within a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "domain/ids.h"

namespace muster::tools {

class Progress {
 public:
  /// `what` happens to `things`: "verified", "events".
  Progress(std::string what, std::string things);
  /// Takes the bar off the terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `reached` of `total`, which is more than 0.
  void show(std::uint64_t reached, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  std::string things_;
  bool terminal_;
  bool bar_shown_ = false;
  Clock::time_point began_;
  Clock::time_point next_;
};

/// The same of the events of a journal, one after the other.
class EventsProgress {
 public:
  EventsProgress(std::string what, Sequence first, Sequence last)
      : progress_(std::move(what), "events"), first_(first), last_(last) {}

  /// To be called with every event.
  void show(Sequence reached) {
    const Sequence done = reached + 1 - first_;
    if (done % kEvery == 0) progress_.show(done, last_ + 1 - first_);
  }

 private:
  static constexpr Sequence kEvery = 10'000;  // the clock is looked at

  Progress progress_;
  Sequence first_;
  Sequence last_;
};

/// "1,234,567"
std::string grouped_digits(std::uint64_t number);

/// "[#######.............]": `reached` of `total`, which is more than 0.
std::string progress_bar(std::uint64_t reached, std::uint64_t total);

}  // namespace muster::tools
