// Effects that wait for the journal (durable-before-visible): each is parked with the sequence that
// it reflects, and released in order once that sequence is durable. Whom a push goes to is looked
// up at release: bindings are parked effects themselves.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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
  std::size_t bytes = 0;
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

/// Bytes that leave in the order in which they came.
class ByteQueue {
 public:
  void push(std::string_view bytes) { bytes_.append(bytes); }
  /// Valid until something is pushed or popped.
  std::string_view front(std::size_t bytes) const {
    return std::string_view(bytes_).substr(begin_, bytes);
  }
  void pop(std::size_t bytes) {
    constexpr std::size_t kKeptBytes = std::size_t{512} << 10;  // a storm's memory is given back
    begin_ += bytes;
    if (begin_ < bytes_.size() / 2) return;
    bytes_.erase(0, std::exchange(begin_, 0));
    if (bytes_.empty() && bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

class ParkedEffects {
 public:
  void park(Sequence reflects, const Reply& reply, std::string_view bytes) {
    replies_.push(bytes);
    parked_.push_back({.reflects = reflects, .what = reply});
  }
  template <typename What>
  void park(Sequence reflects, What what) {
    parked_.push_back({.reflects = reflects, .what = std::make_unique<What>(std::move(what))});
  }
  bool empty() const { return parked_.empty(); }

  /// Takes out one effect after the other, as long as all that the next one reflects is durable:
  /// `release(reply, bytes)`, or `release(what)`. Replies must not be parked meanwhile.
  template <typename Release>
  void release(Sequence durable_sequence, Release release) {
    while (!parked_.empty() && parked_.front().reflects <= durable_sequence) {
      Effect effect = std::move(parked_.front());
      parked_.pop_front();
      if (const auto* reply = std::get_if<Reply>(&effect.what)) {
        release(*reply, replies_.front(reply->bytes));
        replies_.pop(reply->bytes);
        continue;
      }
      std::visit(
          [&](auto& what) {
            if constexpr (requires { *what; }) release(std::move(*what));
          },
          effect.what);
    }
  }

 private:
  // There are very many replies, and little else: they are kept small.
  struct Effect {
    Sequence reflects = 0;
    std::variant<Reply, std::unique_ptr<Push>, std::unique_ptr<Bind>, std::unique_ptr<Close>> what;
  };
  std::deque<Effect> parked_;  // sequences never fall: state moves forward only
  ByteQueue replies_;
};

}  // namespace muster::coordinator
