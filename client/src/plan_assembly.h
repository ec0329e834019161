// A plan request while its pages come in, and what the application is told of it.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "muster/error.hpp"
#include "muster/plan.hpp"

namespace muster {

/// A plan is wanted for this membership; or, without a request, the one submitted was refused.
struct PlanNotice {
  std::uint64_t membership = 0;
  std::shared_ptr<const PlanRequest> request = {};
  Error refused = {};
};

/// The pages of one PlanWanted, in order. What they say is checked: they come from outside.
class PlanAssembly {
 public:
  explicit PlanAssembly(const wire::PlanWantedT& first);

  std::uint64_t membership() const { return membership_; }
  void add(const wire::PlanWantedT& page);
  /// After the last page; null when the pages contradict themselves.
  std::shared_ptr<const PlanRequest> finish();

 private:
  bool numbers_fit() const;

  std::uint64_t membership_;
  PlanRequest request_;
  bool makes_sense_ = true;
};

}  // namespace muster
