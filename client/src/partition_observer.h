// What a part of the library hears of a consumer's partitions, beside the application.
#pragma once

#include "domain/ids.h"
#include "muster/error.hpp"
#include "muster/partition.hpp"

namespace muster {

/// Called on the callbacks' thread: when work may begin after the application's own callback, when
/// it must end before it.
class PartitionObserver {
 public:
  virtual ~PartitionObserver() = default;
  virtual void assigned(const Partition& partition) = 0;
  /// The partition is released soon after this returns. False: the consumer was closed meanwhile,
  /// and nothing more is to be said of it.
  virtual bool revoked(const Partition& partition) = 0;
  virtual void lost(const Partition& partition) = 0;
  virtual void resumed() = 0;
  /// The membership of this incarnation ended: for good, or because the application left.
  virtual void ended(Incarnation incarnation, const Error& why) = 0;
  /// The consumer is being closed, on the thread that closes it. Waits for nothing: that thread may
  /// be the observer's own.
  virtual void closed(const Error& why) = 0;
};

}  // namespace muster
