// Sessions: which connection keeps which seat alive, and until when. None of it is folded
// (heartbeats are not journaled): after a restart every seat gets a whole session from then on
// (§4 rules 1, 3, 4). All times are the session clock's.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>
#include <absl/container/node_hash_map.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "coordinator/seams.h"
#include "domain/commands.h"
#include "domain/events.h"
#include "domain/state.h"

namespace muster::coordinator {

/// Partitions asked back with one push, and when they are fenced if not released.
struct Revocation {
  std::uint64_t due_ms = 0;
  std::vector<domain::TokenRef> tokens;  // ascending
};

struct Session {
  const std::string* group =
      nullptr;  // its name: a key of Sessions::groups_, as long as this lives
  Incarnation incarnation = 0;
  ConnectionId connection = 0;         // 0: bound to none
  std::uint64_t since_ms = 0;          // bound, unbound or started at
  std::uint64_t queued_ms = 0;         // when its earliest entry of the queue comes up; 0: none
  std::uint64_t stalled_since_ms = 0;  // its application is stuck since; wraps; 0: it is not
  std::uint32_t session_timeout_ms = 0;
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t lease_ms = 0;
  bool connection_ended = false;  // it was bound, and the connection was seen to end
  bool marked_due = false;
};

class Sessions {
 public:
  Sessions() = default;
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// A seat found in the journal at start: a whole session from now, no connection needed.
  void start(const std::string& group, const domain::Member& member, std::uint64_t now_ms);

  /// A join of the member in this seat was accepted over this connection and its binding is parked:
  /// until `bind` the seat does not expire, what became of its older connection says nothing about
  /// the member, and what this connection asks in its name is its own (a leave right behind a
  /// join).
  void expect_binding(SeatId seat, ConnectionId connection);
  /// Binds the seat to a connection instead of an older one. `open`: whether it still is.
  void bind(const std::string& group, SeatId seat, Incarnation incarnation,
            const domain::MemberSettings& settings, ConnectionId connection, bool open,
            std::uint64_t now_ms);

  /// The seat's connection ended, as far as this seat is concerned: its disconnect grace begins.
  void detach(SeatId seat, std::uint64_t now_ms);

  /// The seat is no more.
  void end(SeatId seat);

  /// Something came over the connection: every seat bound to it is alive.
  void heard(ConnectionId connection, std::uint64_t now_ms);
  void disconnected(ConnectionId connection, std::uint64_t now_ms);

  /// A heartbeat said how long the member's application has been stuck; 0: it is not.
  void stalled(SeatId seat, std::uint64_t stalled_ms, std::uint64_t now_ms);

  const Session* find(SeatId seat) const;
  std::size_t size() const { return sessions_.size(); }

  /// The facts that a decision about this member needs (see domain::Presence).
  domain::Presence presence(const domain::Member& member, ConnectionId asking,
                            std::uint64_t now_ms) const;

  /// The deadline of a revocation begins.
  void add_revocation(SeatId seat, Revocation revocation);
  /// Time left to release what the seat holds under this token; nothing if no deadline runs yet.
  std::optional<std::uint64_t> revocation_remaining_ms(SeatId seat, const domain::TokenRef& token,
                                                       std::uint64_t now_ms) const;

  struct Expiry {
    SeatId seat = kNobody;
    std::string group;
    domain::ExpiryReason reason = domain::ExpiryReason::kSilence;
  };
  /// A deadline only marks a seat due. It is reported here in a later turn than that, once
  /// `drained` says that its connection has nothing more to read and still nothing was heard
  /// (§4 rule 8). Reported again until the seat is ended.
  std::vector<Expiry> expired(std::uint64_t now_ms,
                              const std::function<bool(ConnectionId)>& drained);

  struct Overdue {
    std::string group;
    std::vector<domain::TokenRef> tokens;
  };
  std::vector<Overdue> overdue_revocations(std::uint64_t now_ms);

  /// When the next of these has something to do; 0 when a marked seat waits for its socket.
  std::optional<std::uint64_t> next_due_ms() const;

 private:
  struct Deadline {
    std::uint64_t due_ms = 0;
    SeatId seat = kNobody;
    auto operator<=>(const Deadline&) const = default;
  };
  using Deadlines = std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>>;
  struct Bound {
    std::uint64_t heard_ms = 0;
    absl::InlinedVector<SeatId, 2> seats;  // ascending: it decides who expires first
  };

  struct Expected {
    ConnectionId connection = 0;  // of the latest join
    std::size_t bindings = 0;     // parked
  };

  Session& begin(SeatId seat, const std::string& group);
  std::uint64_t alive_ms(const Session& session) const;
  std::uint64_t deadline_ms(const Session& session) const;
  void unbind(SeatId seat, Session& session);
  void forget_revocations(SeatId seat);
  void queue_deadline(SeatId seat, Session& session);
  void mark_due(std::uint64_t now_ms);

  absl::node_hash_map<SeatId, Session> sessions_;  // free places cost a pointer, not a session
  absl::node_hash_map<std::string, std::size_t> groups_;  // names → sessions that point to them
  absl::btree_map<ConnectionId, Bound> bound_;            // without free places
  absl::flat_hash_map<SeatId, std::vector<Revocation>> revocations_;  // of sessions; few have any
  absl::flat_hash_map<SeatId, Expected> expected_;
  // Entries are checked when they come up: hearing from a connection does not touch the queue, and
  // a seat that comes back again and again has one entry in it, not one each time (bounded).
  Deadlines session_deadlines_;
  Deadlines revocation_deadlines_;
  std::vector<SeatId> marked_;  // in the order in which they fell due
};

}  // namespace muster::coordinator
