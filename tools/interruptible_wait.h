// Waiting that ends at once when a person interrupts it, or when nobody reads the output any more.
#pragma once

#include <csignal>
#include <cstdint>

namespace muster::tools {

/// While it lives, SIGINT and SIGTERM end the waiting instead of the process. One at a time.
class InterruptibleWait {
 public:
  InterruptibleWait();
  ~InterruptibleWait();
  InterruptibleWait(const InterruptibleWait&) = delete;
  InterruptibleWait& operator=(const InterruptibleWait&) = delete;

  /// False: it is over. Otherwise the time has passed.
  bool wait(std::uint32_t duration_ms) const;

 private:
  sigset_t blocked_{};  // SIGINT and SIGTERM, but while waiting
  sigset_t former_mask_{};
  struct sigaction former_interrupt_{};
  struct sigaction former_terminate_{};
};

}  // namespace muster::tools
