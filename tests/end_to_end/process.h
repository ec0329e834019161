// A child process under test: started, signalled, waited for, its output kept in files.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "end_to_end/deadline.h"

namespace muster::e2e {

struct ProcessOptions {
  std::vector<std::string> command;                // program, arguments
  std::map<std::string, std::string> environment;  // on top of the test's own
  std::string stdout_path;                         // appended to
  std::string stderr_path;
};

/// Dies with the test program. Killed (and continued first, should it be stopped) at destruction.
/// Once it has ended, however it did, the test fails if its stderr has a sanitizer's report or a
/// broken assertion of the product's: whoever kills it looks at nothing else of it.
class Process {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;

  /// Exit status, or 128 + the signal that ended it; nothing if it still runs after `patience`.
  std::optional<int> wait(Milliseconds patience = kPatience);

  /// SIGKILL, and waits until it is gone.
  void kill9();

  bool running() { return !wait(Milliseconds{0}); }
  pid_t pid() const { return pid_; }

 private:
  void look_for_reports() const;

  std::string program_;
  std::string stderr_path_;
  std::size_t stderr_before_;  // bytes that others had written there
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// The whole file; empty when there is none.
std::string read_file(const std::string& path);

/// From the first sanitizer's report, or broken MUSTER_ASSERT, in what a process wrote to stderr;
/// empty when there is none.
std::string report_in(const std::string& written);

}  // namespace muster::e2e
