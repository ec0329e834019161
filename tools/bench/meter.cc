#include "tools/bench/meter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "tools/progress.h"

namespace muster::tools {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{20};
constexpr std::chrono::milliseconds kBetweenLinesOfTerminal{200};
constexpr std::chrono::milliseconds kBetweenLinesOfFile{1'000};
constexpr const char* kFromLineStart = "\r\x1b[K";

}  // namespace

Meter::Meter(std::string load, std::uint32_t duration_ms)
    : load_(std::move(load)),
      duration_(duration_ms),
      terminal_(::isatty(STDERR_FILENO) == 1),
      begun_(SteadyClock::now()) {}

Meter::~Meter() {
  if (shown_ && terminal_) std::fputs(kFromLineStart, stderr);
}

void Meter::begin() {
  begun_ = SteadyClock::now();
  next_look_ = begun_ + kBetweenLooks;
  next_line_ = begun_ + (terminal_ ? kBetweenLinesOfTerminal : kBetweenLinesOfFile);
}

void Meter::note_errors(std::uint64_t count, const std::optional<Error>& first) {
  errors_ += count;
  if (!first_error_) first_error_ = first;
}

bool Meter::goes_on() {
  const SteadyTime now = SteadyClock::now();
  if (now - begun_ >= duration_) return false;
  if (now < next_look_) return true;
  next_look_ = now + kBetweenLooks;
  if (now >= next_line_) show(now);
  return not_interrupted();
}

bool Meter::not_interrupted() {
  if (!interruption_.wait(0)) interrupted_ = true;
  return !interrupted_;
}

bool Meter::insisted() { return !not_interrupted() && interruption_.insisted(); }

Error interrupted_too_early() {
  return make_error(ErrorCode::kClosed, "Interrupted before anything was measured.");
}

void Meter::show(SteadyTime now) {
  next_line_ = now + (terminal_ ? kBetweenLinesOfTerminal : kBetweenLinesOfFile);
  const double gone_s = std::chrono::duration<double>(now - begun_).count();
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(latency_.count()) / gone_s);
  const std::string line =
      fmt::format("{}muster: {}: {:.0f} of {:.0f} s, {}/s, p50 {}, p99 {}, {} errors{}",
                  terminal_ ? kFromLineStart : "", load_, gone_s,
                  std::chrono::duration<double>(duration_).count(), grouped_digits(rate),
                  latency_text(latency_.at(0.5)), latency_text(latency_.at(0.99)), errors_,
                  terminal_ ? "" : "\n");
  // If nobody can read it, the load goes on all the same.
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace muster::tools
