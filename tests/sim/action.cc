#include "tests/sim/action.h"

#include <algorithm>
#include <sstream>

namespace muster::sim {
namespace {

struct Kind {
  std::string_view name;
  std::uint64_t weight;           // how often beside the others, where a world has it at all
  std::uint64_t left_out_of = 3;  // of ten worlds
};

constexpr std::array<Kind, static_cast<std::size_t>(ActionKind::kCount)> kKinds{{
    {"start-worker", 30},
    {"kill-worker", 8},
    {"vanish-worker", 4},
    {"stop-worker", 6},
    {"leave-worker", 5},
    {"close-worker", 3},
    {"twin-worker", 4},
    {"reset-connection", 10},
    {"silence-connection", 5},
    {"slow-reader", 4},
    {"slow-disk", 4},
    {"full-disk", 3},
    {"crash", 6},
    {"stop-server", 4},
    {"suspend-server", 2},
    {"jump-wall-clock", 1},
    {"graceful-restart", 2},
    {"operate", 40},
    {"ask", 60},
    {"rude", 40},
    {"haunt", 40},
    {"blunder", 20},
    {"noise", 10},
    {"repeat", 6},
    {"start-planner", 12},
    {"meddle", 24},
    {"steer", 30},
    {"tight-disk", 2},
    {"restore", 1, 8},  // seconds without a plan follow it
    {"rewrite", 40},
}};
constexpr std::uint64_t kSetUp = 9;  // the first actions make topics and workers

}  // namespace

std::string_view name_of(ActionKind kind) { return kKinds.at(static_cast<std::size_t>(kind)).name; }

std::string text_of(const Action& action) {
  return std::to_string(action.at_us) + " " + std::string(name_of(action.kind)) + " " +
         std::to_string(action.number);
}

std::string text_of(const Plan& plan) {
  std::string text =
      "seed " + std::to_string(plan.seed) + "\ncalm " + std::to_string(plan.calm_at_us) + "\n";
  for (const Action& action : plan.actions) text += text_of(action) + "\n";
  return text;
}

std::optional<Plan> plan_of(std::string_view text) {
  std::istringstream lines{std::string(text)};
  Plan plan;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "seed" || first == "calm") {
      words >> (first == "seed" ? plan.seed : plan.calm_at_us);
    } else {
      Action action;
      std::string name;
      words >> name >> action.number;
      action.at_us = std::stoull(first);
      const auto kind = std::ranges::find(kKinds, name, &Kind::name);
      if (kind == kKinds.end()) return std::nullopt;
      action.kind = static_cast<ActionKind>(kind - kKinds.begin());
      plan.actions.push_back(action);
    }
    if (words.fail()) return std::nullopt;
  }
  return plan;
}

Swarm::Swarm(std::uint64_t seed) : random_(seed) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    // Most kinds at their usual weight, some left out, some beloved.
    const Kind& kind = kKinds.at(i);
    const std::uint64_t mood = random_.below(10);
    weights_.at(i) = kind.weight * (mood < kind.left_out_of ? 0 : mood < 9 ? 1 : 4);
  }
  weights_.at(static_cast<std::size_t>(ActionKind::kStartWorker)) |= 8;
  for (const std::uint64_t weight : weights_) total_ += weight;
  constexpr std::array kPaces{4'000U, 20'000U, 60'000U, 200'000U};
  gap_us_most_ = kPaces.at(random_.below(kPaces.size()));
}

Action Swarm::next() {
  at_us_ += random_.between(0, gap_us_most_);
  Action action{.at_us = at_us_, .kind = ActionKind::kOperate, .number = random_.draw()};
  if (drawn_++ < kSetUp) {
    action.kind = drawn_ % 3 == 0 ? ActionKind::kStartWorker : ActionKind::kOperate;
    return action;
  }
  std::uint64_t chosen = random_.below(total_);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (chosen < weights_.at(i)) {
      action.kind = static_cast<ActionKind>(i);
      break;
    }
    chosen -= weights_.at(i);
  }
  return action;
}

}  // namespace muster::sim
