// The completion of bash, zsh and fish, loaded by these shells.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "end_to_end/billing_scene.h"
#include "end_to_end/pseudo_terminal.h"

namespace muster::e2e {
namespace {

/// Where the shell finds `muster` and the server.
std::map<std::string, std::string> surroundings(const BillingScene& scene) {
  const std::string folder = std::filesystem::path(MUSTER_BINARY).parent_path();
  return {{"PATH", folder + ":/usr/bin:/bin"},
          {"MUSTER_SERVER", scene.daemon.address()},
          {"PS1", "ready>"},
          {"TERM", "dumb"},
          {"LC_ALL", "C.UTF-8"},
          {"INPUTRC", "/dev/null"}};
}

struct TypedShell {
  std::vector<std::string> command;
  std::string load;  // what reads the completion
};

const TypedShell kTypedBash{.command = {"/bin/bash", "--norc", "--noprofile", "-i"},
                            .load = "source <(muster completion bash)"};
const TypedShell kTypedZsh{
    .command = {"/usr/bin/zsh", "-f", "-i"},
    .load = "autoload -Uz compinit; compinit -u -D; source <(muster completion zsh)"};

/// Types words and tabs into an interactive shell that has read the completion.
void type_into(const TypedShell& kind, const BillingScene& scene, const std::string& keys,
               const std::string& until) {
  CAPTURE(keys);
  std::vector<std::string> environment;
  for (const auto& [name, value] : surroundings(scene)) environment.push_back(name + "=" + value);
  PseudoTerminal shell(kind.command, 200, 40, environment);
  REQUIRE(shell.shows("ready>"));
  shell.type(kind.load + "; echo lo''aded\n");
  REQUIRE(shell.shows("loaded"));
  shell.forget();
  shell.type(keys);
  CHECK(shell.shows(until));
  shell.type("\x15");  // the line is gone; an interrupt would take what follows with it
  shell.type("exit\n");
  CHECK(shell.wait().has_value());
}

void complete_everything(const TypedShell& shell, const BillingScene& scene) {
  type_into(shell, scene, "muster gro\tdes\tbil\t", "billing ");
  type_into(shell, scene, "muster --output=js\t", "--output=json ");
  type_into(shell, scene, "muster group why billing ord\t1\t", "orders/1 ");
  type_into(shell, scene, "muster group list --sta\tbal\t", "balancing ");
  type_into(shell, scene, "muster group remove-member billing po\t", "pod-0 ");
  type_into(shell, scene, "muster run --group g --topic orders -- mkfi\t", "fo ");
}

TEST_CASE("bash completes commands, options, programs, and names that the server knows") {
  const BillingScene scene;
  complete_everything(kTypedBash, scene);
}

TEST_CASE("zsh completes commands, options, programs, and names that the server knows") {
  if (!std::filesystem::exists(kTypedZsh.command.front())) {
    MESSAGE("no zsh here: its completion is not loaded");
    return;
  }
  const BillingScene scene;
  complete_everything(kTypedZsh, scene);
  muster_json(scene.daemon, {"group", "configure", "it's c:d", "--strategy", "sticky"});
  type_into(kTypedZsh, scene, "muster group describe it\t", "it\\'s\\ c:d ");
  type_into(kTypedZsh, scene, "muster group describe \"it's \t", "\"it's c:d\" ");
  type_into(kTypedZsh, scene, "muster group describe it\\'s\\ \t", "it\\'s\\ c:d ");
}

/// What fish offers behind a line.
std::string fish_offers(const BillingScene& scene, const std::string& line) {
  auto environment = surroundings(scene);
  environment["LINE"] = line;
  const CommandResult result = run_to_end(
      {"/usr/bin/fish", "--no-config", "-c", "muster completion fish | source; complete -C $LINE"},
      environment);
  CHECK(result.err == "");
  return result.out;
}

TEST_CASE("fish completes commands, options, programs, and names that the server knows") {
  if (!std::filesystem::exists("/usr/bin/fish")) {
    MESSAGE("no fish here: its completion is not loaded");
    return;
  }
  const BillingScene scene;
  muster_json(scene.daemon, {"group", "configure", "it's c:d", "--strategy", "sticky"});
  const std::vector<std::pair<std::string, std::string>> lines{
      {"muster gro", "group\tConsumer groups: who owns what, how far they are\n"},
      {"muster group reset", "reset-offsets\tSay where a group goes on\n"},
      {"muster group describe ", "audit\nbilling\nit's c:d\n"},
      {"muster group describe bil", "billing\n"},
      {"muster group describe \"it's ", "it's c:d\n"},
      {"muster group describe it\\'s\\ ", "it's c:d\n"},
      {"muster --output=js", "--output=json\n"},
      {"muster group why billing ord", "orders/\n"},
      {"muster group why billing orders/", "orders/0\norders/1\n"},
      {"muster group list --sta", "--state\tOnly groups in this state\n"},
      {"muster group list --state bal", "balancing\n"},
      {"muster group remove-member billing po", "pod-0\n"},
      {"muster journal log --data-dir /usr/bi", "/usr/bin/\n"},
  };
  for (const auto& [line, offered] : lines) {
    CAPTURE(line);
    CHECK(fish_offers(scene, line) == offered);
  }
  const std::string programs = fish_offers(scene, "muster run --group g --topic orders -- mkfi");
  CHECK(programs.starts_with("mkfifo"));
}

TEST_CASE("completion is quick when no server answers") {
  const SteadyClock::time_point start = SteadyClock::now();
  const CommandResult result =
      muster({"__complete", "--server", "unix:/nonexistent", "group", "describe", ""});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(since(start) < Milliseconds{1'000} + kSchedulingAllowance);
}

}  // namespace
}  // namespace muster::e2e
