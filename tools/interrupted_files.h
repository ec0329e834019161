// Files that mean nothing until they are finished: gone when a person interrupts the command.
#pragma once

#include <array>
#include <csignal>
#include <string>
#include <vector>

namespace muster::tools {

/// While it lives, SIGINT, SIGTERM and SIGHUP remove the files and then the directories, each if it
/// is empty, before they end the process as they always do. A signal that was ignored stays so. One
/// at a time: of two the first is in charge.
class InterruptedFiles {
 public:
  InterruptedFiles(std::vector<std::string> files, std::vector<std::string> directories);
  ~InterruptedFiles();
  InterruptedFiles(const InterruptedFiles&) = delete;
  InterruptedFiles& operator=(const InterruptedFiles&) = delete;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  static void remove(int signal);

  std::vector<std::string> files_;
  std::vector<std::string> directories_;
  std::array<struct sigaction, kSignals.size()> former_{};
};

/// While it lives, these signals wait: what is done meanwhile is done whole.
class InterruptsHeld {
 public:
  InterruptsHeld();
  ~InterruptsHeld();
  InterruptsHeld(const InterruptsHeld&) = delete;
  InterruptsHeld& operator=(const InterruptsHeld&) = delete;

 private:
  sigset_t former_{};
};

}  // namespace muster::tools
