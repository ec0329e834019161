// The simulated network: byte streams that take time, arrive in pieces or glued together, break
// off, or go silent without a word (half-open).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "coordinator/seams.h"
#include "tests/sim/coverage.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"

namespace muster::sim {

using coordinator::ConnectionId;

/// The client's end of a connection.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void opened(ConnectionId connection) = 0;
  virtual void arrived(ConnectionId connection, std::string_view bytes) = 0;
  /// The peer ended it, or refused it.
  virtual void ended(ConnectionId connection) = 0;
};

/// How the network treats its connections in this world.
struct Weather {
  std::uint64_t latency_us_most = 2'000;
  std::uint64_t spike_permille = 5;  // of pieces that are delayed for long
  std::uint64_t spike_ms_most = 800;
  std::uint64_t split_permille = 50;
};

class Network {
 public:
  Network(Schedule& schedule, Coverage& coverage, std::uint64_t seed, Weather weather)
      : schedule_(schedule), coverage_(coverage), seed_(seed), weather_(weather) {}

  // ---- the client's side
  ConnectionId connect(Endpoint& client);
  void send(ConnectionId id, std::string_view bytes);
  void close(ConnectionId id);
  /// The client's host is gone: no end is ever seen.
  void vanish(ConnectionId id);
  void stop_reading(ConnectionId id, bool stop);

  // ---- what breaks it
  void reset(ConnectionId id);
  void go_silent(ConnectionId id, bool to_server, bool to_client);
  void calm() { weather_.spike_permille = 0; }

  // ---- the coordinator's side
  struct Line {
    Endpoint* client = nullptr;  // null: its end is closed
    bool server_open = false;
    bool announced = false;  // the coordinator was told of it
    bool paused = false;     // the coordinator does not read it
    bool reader_stopped = false;
    bool silent_to_server = false;
    bool silent_to_client = false;
    bool inbox_ended = false;
    std::string inbox;
    std::string unsent;
    std::deque<std::string> to_server;  // an empty piece is the end
    std::deque<std::string> to_client;
    std::uint64_t server_last_us = 0;
    std::uint64_t client_last_us = 0;
    Random random{0};
  };
  Line* find(ConnectionId id);
  std::map<ConnectionId, Line>& lines() { return lines_; }
  /// Connections with something to accept or read.
  std::set<ConnectionId>& readable() { return readable_; }
  void server_flush(ConnectionId id);
  void server_close(ConnectionId id);
  /// The process died: what its kernel has not sent is lost, everybody sees the end.
  void server_died();
  bool server_listens = false;

  // ---- the queue's
  /// True when the coordinator has something to read.
  bool reached_server(ConnectionId id);
  void reached_client(ConnectionId id);
  void forget_closed();

 private:
  std::uint64_t latency_us(Line& line);
  void push(ConnectionId id, Line& line, bool to_server, std::string piece);
  void push_in_pieces(ConnectionId id, Line& line, bool to_server, std::string bytes);

  Schedule& schedule_;
  Coverage& coverage_;
  std::uint64_t seed_;
  Weather weather_;
  ConnectionId last_id_ = 0;
  std::map<ConnectionId, Line> lines_;
  std::set<ConnectionId> readable_;
};

}  // namespace muster::sim
