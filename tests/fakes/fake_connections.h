// Sockets that take everything at once, unless a peer is told to stop reading.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/seams.h"

namespace muster::fakes {

class FakeConnections final : public coordinator::Connections {
 public:
  using ConnectionId = coordinator::ConnectionId;

  void write(ConnectionId connection, std::string_view bytes) override {
    Peer& peer = peers_[connection];
    if (peer.closed) return;
    (peer.reads ? peer.taken : peer.unsent).append(bytes);
  }
  /// Sends what is unsent, then closes: what a peer that reads no more has not taken stays unsent.
  void close(ConnectionId connection) override { peers_[connection].closed = true; }
  void pause_reading(ConnectionId connection) override { peers_[connection].paused = true; }
  void resume_reading(ConnectionId connection) override { peers_[connection].paused = false; }
  std::size_t unsent_bytes(ConnectionId connection) const override {
    const auto found = peers_.find(connection);
    return found == peers_.end() ? 0 : found->second.unsent.size();
  }
  bool drained(ConnectionId connection) const override {
    const auto found = peers_.find(connection);
    return found == peers_.end() || found->second.drained;
  }

  /// Whether the peer reads; what waited for it is taken once it does.
  void set_reads(ConnectionId connection, bool reads) {
    Peer& peer = peers_[connection];
    peer.reads = reads;
    if (reads) peer.taken += std::exchange(peer.unsent, {});
  }
  /// Whether the socket has given everything that it had in this turn.
  void set_drained(ConnectionId connection, bool drained) { peers_[connection].drained = drained; }

  /// What reached the peer since the last call.
  std::string take(ConnectionId connection) { return std::exchange(peers_[connection].taken, {}); }
  bool paused(ConnectionId connection) const { return of(connection).paused; }
  bool closed(ConnectionId connection) const { return of(connection).closed; }

 private:
  struct Peer {
    std::string taken;
    std::string unsent;
    bool reads = true;
    bool drained = true;
    bool paused = false;
    bool closed = false;
  };

  const Peer& of(ConnectionId connection) const {
    static const Peer untouched;
    const auto found = peers_.find(connection);
    return found == peers_.end() ? untouched : found->second;
  }

  std::map<ConnectionId, Peer> peers_;
};

}  // namespace muster::fakes
