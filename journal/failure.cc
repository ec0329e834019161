#include "journal/failure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace muster::journal {

void stop_process(const Error& error) {
  fmt::print(
      stderr,
      "musterd: {}. Stopped at once: everything acknowledged is in the journal, and the next "
      "start reads it again.\n",
      error.message);
  std::fflush(stderr);
  ::_exit(1);
}

}  // namespace muster::journal
