// The coordinator: bytes of connections in, events to the journal, replies and pushes out. One
// thread; no libuv, no LMDB, no clock of its own. The daemon and the simulator drive it alike:
//
//   connected / received / disconnected   as the network reports
//   end_turn                              once a loop turn, after all sockets were read
//   wake_in_ms                            how long the loop may sleep at most
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "coordinator/seams.h"
#include "domain/limits.h"
#include "domain/state.h"
#include "journal/journal.h"
#include "journal/reader.h"

namespace muster::coordinator {

/// Limits of the coordinator's own queues and connections (bounded).
struct Settings {
  Limits limits;
  std::size_t max_frame_bytes = 4 * 1024 * 1024;
  std::size_t max_in_flight_requests = 1'024;                // then reading pauses
  std::size_t max_unsent_bytes = 8 * 1024 * 1024;            // then the connection is closed
  std::size_t max_pending_journal_bytes = 32 * 1024 * 1024;  // then all reading pauses
  /// Held by whoever accepts connections; here to be shown.
  std::size_t max_connections = 20'000;
  /// Members, partitions and subscriptions of a group whose plan is computed in the loop's own
  /// turn: in less than a hop to the planner's thread and back would cost it. Larger ones are the
  /// planner's.
  std::size_t plan_in_turn_max = 1'000;
};

/// Who this coordinator is: said at hello and in status.
struct Identity {
  std::string journal_id;
  std::uint64_t boot = 0;
  std::string version;
};

class Pipeline {
 public:
  /// `state` is the fold of the whole journal, all of it durable. Every member in it gets a whole
  /// session from now, every revocation its whole deadline (§4 rules 3 and 4). `history` reads what
  /// `journal` has made durable; it is asked from within `received`, for a little at a time.
  Pipeline(domain::State state, Identity identity, const Settings& settings, Clock& clock,
           Connections& connections, Entropy& entropy, Planner& planner, journal::Journal& journal,
           journal::Reader& history);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// A connection was accepted; `peer` is its address as members' `host` shows it.
  void connected(ConnectionId connection, std::string peer);
  /// Bytes arrived, in pieces of any size.
  void received(ConnectionId connection, std::string_view bytes);
  /// The connection ended (closed by the peer, or broken). Not called after Connections::close.
  void disconnected(ConnectionId connection);

  /// Other limits and defaults from now on, for what is admitted from now on: members that are
  /// there keep their timeouts, waits that have begun their ends. max_frame_bytes was told to the
  /// connections: it stays.
  void change(const Settings& settings);

  /// Ends a loop turn: advances the session clock, makes the plans and expiries that are due, and
  /// flushes the journal.
  void end_turn();

  /// Milliseconds until something is due: never more than 250, so that the session clock, which
  /// advances by at most 500 ms a turn, keeps up with time.
  std::uint64_t wake_in_ms() const;

  /// Takes no request from now on. Says `closing` with SHUTTING_DOWN to every connection, also to
  /// one that comes later, and closes it once all that was taken before is durable and answered;
  /// nobody expires for it. Idempotent.
  void begin_shutdown();
  /// True when begin_shutdown has run its course: nothing parked, every connection told.
  bool shut_down() const;

  const domain::State& state() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace muster::coordinator
