#include "tools/process_guard.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "process_fixture.h"

using namespace muster;
using namespace muster::tools;

namespace {

/// A process of its own that runs a script under guard, as `muster run` does, and does nothing
/// else until it is killed.
pid_t start_runner(const Launch& launch) {
  const pid_t runner = ::fork();
  if (runner != 0) return runner;
  auto guard = ProcessGuard::start();
  auto process = guard ? WorkerProcess::start(launch, *guard)
                       : std::unexpected(make_error(ErrorCode::kInternalError, ""));
  while (process) ::pause();
  ::_exit(1);
}

}  // namespace

TEST_CASE("kill -9 of the runner takes the commands along, and what they have started") {
  ScratchFile file;
  const pid_t runner =
      start_runner(shell("sleep 60 & echo $$ $! > $OUT; sleep 60; true", file.path()));
  REQUIRE(runner > 0);
  REQUIRE(eventually([&] { return file.text().ends_with("\n"); }));
  std::istringstream pids(file.text());
  pid_t command = 0;
  pid_t grandchild = 0;
  pids >> command >> grandchild;
  CHECK_FALSE(is_gone(command));
  CHECK_FALSE(is_gone(grandchild));
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  CHECK(eventually([&] { return is_gone(command); }));
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("a group that was dismissed is spared by the guard") {
  auto guard = ProcessGuard::start();
  REQUIRE(guard);
  const pid_t spared = ::fork();
  if (spared == 0) {
    ::setpgid(0, 0);
    ::execl("/bin/sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }
  ::setpgid(spared, spared);
  CHECK(guard->enlist(spared));
  guard->dismiss(spared);
  {
    const ProcessGuard ended = std::move(*guard);
  }  // waits for the guard
  CHECK_FALSE(is_gone(spared));
  ::kill(spared, SIGKILL);
  ::waitpid(spared, nullptr, 0);
}
