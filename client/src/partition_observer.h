// What a part of the library hears of a consumer's partitions, beside the application.
#pragma once

#include "muster/error.hpp"
#include "muster/partition.hpp"

namespace muster {

/// Called on the callbacks' thread: when work may begin after the application's own callback, when
/// it must end before it.
class PartitionObserver {
 public:
  virtual ~PartitionObserver() = default;
  virtual void assigned(const Partition& partition) = 0;
  /// The partition is released soon after this returns.
  virtual void revoked(const Partition& partition) = 0;
  virtual void lost(const Partition& partition) = 0;
  virtual void resumed() = 0;
  /// The membership ended for good.
  virtual void ended(const Error& why) = 0;
};

}  // namespace muster
