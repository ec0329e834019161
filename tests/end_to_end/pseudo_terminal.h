// A program on a terminal of its own: keys go in, and what its screen shows comes out.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "end_to_end/deadline.h"

namespace muster::e2e {

class PseudoTerminal {
 public:
  /// `command` is the program and its arguments; `environment` is put on top of the test's own,
  /// with TERM=xterm unless it says otherwise.
  PseudoTerminal(const std::vector<std::string>& command, unsigned short width,
                 unsigned short height, const std::vector<std::string>& environment = {});
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  void type(const std::string& keys) const;
  void resize(unsigned short width, unsigned short height) const;
  void signal(int number) const;

  /// All that was written since the last call of forget().
  const std::string& written();
  void forget() { written_.clear(); }
  /// Whether `part` is written within the deadline.
  bool shows(const std::string& part);

  /// Exit status, or 128 + the signal that ended it; nothing if it still runs.
  std::optional<int> wait();

  /// How the terminal is set at the moment: echo and lines, or key by key.
  termios settings() const;

 private:
  int descriptor_ = -1;
  int other_ = -1;  // keeps the terminal while the program is gone
  pid_t pid_ = -1;
  std::string written_;
  std::optional<int> status_;
};

}  // namespace muster::e2e
