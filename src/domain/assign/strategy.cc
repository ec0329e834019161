#include "domain/assign/strategy.h"

#include "domain/assign/round_robin.h"

namespace muster::domain {

const Strategy* find_strategy(std::string_view name) {
  static const RoundRobin round_robin;
  return name == round_robin.name() ? &round_robin : nullptr;
}

}  // namespace muster::domain
