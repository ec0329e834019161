// The coordinator's entropy: the kernel's.
#pragma once

#include <cstdint>

#include "coordinator/seams.h"

namespace muster::daemon {

class SystemEntropy final : public coordinator::Entropy {
 public:
  std::uint64_t draw() override;
};

}  // namespace muster::daemon
