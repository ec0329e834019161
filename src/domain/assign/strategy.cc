#include "domain/assign/strategy.h"

#include "domain/assign/round_robin.h"

namespace muster::domain {

const Strategy* find_strategy(std::string_view name) {
  static const RoundRobin round_robin;
  return name == round_robin.name() ? &round_robin : nullptr;
}

bool is_strategy_name(std::string_view name) {
  return name == kLeaderStrategy || find_strategy(name) != nullptr;
}

}  // namespace muster::domain
