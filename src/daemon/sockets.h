// The coordinator's connections over libuv: reads go straight to the coordinator, writes gather
// and leave in one system call a connection at the end of a turn or batch.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/seams.h"
#include "daemon/connection.h"

namespace muster::daemon {

/// Who hears of connections: the coordinator, with the same meaning as Pipeline's members.
class SocketEvents {
 public:
  virtual ~SocketEvents() = default;
  virtual void connected(coordinator::ConnectionId connection, std::string peer) = 0;
  virtual void received(coordinator::ConnectionId connection, std::string_view bytes) = 0;
  virtual void disconnected(coordinator::ConnectionId connection) = 0;
};

struct SocketLimits {
  std::size_t max_connections = 20'000;
  /// A connection that got no answer for so long has not said hello, and is closed.
  std::uint32_t hello_timeout_ms = 10'000;
};

class Sockets final : public coordinator::Connections {
 public:
  /// A closed connection's unsent bytes have so long to leave: a slow reader can't hold it.
  static constexpr std::uint64_t kFlushWithinMs = 5'000;
  /// After that the peer has so long to end its side (see linger()).
  static constexpr std::uint64_t kLingerMs = 1'000;
  /// Connections over the limit that are being told so at one time; more are just closed.
  static constexpr std::size_t kMaxRefusals = 64;
  /// A read that fills this may have left something behind.
  static constexpr std::size_t kReadBufferBytes = 64 * 1024;

  Sockets(uv_loop_t* loop, const coordinator::Clock& clock, const SocketLimits& limits);
  ~Sockets() override;
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  /// For connections from now on: those that are there stay, also above a lower limit, and one that
  /// is silent may outlast a shorter hello timeout by what those before it still have.
  void change(const SocketLimits& limits) { limits_ = limits; }

  /// To be called once, before the first adopt().
  void report_to(SocketEvents& events) { events_ = &events; }

  /// Takes over a connected non-blocking socket, in any case: over the connection limit the peer
  /// is told TOO_MANY_CONNECTIONS and nothing is reported.
  void adopt(int descriptor, Transport transport, std::string peer);

  void begin_turn() { ++turn_; }
  /// Sends what has gathered: one write a connection.
  void flush();
  /// Ends connections whose time is over: without hello, or slow to take their last bytes.
  void sweep();

  /// Nothing is connected, flushing or lingering any more.
  bool empty() const { return connections_.empty(); }

  // coordinator::Connections
  void write(coordinator::ConnectionId id, std::string_view bytes) override;
  void close(coordinator::ConnectionId id) override;
  void pause_reading(coordinator::ConnectionId id) override;
  void resume_reading(coordinator::ConnectionId id) override;
  std::size_t unsent_bytes(coordinator::ConnectionId id) const override;
  bool drained(coordinator::ConnectionId id) const override;

 private:
  struct AwaitedHello {
    std::uint64_t due_ms;
    coordinator::ConnectionId connection;
  };

  static void on_allocate(uv_handle_t* handle, std::size_t suggested, uv_buf_t* buffer) noexcept;
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) noexcept;
  static void on_written(uv_write_t* request, int status) noexcept;
  static void on_closed(uv_handle_t* handle) noexcept;

  /// Null unless the coordinator still knows it.
  Connection* find_open(coordinator::ConnectionId id) const;
  void append(Connection& connection, std::string_view bytes);
  void start_reading(Connection& connection) const;
  void read(Connection& connection, ssize_t count, const char* bytes);
  void send(Connection& connection);
  void write_rest(Connection& connection, std::string_view bytes);
  void written(Connection& connection, int status);
  /// The peer is gone, or its end was seen: reported once, if the coordinator knows it.
  void report_end(Connection& connection);
  void begin_flushing(Connection& connection);
  void linger(Connection& connection);
  void destroy(Connection& connection);
  void broken(Connection& connection);
  void sweep_hellos();
  void sweep_closing();
  void advance_sweep_clock();

  uv_loop_t* loop_;
  const coordinator::Clock& clock_;
  SocketLimits limits_;
  SocketEvents* events_ = nullptr;
  /// All that libuv still knows, so that every descriptor is counted.
  absl::flat_hash_map<coordinator::ConnectionId, std::unique_ptr<Connection>> connections_;
  mutable Connection* found_last_ = nullptr;  // in connections_
  std::vector<coordinator::ConnectionId> dirty_;
  std::vector<coordinator::ConnectionId> closing_;  // flushing or lingering
  std::deque<AwaitedHello> awaited_hellos_;         // one timeout for all: in order of due time
  coordinator::ConnectionId last_id_ = 0;
  std::size_t refused_ = 0;
  std::uint64_t turn_ = 1;
  std::uint64_t last_sweep_ms_;
  std::uint64_t sweep_clock_ms_ = 0;
  std::unique_ptr<char[]> read_buffer_;
};

}  // namespace muster::daemon
