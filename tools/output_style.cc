#include "tools/output_style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace muster::tools {
namespace {

OutputStyle current;

const char* escape_of(Colour colour) {
  switch (colour) {
    case Colour::kPlain:
      return "";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
  }
  return "";
}

std::string_view environment(const char* name) {
  const char* set = std::getenv(name);
  return set == nullptr ? "" : set;
}

}  // namespace

OutputStyle style_of_standard_output() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  OutputStyle style;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.width = size.ws_col;
  const std::string_view terminal = environment("TERM");
  style.colours = environment("NO_COLOR").empty() && !terminal.empty() && terminal != "dumb";
  return style;
}

void set_output_style(const OutputStyle& style) { current = style; }

const OutputStyle& output_style() { return current; }

std::string painted(std::string_view text, Colour colour) {
  if (!current.colours || colour == Colour::kPlain || text.empty()) return std::string(text);
  return escape_of(colour) + std::string(text) + "\x1b[0m";
}

}  // namespace muster::tools
