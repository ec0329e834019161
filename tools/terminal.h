// The terminal as a screen: keys come one by one, and what is drawn replaces what was there. It is
// put back as it was however the program ends, but by SIGKILL, and while it is stopped (ctrl-z).
#pragma once

#include <termios.h>

#include <csignal>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"
#include "tools/top_view.h"

namespace muster::tools {

class Terminal {
 public:
  struct Size {
    std::size_t width = 80;
    std::size_t height = 24;
  };

  /// Takes over the terminal that standard input and output are; there must be one. One at a time.
  static std::expected<std::unique_ptr<Terminal>, Error> open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Size size() const;
  /// Whole lines from the top on; what is below them is cleared.
  void draw(const std::vector<std::string>& lines) const;
  /// The next key; kNone after that time, kResize when the size changed or the process was stopped
  /// and goes on, kQuit also when the process is asked to end or the terminal is gone.
  Key key(std::uint32_t within_ms);

 private:
  explicit Terminal(const termios& former);
  void take_over() const;
  void give_back() const;
  void stop() const;

  termios former_;
  sigset_t former_mask_{};
  std::string pending_;  // keys that were read with the last one
};

/// What a terminal sends for a key: the first of `bytes`, which are not empty. `used` is how many
/// of them belong to it.
Key key_of(std::string_view bytes, std::size_t& used);

}  // namespace muster::tools
