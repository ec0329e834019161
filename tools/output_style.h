// How text looks where it is read: as wide as the terminal, and in colours if that can show them.
// In a pipe or a file neither: the same bytes whoever runs the command.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::tools {

struct OutputStyle {
  std::size_t width = 0;  // columns; 0: as many as a line takes
  bool colours = false;
};

/// For standard output as it is now. No colours with NO_COLOR (not empty) or on a dumb terminal.
OutputStyle style_of_standard_output();

/// Of what this process prints from now on; at first neither width nor colours.
void set_output_style(const OutputStyle& style);
const OutputStyle& output_style();

/// Another style for a while: the former one is back at its end.
class StyleMeanwhile {
 public:
  explicit StyleMeanwhile(const OutputStyle& style) : former_(output_style()) {
    set_output_style(style);
  }
  ~StyleMeanwhile() { set_output_style(former_); }
  StyleMeanwhile(const StyleMeanwhile&) = delete;
  StyleMeanwhile& operator=(const StyleMeanwhile&) = delete;

 private:
  OutputStyle former_;
};

enum class Colour { kPlain, kBold, kDim, kRed, kGreen, kYellow };

/// The text in that colour if colours are shown. It holds no control characters of its own.
std::string painted(std::string_view text, Colour colour);

}  // namespace muster::tools
