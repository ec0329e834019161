// Cuts what a command writes into lines, in bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace muster::tools {

/// A line, or a piece of one that is too long to be kept.
struct Line {
  std::string_view text;  // without its end
  bool whole = true;      // begins where a line begins, and ends where it ends
};

class LineBuffer {
 public:
  explicit LineBuffer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  using Each = std::function<void(const Line&)>;
  /// Calls `each` for every line that is complete now, in order.
  void add(std::string_view bytes, const Each& each);
  /// No more will come: what is left, which no newline has ended, is handed out as a piece.
  void end(const Each& each);

 private:
  const std::size_t line_bytes_max_;
  std::string begun_;       // without its end so far
  bool in_pieces_ = false;  // the line under way was too long
};

}  // namespace muster::tools
