// What people see on a terminal: the screen of `muster top`, --watch, colours, and completion in a
// shell.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/pseudo_terminal.h"

namespace muster::e2e {
namespace {

constexpr const char* kOtherScreen = "\x1b[?1049h";
constexpr const char* kFormerScreen = "\x1b[?1049l";

/// A daemon with topic "orders", group "billing" with member "pod-0", and an empty group "audit".
struct Scene {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  Member member{daemon.address(), {.group = "billing", .member_id = "pod-0", .topics = {"orders"}}};

  Scene() {
    create_topic(member.client(), "orders", 2);
    member.join();
    REQUIRE(pump_until({&member}, [&] { return member.held().size() == 2; }));
    muster({"--server", daemon.address(), "group", "configure", "audit", "--strategy", "sticky"});
  }

  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.begin(), {MUSTER_BINARY, "--server", daemon.address()});
    return words;
  }
};

bool reads_lines(const termios& settings) {
  return (settings.c_lflag & ICANON) != 0 && (settings.c_lflag & ECHO) != 0;
}

TEST_CASE("top: starts, follows keys and size, and leaves the terminal as it was") {
  const Scene scene;
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
  Scene scene;
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

TEST_CASE("top needs a terminal, and says what programs do instead") {
  const Scene scene;
  const CommandResult result = muster({"--server", scene.daemon.address(), "top"});
  CHECK(result.status == 1);
  CHECK(result.err.find("muster top --output json") != std::string::npos);
}

TEST_CASE("a watch shows what changed, until it is interrupted") {
  Scene scene;
  PseudoTerminal terminal(scene.command({"group", "describe", "billing", "--watch=100ms"}), 80, 24);
  REQUIRE(terminal.shows("billing is"));
  REQUIRE_FALSE(scene.member.commit({"orders", 1}, 4711).has_value());
  CHECK(terminal.shows("4711"));
  terminal.type("\x03");
  CHECK(terminal.wait() == 0);
}

TEST_CASE("colours are on a terminal alone, and not with NO_COLOR") {
  const Scene scene;
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

/// Types words and tabs into an interactive bash that has read the completion.
std::string typed_in_bash(const Scene& scene, const std::string& keys, const std::string& until) {
  const std::string folder = std::filesystem::path(MUSTER_BINARY).parent_path();
  PseudoTerminal shell(
      {"/bin/bash", "--norc", "--noprofile", "-i"}, 200, 40,
      {"PATH=" + folder + ":/usr/bin:/bin", "PS1=ready>", "MUSTER_SERVER=" + scene.daemon.address(),
       "TERM=dumb", "INPUTRC=/dev/null"});
  REQUIRE(shell.shows("ready>"));
  shell.type("source <(muster completion bash); echo lo''aded\n");
  REQUIRE(shell.shows("loaded"));
  shell.forget();
  shell.type(keys);
  CHECK(shell.shows(until));
  const std::string written = shell.written();
  shell.type("\x15");  // the line is gone; an interrupt would take what follows with it
  shell.type("exit\n");
  CHECK(shell.wait().has_value());
  return written;
}

TEST_CASE("bash completes commands, options, and names that the server knows") {
  const Scene scene;
  typed_in_bash(scene, "muster gro\tdes\tbil\t", "muster group describe billing ");
  typed_in_bash(scene, "muster --output=js\t", "--output=json ");
  typed_in_bash(scene, "muster group why billing ord\t1\t", "orders/1 ");
  typed_in_bash(scene, "muster group list --sta\tbal\t", "--state balancing ");
  typed_in_bash(scene, "muster group remove-member billing po\t", "pod-0 ");
}

TEST_CASE("completion is quick when no server answers") {
  const SteadyClock::time_point start = SteadyClock::now();
  const CommandResult result =
      muster({"__complete", "--server", "unix:/nonexistent", "group", "describe", ""});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(since(start) < Milliseconds{1'000} + kSchedulingAllowance);
}

TEST_CASE("manual pages render without a warning") {
  if (!std::filesystem::exists("/usr/bin/man")) {
    MESSAGE("no man here: not shown");
    return;
  }
  const TemporaryDirectory directory;
  REQUIRE(muster({"man", "--all", directory / "man1"}).status == 0);
  for (const auto& page : std::filesystem::directory_iterator(directory / "man1")) {
    CAPTURE(page.path());
    const ProcessOptions options{
        .command = {"/usr/bin/man", "--warnings", "-l", page.path()},
        .environment = {{"MANWIDTH", "80"}, {"MANPAGER", "cat"}, {"LC_ALL", "C.UTF-8"}},
        .stdout_path = directory / "stdout",
        .stderr_path = directory / "stderr"};
    Process man(options);
    CHECK(man.wait() == 0);
    CHECK(read_file(options.stderr_path) == "");
  }
  CHECK(read_file(directory / "stdout").find("muster group describe") != std::string::npos);
}

}  // namespace
}  // namespace muster::e2e
