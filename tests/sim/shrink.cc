#include "tests/sim/shrink.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <utility>

#include "domain/assert.h"
#include "tests/sim/regression.h"

namespace muster::sim {
namespace {

/// The invariant that it breaks, or nothing. In a process of its own, which an assertion may stop.
std::string broken_by(const Plan& plan) {
  std::array<int, 2> pipe{};
  MUSTER_ASSERT(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  MUSTER_ASSERT(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    (void)!std::freopen("/dev/null", "w", stderr);
    const std::string invariant = World(plan).run().invariant;
    (void)!::write(pipe[1], invariant.data(), invariant.size());
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::array<char, 64> said{};
  const ssize_t bytes = ::read(pipe[0], said.data(), said.size());
  ::close(pipe[0]);
  int status = 0;
  MUSTER_ASSERT(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return std::string(kDied);
  return {said.data(), static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))};
}

bool still_fails(const Plan& plan, const std::string& invariant) {
  return broken_by(plan) == invariant;
}

/// Without the `count` actions from `from` on.
Plan without(const Plan& plan, std::size_t from, std::size_t count) {
  Plan shorter = plan;
  const auto begin = shorter.actions.begin() + static_cast<std::ptrdiff_t>(from);
  const std::size_t most = std::min(count, shorter.actions.size() - from);
  shorter.actions.erase(begin, begin + static_cast<std::ptrdiff_t>(most));
  return shorter;
}

/// Leaves out ever smaller pieces, as long as the failure stays (after Zeller's ddmin).
Plan shrunk(Plan plan, const std::string& invariant) {
  for (std::size_t piece = std::max<std::size_t>(plan.actions.size() / 2, 1); piece > 0;) {
    bool helped = false;
    for (std::size_t from = plan.actions.size(); from > 0;) {
      from = from > piece ? from - piece : 0;
      Plan shorter = without(plan, from, piece);
      if (!still_fails(shorter, invariant)) continue;
      plan = std::move(shorter);
      helped = true;
      from = std::min(from, plan.actions.size());
    }
    if (!helped || piece > 1) piece /= 2;
  }
  return plan;
}

}  // namespace

int shrink_and_write(const Result& failure, std::uint64_t seed, std::string path) {
  Plan plan = failure.plan;
  if (plan.calm_at_us == 0 && !plan.actions.empty()) plan.calm_at_us = plan.actions.back().at_us;
  // What comes after the last action of a failing run is the calm: leave it time to fail.
  constexpr std::uint64_t kAfterwardsUs = 20'000'000;
  if (!still_fails(plan, failure.invariant)) plan.calm_at_us += kAfterwardsUs;
  if (!still_fails(plan, failure.invariant)) {
    std::cout << "The failure does not repeat from its list of actions: it can't be shrunk.\n";
    return 1;
  }
  plan = shrunk(std::move(plan), failure.invariant);
  const bool died = failure.invariant == kDied;
  const std::string evidence = died ? "see what it says" : World(plan).run().evidence;
  if (path.empty()) path = "seed-" + std::to_string(seed) + ".actions";
  if (!write_file(path, plan, failure.invariant, evidence)) {
    std::cerr << path << " can't be written: name another file with --write.\n";
    return 1;
  }
  std::cout << "shrunk from " << failure.plan.actions.size() << " to " << plan.actions.size()
            << " actions: " << evidence << "\nwritten to " << path
            << "\nrepeat: muster_sim --replay " << path << "\n";
  return 1;
}

int shrink_file(const std::string& path, std::string write_to) {
  auto plan = read_file(path);
  if (!plan) return 2;
  Result failure{.invariant = broken_by(*plan), .evidence = {}, .coverage = {}, .plan = {}};
  if (failure.invariant.empty()) return replay(path, false);
  failure.plan = std::move(*plan);
  return shrink_and_write(failure, failure.plan.seed, std::move(write_to));
}

}  // namespace muster::sim
