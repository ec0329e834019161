// muster_sim: the real coordinator and the real client in a world of simulated time, network, disk
// and chance. What it prints on stdout depends on its flags alone.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "tests/sim/regression.h"
#include "tests/sim/report.h"
#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

namespace muster::sim {
namespace {

struct Flags {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t steps = kDefaultSteps;
  bool shrink = false;
  bool forever = false;
  bool coverage = false;
  bool tell = false;
  std::string replay;
  std::string write;
};

class Speed {
 public:
  void say(std::uint64_t steps, std::uint64_t simulated_ms) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
    std::cerr << steps << " steps, " << simulated_ms / 1'000 << " simulated seconds in "
              << took.count()
              << " s: " << static_cast<std::uint64_t>(static_cast<double>(steps) / took.count())
              << " steps/s\n";
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

int run_seeds(const Flags& flags) {
  const Speed speed;
  Coverage coverage;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::uint64_t events = 0;
  std::uint64_t trace = 0;
  for (std::uint64_t i = 0; flags.forever || i < flags.seeds; ++i) {
    const Result result = run_seed(flags.seed + i, flags.steps);
    if (!result.invariant.empty()) {
      report(result, flags.seed + i, flags.steps);
      if (flags.shrink) return shrink_and_write(result, flags.seed + i, flags.write);
      return 1;
    }
    coverage.add(result.coverage);
    steps += result.steps;
    simulated_ms += result.simulated_ms;
    events += result.events;
    trace = mixed(trace, result.trace);
    if (flags.forever && (i + 1) % 1'000 == 0) speed.say(steps, simulated_ms);
  }
  std::printf("seeds %llu to %llu, %llu steps, %llu events, trace %016llx: every invariant held\n",
              static_cast<unsigned long long>(flags.seed),
              static_cast<unsigned long long>(flags.seed + flags.seeds - 1),
              static_cast<unsigned long long>(steps), static_cast<unsigned long long>(events),
              static_cast<unsigned long long>(trace));
  speed.say(steps, simulated_ms);
  if (!flags.coverage) return 0;
  std::cout << coverage.table();
  const auto missing = coverage.missing();
  for (const std::string& name : missing) std::cout << "never reached: " << name << "\n";
  return missing.empty() ? 0 : 1;
}

int main_of(int argc, char** argv) {
  Flags flags;
  CLI::App app{
      "Runs musterd's pipeline and the client under a simulated clock, network, disk and chance,\n"
      "and checks the invariants of docs/testing.md after every step.\n\n"
      "Example: muster_sim --seed 7 --steps 100000"};
  const CLI::Range at_least_one(std::uint64_t{1}, std::uint64_t{1} << 62);
  auto* seed = app.add_option("--seed", flags.seed, "First seed (1)");
  auto* seeds = app.add_option("--seeds", flags.seeds, "How many seeds, one after the other (1)")
                    ->check(at_least_one);
  auto* steps =
      app.add_option("--steps", flags.steps, "Steps for each seed, before everything calms down")
          ->check(at_least_one);
  auto* shrink = app.add_flag(
      "--shrink", flags.shrink,
      "Reduce a failure, or with --replay its file, to the fewest actions, and write them as a "
      "regression file");
  auto* forever =
      app.add_flag("--forever", flags.forever, "Seed after seed, until one fails")->excludes(seeds);
  auto* coverage = app.add_flag("--coverage", flags.coverage,
                                "Print what was reached, and fail when something was not")
                       ->excludes(forever);
  auto* replayed = app.add_option("--replay", flags.replay,
                                  "Run the actions of a regression file, or of all in a directory");
  for (auto* one : {seed, seeds, steps, forever, coverage}) replayed->excludes(one);
  app.add_flag("--tell", flags.tell, "With --replay: tell on stderr what happens")->needs(replayed);
  app.add_option("--write", flags.write, "Where --shrink writes (seed-N.actions)")->needs(shrink);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  report_aborts(flags.shrink ? flags.write.empty() ? "died.actions" : flags.write : "");
  if (flags.shrink && !flags.replay.empty()) return shrink_file(flags.replay, flags.write);
  return flags.replay.empty() ? run_seeds(flags) : replay(flags.replay, flags.tell);
}

}  // namespace
}  // namespace muster::sim

int main(int argc, char** argv) { return muster::sim::main_of(argc, argv); }
