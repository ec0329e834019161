#include "tests/sim/report.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <utility>

#include "tests/sim/regression.h"

namespace muster::sim {
namespace {

constexpr std::size_t kLastActions = 20;
constexpr std::uint64_t kStepsAWorld = 8'000;

std::array<char, 256> last_words;
const World* running = nullptr;
std::string actions_path;  // empty: they are not asked for

void set_last_words(std::uint64_t seed, std::uint64_t steps, std::uint64_t world) {
  std::snprintf(last_words.data(), last_words.size(),
                "The process died in world %llu of seed %llu.\n"
                "repeat: muster_sim --seed %llu --steps %llu\n",
                static_cast<unsigned long long>(world), static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(steps));
}

void say_last_words(int signal_number) {
  const std::string_view words(last_words.data());
  (void)!::write(STDERR_FILENO, words.data(), words.size());
  // Assertions fail between two steps of one thread, so that more than a handler may do is done.
  if (signal_number == SIGABRT && running != nullptr && !actions_path.empty() &&
      write_file(actions_path, running->plan(), std::string(kDied), "see what it says")) {
    std::cerr << "reduce: muster_sim --replay " << actions_path << " --shrink\n";
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

}  // namespace

Result run_seed(std::uint64_t seed, std::uint64_t steps) {
  Result whole;
  for (std::uint64_t world = 0; whole.steps < steps; ++world) {
    set_last_words(seed, steps, world);
    const std::uint64_t left = steps - whole.steps;
    World one(mixed(seed, world), std::min(left, kStepsAWorld));
    running = &one;
    Result result = one.run();
    running = nullptr;
    whole.steps += result.steps;
    whole.simulated_ms += result.simulated_ms;
    whole.events += result.events;
    whole.trace = mixed(whole.trace, result.trace);
    whole.coverage.add(result.coverage);
    if (result.invariant.empty()) continue;
    whole.invariant = result.invariant;
    whole.evidence = result.evidence;
    whole.plan = std::move(result.plan);
    return whole;
  }
  return whole;
}

void report(const Result& result, std::uint64_t seed, std::uint64_t steps) {
  std::cout << "seed " << seed << " breaks " << result.invariant << "\n  " << result.evidence
            << "\nlast actions:\n";
  const auto& actions = result.plan.actions;
  const std::size_t from = actions.size() > kLastActions ? actions.size() - kLastActions : 0;
  for (std::size_t i = from; i < actions.size(); ++i) {
    std::cout << "  " << text_of(actions[i]) << "\n";
  }
  std::cout << "repeat: muster_sim --seed " << seed << " --steps " << steps << "\n" << std::flush;
}

void dies_replaying(const std::string& path) {
  std::snprintf(last_words.data(), last_words.size(),
                "The process died.\nrepeat: muster_sim --replay %s\n", path.c_str());
}

void report_aborts(std::string write_actions_to) {
  actions_path = std::move(write_actions_to);
  for (const int signal_number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) {
    ::signal(signal_number, say_last_words);
  }
}

}  // namespace muster::sim
