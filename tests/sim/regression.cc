#include "tests/sim/regression.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/sim/world.h"

namespace muster::sim {

std::optional<Plan> read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  auto plan = file ? plan_of(text.str()) : std::nullopt;
  if (!plan) {
    std::cerr << path << " is no list of actions: use a file that muster_sim --shrink wrote.\n";
  }
  return plan;
}

int replay_file(const std::string& path, bool tell) {
  const auto plan = read_file(path);
  if (!plan) return 2;
  World world(*plan);
  if (tell) world.tell();
  const Result result = world.run();
  if (result.invariant.empty()) {
    std::cout << path << ": every invariant held\n";
    return 0;
  }
  std::cout << path << " breaks " << result.invariant << "\n  " << result.evidence
            << "\nrepeat: muster_sim --replay " << path << "\n";
  return 1;
}

bool write_file(const std::string& path, const Plan& plan, const std::string& invariant,
                const std::string& evidence) {
  std::ofstream file(path);
  file << "# Broke " << invariant << ":\n# " << evidence << "\n" << text_of(plan);
  return static_cast<bool>(file.flush());
}

}  // namespace muster::sim
