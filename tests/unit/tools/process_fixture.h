// Real `sh` commands for tests of what runs them, and waiting with a deadline.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <string>

#include "tools/worker_process.h"

namespace muster::tools {

/// Whether it came true within 10 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

/// A file of its own, gone at the end.
class ScratchFile {
 public:
  ScratchFile() {
    char name[] = "/tmp/muster-test-XXXXXX";
    ::close(::mkstemp(name));
    path_ = name;
  }
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::string& path() const { return path_; }
  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

/// A script with $OUT set.
inline Launch shell(const std::string& script, const std::string& out = "/dev/null") {
  return {.path = "/bin/sh",
          .arguments = {"sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin", "OUT=" + out}};
}

/// The state letter of /proc/PID/stat ('R', 'S', 'T' …), or 0 when there is no such process.
inline char process_state(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? '\0' : text.at(name_end + 2);
}

/// No such process, or nothing but its entry in its parent's books.
inline bool is_gone(pid_t pid) {
  const char state = process_state(pid);
  return state == '\0' || state == 'Z';
}

}  // namespace muster::tools
