// Effects that wait for the journal (durable-before-visible): each is parked with the sequence that
// it reflects, and released in order once that sequence is durable. Whom a push goes to is looked
// up at release: bindings are parked effects themselves.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/announcements.h"
#include "coordinator/seams.h"
#include "domain/events.h"
#include "domain/ids.h"

namespace muster::coordinator {

struct Reply {
  ConnectionId connection = 0;
  std::uint64_t correlation_id = 0;
  std::string bytes;
};
struct Push {
  SeatId seat = kNobody;
  std::string bytes;
  bool ends_seat = false;
  std::vector<domain::TokenRef> revoking;
  std::uint32_t rebalance_timeout_ms = 0;
  std::string plan_of;  // group whose leader is asked for a plan: its time begins with this push
};
/// The seat is kept alive by this connection from now on.
struct Bind {
  ConnectionId connection = 0;
  std::string group;
  SeatId seat = kNobody;
  Incarnation incarnation = 0;
  domain::MemberSettings settings;
};
/// Last words, then the end.
struct Close {
  ConnectionId connection = 0;
  std::string bytes;
};

struct Effect {
  Sequence reflects = 0;
  std::variant<Reply, Push, Bind, Close> what;
};

class ParkedEffects {
 public:
  void park(Effect effect) { parked_.push_back(std::move(effect)); }
  bool empty() const { return parked_.empty(); }

  /// Takes out the next effect if all that it reflects is durable.
  template <typename Release>
  void release(Sequence durable_sequence, Release release) {
    while (!parked_.empty() && parked_.front().reflects <= durable_sequence) {
      Effect effect = std::move(parked_.front());
      parked_.pop_front();
      release(std::move(effect));
    }
  }

 private:
  std::deque<Effect> parked_;  // sequences never fall: state moves forward only
};

}  // namespace muster::coordinator
