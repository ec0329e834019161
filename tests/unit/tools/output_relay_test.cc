#include "tools/output_relay.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <optional>

#include "process_fixture.h"

using namespace muster;
using namespace muster::tools;

namespace {

/// Relays what the test writes as if it were commands, into two files.
struct RelayBench {
  ScratchFile out_file;
  ScratchFile err_file;
  journal::FileDescriptor out{::open(out_file.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  journal::FileDescriptor err{::open(err_file.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  LineWriter output{out.number(), [] {}};
  LineWriter errors{err.number(), [] {}};
  OutputRelay relay{output, errors};

  /// The command's ends.
  struct Ends {
    journal::FileDescriptor output;
    journal::FileDescriptor errors;
  };
  Ends add(pid_t pid, OutputRelay::Source source) {
    auto pipes = OutputPipes::open();
    REQUIRE(pipes);
    Ends ends{.output = std::move(pipes->output.write), .errors = std::move(pipes->errors.write)};
    relay.add(pid, std::move(*pipes), std::move(source));
    return ends;
  }
  void turn() {
    std::vector<pollfd> watched;
    relay.watch(watched);
    ::poll(watched.data(), watched.size(), 0);
    relay.pass_on(watched);
  }
  std::string said() {
    REQUIRE(output.flush(std::chrono::seconds(10)));
    return out_file.text();
  }
  std::string complained() {
    REQUIRE(errors.flush(std::chrono::seconds(10)));
    return err_file.text();
  }
};

void write(const journal::FileDescriptor& pipe, std::string_view text) {
  REQUIRE(::write(pipe.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("lines of two commands are not torn by each other, and have their prefix") {
  RelayBench bench;
  const auto first = bench.add(1, {.prefix = "[t/1] "});
  const auto second = bench.add(2, {.prefix = "[t/2] "});
  write(first.output, "from the ");
  write(first.errors, "trouble\n");
  bench.turn();
  write(second.output, "whole\nand ");
  bench.turn();
  write(first.output, "first\n");
  bench.turn();
  CHECK(bench.said() == "[t/2] whole\n[t/1] from the first\n");
  CHECK(bench.complained() == "[t/1] trouble\n");
}

TEST_CASE("what a command leaves behind is passed on at its end, with a newline") {
  RelayBench bench;
  std::string unended;
  const auto ends = bench.add(1, {.unended = [&](std::string_view rest) { unended = rest; }});
  write(ends.output, "one\ntwo");
  write(ends.errors, "trouble");
  bench.relay.remove(1);
  CHECK(bench.said() == "one\ntwo\n");
  CHECK(bench.complained() == "trouble\n");
  CHECK(unended == "two");
}

TEST_CASE("lines that are taken are not passed on; those of standard error are not offered") {
  RelayBench bench;
  std::vector<std::string> taken;
  const auto ends = bench.add(1, {.take = [&](std::string_view line) {
                                if (line != "42") return false;
                                taken.emplace_back(line);
                                return true;
                              }});
  write(ends.output, "begin\n42\nend\n");
  write(ends.errors, "42\n");
  bench.turn();
  CHECK(bench.said() == "begin\nend\n");
  CHECK(bench.complained() == "42\n");
  CHECK(taken == std::vector<std::string>{"42"});
}

TEST_CASE("an output that a command has closed is watched no more") {
  RelayBench bench;
  {
    const auto ends = bench.add(1, {});
  }
  bench.turn();
  std::vector<pollfd> watched;
  bench.relay.watch(watched);
  CHECK(watched.empty());
}
