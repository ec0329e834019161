#include "tools/worker_process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "process_fixture.h"

using namespace muster;
using namespace muster::tools;

namespace {

std::optional<ProcessEnd> end_of(WorkerProcess& process) {
  std::optional<ProcessEnd> end;
  eventually([&] { return (end = process.poll_end()).has_value(); });
  return end;
}

ProcessGuard guard() { return std::move(*ProcessGuard::start()); }

}  // namespace

TEST_CASE("a command's exit status is told, and nothing before its end") {
  const ProcessGuard guarded = guard();
  ScratchFile file;
  auto process = WorkerProcess::start(
      shell("while [ ! -s $OUT ]; do sleep 0.01; done; exit 3", file.path()), guarded);
  REQUIRE(process);
  CHECK_FALSE(process->poll_end());
  std::ofstream(file.path()) << "go";
  const auto end = end_of(*process);
  REQUIRE(end);
  CHECK_FALSE(end->by_signal);
  CHECK(end->value == 3);
  CHECK_FALSE(end->succeeded());
  CHECK(end->text() == "exited with status 3");
}

TEST_CASE("a command finds the given environment, an empty input and no signal blocked") {
  const ProcessGuard guarded = guard();
  ScratchFile file;
  auto process = WorkerProcess::start(
      shell("cat > $OUT.in; env > $OUT; grep SigBlk /proc/self/status >> $OUT; rm $OUT.in",
            file.path()),
      guarded);
  REQUIRE(process);
  CHECK(end_of(*process)->succeeded());
  CHECK(file.text().find("OUT=" + file.path() + "\n") != std::string::npos);
  CHECK(file.text().find("HOME=") == std::string::npos);
  CHECK(file.text().find("SigBlk:\t0000000000000000") != std::string::npos);
}

TEST_CASE("a signal reaches what the command has started too") {
  const ProcessGuard guarded = guard();
  ScratchFile file;
  auto process =
      WorkerProcess::start(shell("sleep 60 & echo $! > $OUT; wait", file.path()), guarded);
  REQUIRE(process);
  REQUIRE(eventually([&] { return file.text().ends_with("\n"); }));
  const pid_t grandchild = std::stoi(file.text());
  process->signal(SIGTERM);
  const auto end = end_of(*process);
  REQUIRE(end);
  CHECK(end->by_signal);
  CHECK(end->value == SIGTERM);
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("what a command leaves behind in its group is killed when it ends") {
  const ProcessGuard guarded = guard();
  ScratchFile file;
  auto process =
      WorkerProcess::start(shell("sleep 60 & echo $! > $OUT; exit 0", file.path()), guarded);
  REQUIRE(process);
  CHECK(end_of(*process)->succeeded());
  const pid_t left_behind = std::stoi(file.text());
  CHECK(eventually([&] { return is_gone(left_behind); }));
}

TEST_CASE("a command that can't be executed is an error that says why") {
  const ProcessGuard guarded = guard();
  ScratchFile file;
  std::ofstream(file.path()) << "neither program nor script";
  ::chmod(file.path().c_str(), 0755);
  const Launch launch{.path = file.path(), .arguments = {"x"}, .environment = {}};
  const auto process = WorkerProcess::start(launch, guarded);
  REQUIRE_FALSE(process);
  CHECK(process.error().message.find("Exec format error") != std::string::npos);
  CHECK(process.error().message.find("#!/bin/sh") != std::string::npos);
}

TEST_CASE("a worker process that is dropped takes its command along") {
  const ProcessGuard guarded = guard();
  pid_t pid = 0;
  {
    auto process = WorkerProcess::start(shell("exec sleep 60"), guarded);
    REQUIRE(process);
    pid = process->pid();
    CHECK_FALSE(is_gone(pid));
  }
  CHECK(is_gone(pid));
}

TEST_CASE("executables are found as a shell finds them") {
  CHECK(find_executable("sh")->ends_with("/sh"));
  CHECK(find_executable("/bin/sh") == "/bin/sh");
  CHECK(find_executable("no-such-command-anywhere").error().status == 127);
  CHECK(find_executable("/etc/hostname-no").error().status == 127);
  CHECK(find_executable("").error().status == 127);
}

TEST_CASE("what is there and may not be executed is told from what is not there") {
  ScratchFile file;
  CHECK(find_executable(file.path()).error().status == 126);
  CHECK(find_executable("/tmp/").error().status == 126);
  CHECK(find_executable(file.path()).error().error.message.find("chmod +x") != std::string::npos);
}

TEST_CASE("a command writes into the descriptors and reads from the one that it is given") {
  const ProcessGuard guarded = guard();
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
  Launch launch = shell("cat; echo said >&2");
  launch.input = in[0];
  launch.output = launch.errors = out[1];
  auto process = WorkerProcess::start(launch, guarded);
  REQUIRE(process);
  CHECK(::write(in[1], "given\n", 6) == 6);
  for (const int end : {in[0], in[1], out[1]}) ::close(end);
  CHECK(end_of(*process)->succeeded());
  std::string said(100, '\0');
  const ssize_t size = ::read(out[0], said.data(), said.size());
  ::close(out[0]);
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  CHECK(said == "given\nsaid\n");
}
