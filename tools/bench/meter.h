// What a load counts while it runs, how long it still goes on, and the line that says so meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "muster/error.hpp"
#include "tools/bench/latency_histogram.h"
#include "tools/bench/wires.h"
#include "tools/interruptible_wait.h"

namespace muster::tools {

/// What is reported beside what every load has.
struct Figure {
  std::string name;
  double value = 0;
};

class Meter {
 public:
  Meter(std::string load, std::uint32_t duration_ms);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  /// The measuring begins; what was needed for it has been made.
  void begin();
  /// Time to which rates refer: what was measured, without what lies between.
  void count_time(SteadyClock::duration measured) { measured_ += measured; }

  void record(SteadyTime asked, SteadyTime answered) { latency_.record(answered - asked); }
  void count_commits(std::uint64_t offsets) { commits_ += offsets; }
  void note_errors(std::uint64_t count, const std::optional<Error>& first);
  void add(Figure figure) { figures_.push_back(std::move(figure)); }

  /// False once the time is over, or somebody interrupted. Shows how far it is.
  bool goes_on();
  /// The same for what comes before and after: False once somebody interrupted.
  bool not_interrupted();
  /// True once somebody interrupted again: nothing is waited for any more.
  bool insisted();
  bool interrupted() const { return interrupted_; }

  double measured_s() const { return std::chrono::duration<double>(measured_).count(); }
  const LatencyHistogram& latency() const { return latency_; }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t errors() const { return errors_; }
  const std::optional<Error>& first_error() const { return first_error_; }
  const std::vector<Figure>& figures() const { return figures_; }

 private:
  void show(SteadyTime now);

  std::string load_;
  std::chrono::milliseconds duration_;
  InterruptibleWait interruption_;
  bool interrupted_ = false;
  bool terminal_;
  bool shown_ = false;
  SteadyTime begun_;
  SteadyClock::duration measured_{0};
  SteadyTime next_look_;
  SteadyTime next_line_;
  LatencyHistogram latency_;
  std::uint64_t commits_ = 0;
  std::uint64_t errors_ = 0;
  std::optional<Error> first_error_;
  std::vector<Figure> figures_;
};

Error interrupted_too_early();

}  // namespace muster::tools
