#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace muster::tools {
namespace {

constexpr std::uint64_t kBarColumns = 24;
constexpr std::chrono::seconds kQuiet{1};
constexpr std::chrono::milliseconds kBetweenBars{100};
constexpr std::chrono::seconds kBetweenLines{5};
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

std::string grouped_digits(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string progress_bar(std::uint64_t reached, std::uint64_t total) {
  const std::uint64_t full = kBarColumns * std::min(reached, total) / total;
  return "[" + std::string(full, '#') + std::string(kBarColumns - full, '.') + "]";
}

Progress::Progress(std::string what, std::string things)
    : what_(std::move(what)),
      things_(std::move(things)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      began_(Clock::now()),
      next_(began_ + kQuiet) {}

Progress::~Progress() {
  if (bar_shown_) std::fputs(kClearLine, stderr);
}

void Progress::show(std::uint64_t reached, std::uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  const std::string count =
      fmt::format("{} {} of {} {}", what_, grouped_digits(reached), grouped_digits(total), things_);
  const double gone_s = std::chrono::duration<double>(now - began_).count();
  const double left_s =
      gone_s * static_cast<double>(total - std::min(reached, total)) / static_cast<double>(reached);
  if (terminal_) {
    fmt::print(stderr, "{}muster: {} {:3} %  {}, {:.0f} s left", kClearLine,
               progress_bar(reached, total), 100 * reached / total, count, left_s);
    bar_shown_ = true;
    next_ = now + kBetweenBars;
  } else {
    fmt::print(stderr, "muster: {}, {:.0f} s left\n", count, left_s);
    next_ = now + kBetweenLines;
  }
  std::fflush(stderr);
}

}  // namespace muster::tools
