// What people see on a terminal: the screen of `muster top`, --watch, colours, manual pages.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "end_to_end/billing_scene.h"
#include "end_to_end/pseudo_terminal.h"

namespace muster::e2e {
namespace {

constexpr const char* kOtherScreen = "\x1b[?1049h";
constexpr const char* kFormerScreen = "\x1b[?1049l";

bool reads_lines(const termios& settings) {
  return (settings.c_lflag & ICANON) != 0 && (settings.c_lflag & ECHO) != 0;
}

TEST_CASE("top: starts, follows keys and size, and leaves the terminal as it was") {
  const BillingScene scene;
  PseudoTerminal terminal(scene.command({"top", "--interval", "100ms"}), 100, 20);
  REQUIRE(terminal.shows(kOtherScreen));
  REQUIRE(terminal.shows("billing"));
  REQUIRE(terminal.shows("audit"));
  CHECK(terminal.shows("GroupConfigured"));
  CHECK_FALSE(reads_lines(terminal.settings()));

  terminal.forget();
  terminal.type("\x1b[B");  // audit → billing
  CHECK(terminal.shows("▸  billing"));
  terminal.type("\r");
  CHECK(terminal.shows("Group billing is stable"));
  CHECK(terminal.shows("pod-0"));
  terminal.type("\x7f");
  terminal.forget();
  CHECK(terminal.shows("audit"));
  terminal.type("s");
  CHECK(terminal.shows("by state"));

  terminal.forget();
  terminal.resize(24, 10);
  CHECK(wait_until([&] {
    terminal.forget();
    return terminal.shows("\x1b[J") &&
           terminal.written().find("musterd") == std::string::npos;  // no room for that now
  }));

  SUBCASE("q") {
    terminal.type("q");
    CHECK(terminal.wait() == 0);
  }
  SUBCASE("ctrl-c") {
    terminal.type("\x03");
    CHECK(terminal.wait() == 0);
  }
  SUBCASE("SIGTERM") {
    terminal.signal(SIGTERM);
    CHECK(terminal.wait() == 0);
  }
  CHECK(terminal.written().find(kFormerScreen) != std::string::npos);
  CHECK(reads_lines(terminal.settings()));
}

TEST_CASE("top: a server that goes away is said on the screen, and found again") {
  BillingScene scene;
  PseudoTerminal terminal(scene.command({"top", "--interval", "100ms"}), 120, 20);
  REQUIRE(terminal.shows("billing"));
  scene.daemon.terminate();
  CHECK(terminal.shows("Trying on."));
  terminal.forget();
  scene.daemon.start();
  CHECK(wait_until([&] {
    terminal.forget();
    return terminal.shows("\x1b[J") && terminal.written().find("Trying on.") == std::string::npos;
  }));
  terminal.type("q");
  CHECK(terminal.wait() == 0);
}

TEST_CASE("top: stopped by ctrl-z or a signal it gives the terminal back, and takes it again") {
  const BillingScene scene;
  const TemporaryDirectory directory;
  const std::string pid_file = directory / "pid";
  // A shell that waits for its commands' signals, and leaves the terminal's lines as they are.
  PseudoTerminal shell({"/bin/bash", "--norc", "--noprofile", "--noediting", "-i"}, 100, 20,
                       {"PS1=ready>"});
  REQUIRE(shell.shows("ready>"));
  shell.type("sh -c 'echo $$ > " + pid_file + "; exec " + MUSTER_BINARY + " --server " +
             scene.daemon.address() + " top'\n");
  REQUIRE(shell.shows("billing"));
  const auto stop_and_go_on = [&](const std::function<void()>& stop) {
    shell.forget();
    stop();
    REQUIRE(shell.shows("Stopped"));
    CHECK(shell.written().find(kFormerScreen) != std::string::npos);
    CHECK(reads_lines(shell.settings()));
    shell.forget();
    shell.type("fg\n");
    CHECK(shell.shows(kOtherScreen));
    CHECK(shell.shows("billing"));
    CHECK_FALSE(reads_lines(shell.settings()));
  };
  stop_and_go_on([&] { shell.type("\x1a"); });
  stop_and_go_on([&] { kill(std::stoi(read_file(pid_file)), SIGTSTP); });
  shell.type("q");
  CHECK(wait_until([&] { return reads_lines(shell.settings()); }));
  shell.type("exit\n");
  CHECK(shell.wait() == 0);
}

TEST_CASE("top needs a terminal, and says what programs do instead") {
  const BillingScene scene;
  const CommandResult result = muster({"--server", scene.daemon.address(), "top"});
  CHECK(result.status == 1);
  CHECK(result.err.find("muster top --output json") != std::string::npos);
}

TEST_CASE("a watch shows what changed, until it is interrupted") {
  BillingScene scene;
  PseudoTerminal terminal(scene.command({"group", "describe", "billing", "--watch=100ms"}), 80, 24);
  REQUIRE(terminal.shows("billing is"));
  REQUIRE_FALSE(scene.member.commit({"orders", 1}, 4711).has_value());
  CHECK(terminal.shows("4711"));
  terminal.type("\x03");
  CHECK(terminal.wait() == 0);
}

TEST_CASE("colours are on a terminal alone, and not with NO_COLOR") {
  const BillingScene scene;
  const auto list = scene.command({"group", "list"});
  PseudoTerminal coloured(list, 100, 24);
  CHECK(coloured.wait() == 0);
  CHECK(coloured.written().find("\x1b[32mstable\x1b[0m") != std::string::npos);
  PseudoTerminal plain(list, 100, 24, {"NO_COLOR=1"});
  CHECK(plain.wait() == 0);
  CHECK(plain.written().find("stable") != std::string::npos);
  CHECK(plain.written().find('\x1b') == std::string::npos);
  CHECK(muster({"--server", scene.daemon.address(), "group", "list"}).out.find('\x1b') ==
        std::string::npos);
}

TEST_CASE("manual pages render without a warning") {
  if (!std::filesystem::exists("/usr/bin/man")) {
    MESSAGE("no man here: not shown");
    return;
  }
  const TemporaryDirectory directory;
  REQUIRE(muster({"man", "--all", directory / "man1"}).status == 0);
  std::string rendered;
  for (const auto& page : std::filesystem::directory_iterator(directory / "man1")) {
    CAPTURE(page.path());
    const CommandResult man =
        run_to_end({"/usr/bin/man", "--warnings", "-l", page.path()},
                   {{"MANWIDTH", "80"}, {"MANPAGER", "cat"}, {"LC_ALL", "C.UTF-8"}});
    CHECK(man.status == 0);
    CHECK(man.err == "");
    rendered += man.out;
  }
  CHECK(rendered.find("muster group describe") != std::string::npos);
}

}  // namespace
}  // namespace muster::e2e
