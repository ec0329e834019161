// The lease: how long a client may act as an owner without hearing from the coordinator.
#pragma once

#include <algorithm>
#include <cstdint>

namespace muster {

/// What a client takes off every period that the coordinator grants, for clocks that run at
/// different speeds and threads that wake late: a tenth of it, at most a second.
inline std::uint32_t margin_ms(std::uint32_t period_ms) {
  return std::min<std::uint32_t>(period_ms / 10, 1'000);
}

/// One lease for everything a member holds, counted from the moment that the last acknowledged
/// request was sent: the coordinator can't have started its own count earlier.
class Lease {
 public:
  void begin(std::uint32_t lease_ms, std::uint64_t sent_at_ms) {
    lease_ms_ = lease_ms;
    acknowledged_send_ms_ = sent_at_ms;
  }
  /// A request sent at that moment was acknowledged.
  void renew(std::uint64_t sent_at_ms) {
    acknowledged_send_ms_ = std::max(acknowledged_send_ms_, sent_at_ms);
  }

  std::uint64_t lapses_at_ms() const {
    return acknowledged_send_ms_ + lease_ms_ - margin_ms(lease_ms_);
  }
  bool lapsed(std::uint64_t now_ms) const { return now_ms >= lapses_at_ms(); }
  std::uint32_t lease_ms() const { return lease_ms_; }

  /// When a period that the coordinator started after that acknowledgement ends for the client.
  std::uint64_t end_of_ms(std::uint32_t period_ms) const {
    return acknowledged_send_ms_ + period_ms - margin_ms(period_ms);
  }

 private:
  std::uint32_t lease_ms_ = 0;
  std::uint64_t acknowledged_send_ms_ = 0;
};

}  // namespace muster
