// Waiting that ends at once when a person interrupts it, or when nobody reads the output any more.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>

namespace muster::tools {

/// While it lives, SIGINT, SIGTERM and SIGHUP (unless it is ignored) end the waiting instead of the
/// process. One at a time.
class InterruptibleWait {
 public:
  InterruptibleWait();
  ~InterruptibleWait();
  InterruptibleWait(const InterruptibleWait&) = delete;
  InterruptibleWait& operator=(const InterruptibleWait&) = delete;

  /// False: it is over. Otherwise the time has passed.
  bool wait(std::uint32_t duration_ms) const;
  /// Whether a second signal came while it waited: what ends is to end now.
  bool insisted() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

  sigset_t blocked_{};  // those signals, but while waiting
  sigset_t former_mask_{};
  std::array<struct sigaction, kSignals.size()> former_{};
};

}  // namespace muster::tools
