// The harness sees what a process complains of before it is gone.
#include "end_to_end/process.h"

#include <doctest/doctest.h>

#include <fstream>

#include "end_to_end/temporary_directory.h"

namespace muster::e2e {
namespace {

ProcessOptions shell(const TemporaryDirectory& directory, const std::string& script) {
  return {.command = {"/bin/sh", "-c", script},
          .environment = {},
          .stdout_path = directory / "stdout",
          .stderr_path = directory / "stderr"};
}

TEST_CASE("a process that UBSan complains of fails the test, though it ends well" *
          doctest::should_fail()) {
  const TemporaryDirectory directory;
  Process process(shell(directory, "echo 'x.cc:1:2: runtime error: signed overflow' >&2"));
  process.wait();
}

TEST_CASE("a process that a sanitizer complained of fails the test when it is killed" *
          doctest::should_fail()) {
  const TemporaryDirectory directory;
  Process process(
      shell(directory, "echo '==1==ERROR: AddressSanitizer: …' >&2; echo ready; sleep 60"));
  wait_until([&] { return !read_file(directory / "stdout").empty(); });
  process.kill9();
}

TEST_CASE("a process that its own assertion stopped fails the test" * doctest::should_fail()) {
  const TemporaryDirectory directory;
  Process process(shell(directory, "echo 'muster: assertion failed: a (b.cc:1)' >&2; kill -6 $$"));
  process.wait();
}

TEST_CASE("a report is told from its line on, and other errors are none") {
  CHECK(report_in("one\ntwo: runtime error: three\nfour\n") == "two: runtime error: three\nfour\n");
  CHECK(report_in("muster: no such topic: 'a'. It is not there.\n").empty());
  CHECK(report_in("").empty());
}

TEST_CASE("what an earlier process wrote is not told of the next one") {
  const TemporaryDirectory directory;
  const ProcessOptions quiet = shell(directory, "echo done >&2");
  std::ofstream(quiet.stderr_path) << "runtime error: of another\n";
  Process process(quiet);
  CHECK(process.wait() == 0);
}

}  // namespace
}  // namespace muster::e2e
