// Chance as a test dictates it; without a script it counts up.
#pragma once

#include <cstdint>
#include <deque>

#include "coordinator/seams.h"

namespace muster::fakes {

class ScriptedEntropy final : public coordinator::Entropy {
 public:
  std::uint64_t draw() override {
    if (script_.empty()) return ++counter_;
    const std::uint64_t drawn = script_.front();
    script_.pop_front();
    return drawn;
  }

  void script(std::deque<std::uint64_t> draws) { script_ = std::move(draws); }

 private:
  std::deque<std::uint64_t> script_;
  std::uint64_t counter_ = 0;
};

}  // namespace muster::fakes
