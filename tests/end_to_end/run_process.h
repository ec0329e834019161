// `muster run` under test, with a shell script as its command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "end_to_end/daemon.h"
#include "end_to_end/process.h"

namespace muster::e2e {

class RunProcess {
 public:
  /// muster run --group group --topic orders OPTIONS -- sh -c SCRIPT. The script finds the scratch
  /// folder as $DIR.
  RunProcess(const Daemon& daemon, const std::string& directory,
             const std::vector<std::string>& options, const std::string& script);
  /// Its standard output goes to this file instead.
  RunProcess(const Daemon& daemon, const std::string& directory,
             const std::vector<std::string>& options, const std::string& script,
             const std::string& stdout_path);

  std::string out() const;
  std::string err() const;
  std::vector<std::string> out_lines() const;
  /// Waits until its standard error contains the text; false if it never does.
  bool logs(const std::string& text, Milliseconds patience = kPatience) const;
  /// Waits until its standard output has the line.
  bool prints(const std::string& line, Milliseconds patience = kPatience) const;
  /// SIGTERM, and the exit status.
  int terminate();

  Process& process() { return *process_; }

 private:
  TemporaryDirectory own_;
  std::string stdout_path_;
  std::unique_ptr<Process> process_;
};

/// The lines of a file.
std::vector<std::string> read_lines(const std::string& path);

/// The state letter of a process ('R', 'S', 'T' …), 0 when there is none.
char process_state(pid_t pid);
/// No such process, or only its entry in its parent's books.
bool is_gone(pid_t pid);

}  // namespace muster::e2e
