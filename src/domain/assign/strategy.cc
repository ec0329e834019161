#include "domain/assign/strategy.h"

#include <initializer_list>

#include "domain/assign/range.h"
#include "domain/assign/round_robin.h"
#include "domain/assign/sticky.h"

namespace muster::domain {

const Strategy* find_strategy(std::string_view name) {
  static const Range range;
  static const RoundRobin round_robin;
  static const Sticky sticky;
  for (const Strategy* strategy :
       std::initializer_list<const Strategy*>{&range, &round_robin, &sticky}) {
    if (strategy->name() == name) return strategy;
  }
  return nullptr;
}

bool is_strategy_name(std::string_view name) {
  return name == kLeaderStrategy || find_strategy(name) != nullptr;
}

}  // namespace muster::domain
