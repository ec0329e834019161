#include "tests/sim/regression.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <utility>

#include "tests/sim/report.h"
#include "tests/sim/world.h"

namespace muster::sim {

std::optional<Plan> read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    std::cerr << path << " can't be read: name a file of actions, or a directory of them.\n";
    return std::nullopt;
  }
  auto plan = plan_of(text.str());
  if (plan) return std::move(*plan);
  std::cerr << path << " is no list of actions: " << plan.error()
            << ". Use a file that muster_sim --shrink wrote.\n";
  return std::nullopt;
}

namespace {

int replay_file(const std::string& path, bool tell) {
  const auto plan = read_file(path);
  if (!plan) return 2;
  dies_replaying(path);
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

}  // namespace

int replay(const std::string& path, bool tell) {
  if (!std::filesystem::is_directory(path)) return replay_file(path, tell);
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".actions") files.insert(entry.path());
  }
  if (files.empty()) {
    std::cerr << path << " has no *.actions file: name a directory of them.\n";
    return 2;
  }
  int worst = 0;
  for (const std::string& file : files) worst = std::max(worst, replay_file(file, tell));
  return worst;
}

bool write_file(const std::string& path, const Plan& plan, const std::string& invariant,
                const std::string& evidence) {
  std::ofstream file(path);
  file << "# Broke " << invariant << ":\n# " << evidence << "\n" << text_of(plan);
  return static_cast<bool>(file.flush());
}

}  // namespace muster::sim
