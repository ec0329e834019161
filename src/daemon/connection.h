// One accepted socket: what the socket layer keeps for each, and nothing that an idle one does not
// need (10,000 idle members are the usual case).
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "coordinator/seams.h"

namespace muster::daemon {

class Sockets;

enum class Transport : std::uint8_t { kTcp, kUnix };

enum class ConnectionPhase : std::uint8_t {
  kOpen,       // the coordinator knows it
  kFlushing,   // the coordinator is done with it; what is unsent still leaves
  kLingering,  // all is sent and the end announced; waits for the peer to end too
  kDestroyed,  // handed to libuv to close
};

struct Connection {
  union Handle {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };

  /// What libuv sends, until it has.
  struct Write {
    uv_write_t request{};
    std::string bytes;
  };

  Handle handle{};
  Sockets* sockets = nullptr;
  coordinator::ConnectionId id = 0;
  std::string unsent;            // gathers until the end of the turn or batch
  std::unique_ptr<Write> write;  // none, unless the socket did not take all at once
  /// The last turn in which the socket may have held more than was read; 0: none.
  std::uint64_t unread_turn = 0;
  /// On the sweep clock; while flushing or lingering.
  std::uint64_t close_by_ms = 0;
  ConnectionPhase phase = ConnectionPhase::kOpen;
  bool dirty = false;  // on the list of those to flush
  bool paused = false;
  bool answered = false;    // something was written to it: it has said hello, or was told off
  bool peer_ended = false;  // nothing more comes from the peer
  bool refused = false;     // over the connection limit: never reported, does not count

  std::size_t unsent_bytes() const {
    return unsent.size() + (write ? uv_stream_get_write_queue_size(&handle.stream) : 0);
  }
};

}  // namespace muster::daemon
