// Chance that can be repeated: the same seed gives the same numbers on every machine. Each actor
// of the simulation draws from a stream of its own, so that leaving out one action while a failure
// is being shrunk does not change what the others draw.
#pragma once

#include <cstdint>

namespace muster::sim {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
inline std::uint64_t mixed(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15U;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

inline std::uint64_t mixed(std::uint64_t left, std::uint64_t right) {
  return mixed(mixed(left) ^ right);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mixed(seed)) {}

  std::uint64_t draw() { return mixed(state_++); }
  /// 0 … limit - 1.
  std::uint64_t below(std::uint64_t limit) { return draw() % limit; }
  /// least … most.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  bool chance(std::uint64_t permille) { return below(1'000) < permille; }

 private:
  std::uint64_t state_;
};

}  // namespace muster::sim
