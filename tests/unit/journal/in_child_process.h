// Runs something in a process of its own: LMDB allows one environment a process, and some of what
// is tested ends the process.
#pragma once

#include <functional>
#include <string>

namespace muster::journal::test {

struct Ended {
  int exit_status = -1;  // -1: it did not exit by itself
  int signal = 0;        // that killed it
  std::string errors;    // what it wrote to stderr
};

/// The child exits with what `body` returns; it is killed after two minutes.
Ended in_child_process(const std::function<int()>& body);

}  // namespace muster::journal::test
