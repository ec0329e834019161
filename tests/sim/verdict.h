// The first broken invariant of a run. Nothing is checked after it: what follows a violation proves
// nothing.
#pragma once

#include <string>
#include <utility>

#include "domain/message.h"

namespace muster::sim {

class Verdict {
 public:
  bool violated() const { return !invariant_.empty(); }
  const std::string& invariant() const { return invariant_; }
  const std::string& evidence() const { return evidence_; }

  template <typename... Pieces>
  void require(bool holds, const char* invariant, const Pieces&... pieces) {
    if (holds || violated()) return;
    invariant_ = invariant;
    evidence_ = domain::sentence(pieces...);
  }

 private:
  std::string invariant_;
  std::string evidence_;
};

}  // namespace muster::sim
