#include "daemon/sockets.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/closing_message.h"
#include "daemon/handles.h"
#include "domain/assert.h"

namespace muster::daemon {
namespace {

using coordinator::ConnectionId;

// Like the session clock: the daemon's own pause is nobody's silence (patient-coordinator).
constexpr std::uint64_t kMaxSweepStepMs = 500;
constexpr std::uint32_t kRetryRefusedMs = 1'000;

Connection& connection_of(uv_stream_t* stream) { return *static_cast<Connection*>(stream->data); }

}  // namespace

Sockets::Sockets(uv_loop_t* loop, const coordinator::Clock& clock, const SocketLimits& limits)
    : loop_(loop),
      clock_(clock),
      limits_(limits),
      last_sweep_ms_(clock.monotonic_ms()),
      read_buffer_(std::make_unique_for_overwrite<char[]>(kReadBufferBytes)) {}

Sockets::~Sockets() {
  for (const auto& [id, connection] : connections_) destroy(*connection);
  while (!connections_.empty()) uv_run(loop_, UV_RUN_NOWAIT);
}

void Sockets::adopt(int descriptor, Transport transport, std::string peer) {
  MUSTER_ASSERT(events_ != nullptr);
  const bool refused = connections_.size() - refused_ >= limits_.max_connections;
  if (refused && refused_ >= kMaxRefusals) {
    ::close(descriptor);
    return;
  }
  const ConnectionId id = ++last_id_;
  auto owned = std::make_unique<Connection>();
  Connection& connection = *owned;
  connection.sockets = this;
  connection.id = id;
  connection.refused = refused;
  int opened = 0;
  if (transport == Transport::kTcp) {
    opened = uv_tcp_init(loop_, &connection.handle.tcp);
    if (opened == 0) opened = uv_tcp_open(&connection.handle.tcp, descriptor);
  } else {
    opened = uv_pipe_init(loop_, &connection.handle.pipe, 0);
    if (opened == 0) opened = uv_pipe_open(&connection.handle.pipe, descriptor);
  }
  MUSTER_ASSERT(opened == 0);
  connection.handle.stream.data = &connection;
  connections_.emplace(id, std::move(owned));
  start_reading(connection);
  if (refused) {
    ++refused_;
    append(connection,
           closing_message(ErrorCode::kTooManyConnections,
                           fmt::format("All {} connections that this server admits are in use. "
                                       "Close some, try again later, or start musterd with a "
                                       "higher --max-connections.",
                                       limits_.max_connections),
                           kRetryRefusedMs));
    begin_flushing(connection);
    return;
  }
  awaited_hellos_.push_back({sweep_clock_ms_ + limits_.hello_timeout_ms, id});
  events_->connected(id, std::move(peer));
}

void Sockets::flush() {
  // By index: a write that fails reports a disconnect, and the coordinator may write in answer.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    const auto found = connections_.find(dirty_[i]);
    if (found == connections_.end()) continue;
    found->second->dirty = false;
    send(*found->second);
  }
  dirty_.clear();
}

void Sockets::write(ConnectionId id, std::string_view bytes) {
  if (Connection* connection = find_open(id)) append(*connection, bytes);
}

void Sockets::close(ConnectionId id) {
  if (Connection* connection = find_open(id)) begin_flushing(*connection);
}

void Sockets::pause_reading(ConnectionId id) {
  Connection* connection = find_open(id);
  if (connection == nullptr || connection->paused) return;
  connection->paused = true;
  uv_read_stop(&connection->handle.stream);
}

void Sockets::resume_reading(ConnectionId id) {
  Connection* connection = find_open(id);
  if (connection == nullptr || !connection->paused) return;
  connection->paused = false;
  start_reading(*connection);
}

std::size_t Sockets::unsent_bytes(ConnectionId id) const {
  const Connection* connection = find_open(id);
  return connection == nullptr ? 0 : connection->unsent_bytes();
}

bool Sockets::drained(ConnectionId id) const {
  const Connection* connection = find_open(id);
  if (connection == nullptr) return true;
  return !connection->paused && connection->unread_turn < turn_;
}

Connection* Sockets::find_open(ConnectionId id) const {
  if (found_last_ == nullptr || found_last_->id != id) {  // it is asked for one again and again
    const auto found = connections_.find(id);
    if (found == connections_.end()) return nullptr;
    found_last_ = found->second.get();
  }
  return found_last_->phase == ConnectionPhase::kOpen ? found_last_ : nullptr;
}

void Sockets::append(Connection& connection, std::string_view bytes) {
  connection.unsent.append(bytes);
  connection.answered = true;
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(connection.id);
}

void Sockets::start_reading(Connection& connection) const {
  // It is polled in the next turn at the earliest; until then nobody knows what it holds.
  connection.unread_turn = turn_;
  const int started = uv_read_start(&connection.handle.stream, on_allocate, on_read);
  MUSTER_ASSERT(started == 0);
}

void Sockets::on_allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
  // One buffer for all: what is read is consumed before the next read.
  const Connection& connection = *static_cast<Connection*>(handle->data);
  *buffer = uv_buf_init(connection.sockets->read_buffer_.get(), kReadBufferBytes);
}

void Sockets::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) noexcept {
  Connection& connection = connection_of(stream);
  connection.sockets->read(connection, count, buffer->base);
}

void Sockets::read(Connection& connection, ssize_t count, const char* bytes) {
  if (count >= 0) {
    const auto taken = static_cast<std::size_t>(count);
    connection.unread_turn = taken == kReadBufferBytes ? turn_ : 0;
    // Whatever comes after the connection was closed is thrown away.
    if (taken == 0 || connection.phase != ConnectionPhase::kOpen) return;
    events_->received(connection.id, {bytes, taken});
    return;
  }
  if (count != UV_EOF || connection.phase == ConnectionPhase::kLingering) {
    broken(connection);
    return;
  }
  // A half-closed peer looks like one that died, and death must be seen at once: the session
  // ends here. What was already answered is still sent.
  connection.peer_ended = true;
  uv_read_stop(&connection.handle.stream);
  if (connection.phase == ConnectionPhase::kOpen) {
    report_end(connection);
    begin_flushing(connection);
  }
}

void Sockets::send(Connection& connection) {
  if (connection.phase == ConnectionPhase::kDestroyed || connection.write) return;
  if (!connection.unsent.empty()) {
    uv_buf_t buffer =
        uv_buf_init(connection.unsent.data(), static_cast<unsigned int>(connection.unsent.size()));
    int taken = uv_try_write(&connection.handle.stream, &buffer, 1);
    if (taken == UV_EAGAIN) taken = 0;
    if (taken < 0) return broken(connection);
    const std::string bytes = std::exchange(connection.unsent, {});  // an idle one keeps no memory
    if (static_cast<std::size_t>(taken) < bytes.size()) {
      return write_rest(connection,
                        std::string_view(bytes).substr(static_cast<std::size_t>(taken)));
    }
  }
  if (connection.phase == ConnectionPhase::kFlushing) linger(connection);
}

void Sockets::write_rest(Connection& connection, std::string_view bytes) {
  connection.write = std::make_unique<Connection::Write>();
  connection.write->bytes = bytes;
  const uv_buf_t buffer =
      uv_buf_init(connection.write->bytes.data(), static_cast<unsigned int>(bytes.size()));
  const int queued =
      uv_write(&connection.write->request, &connection.handle.stream, &buffer, 1, on_written);
  if (queued != 0) broken(connection);
}

void Sockets::on_written(uv_write_t* request, int status) noexcept {
  Connection& connection = connection_of(request->handle);
  connection.sockets->written(connection, status);
}

void Sockets::written(Connection& connection, int status) {
  connection.write.reset();
  if (connection.phase == ConnectionPhase::kDestroyed) return;
  if (status < 0) return broken(connection);
  send(connection);
}

void Sockets::report_end(Connection& connection) {
  if (connection.phase != ConnectionPhase::kOpen) return;
  connection.phase = ConnectionPhase::kFlushing;
  events_->disconnected(connection.id);
}

void Sockets::begin_flushing(Connection& connection) {
  connection.phase = ConnectionPhase::kFlushing;
  connection.close_by_ms = sweep_clock_ms_ + kFlushWithinMs;
  closing_.push_back(connection.id);
  if (!connection.dirty) {
    connection.dirty = true;
    dirty_.push_back(connection.id);
  }
  // Read on, to nowhere: a peer that is stuck in a write of its own would never read its end.
  if (connection.paused) start_reading(connection);
}

/// All is sent. Closing now, with something unread in the socket, would make the kernel reset the
/// connection and the peer lose our last words: announce the end, and let the peer end first.
void Sockets::linger(Connection& connection) {
  uv_os_fd_t descriptor = -1;
  const int known = uv_fileno(as_handle(&connection.handle.stream), &descriptor);
  MUSTER_ASSERT(known == 0);
  if (connection.peer_ended || shutdown(descriptor, SHUT_WR) != 0) {
    destroy(connection);
    return;
  }
  connection.phase = ConnectionPhase::kLingering;
  connection.close_by_ms = std::min(connection.close_by_ms, sweep_clock_ms_ + kLingerMs);
}

void Sockets::destroy(Connection& connection) {
  if (connection.phase == ConnectionPhase::kDestroyed) return;
  connection.phase = ConnectionPhase::kDestroyed;
  uv_close(as_handle(&connection.handle.stream), on_closed);
}

void Sockets::on_closed(uv_handle_t* handle) noexcept {
  const Connection& connection = *static_cast<Connection*>(handle->data);
  Sockets& sockets = *connection.sockets;
  if (connection.refused) --sockets.refused_;
  sockets.found_last_ = nullptr;
  sockets.connections_.erase(connection.id);
}

void Sockets::broken(Connection& connection) {
  report_end(connection);
  destroy(connection);
}

void Sockets::sweep() {
  advance_sweep_clock();
  sweep_hellos();
  sweep_closing();
}

void Sockets::advance_sweep_clock() {
  const std::uint64_t now_ms = clock_.monotonic_ms();
  sweep_clock_ms_ += std::min(now_ms - last_sweep_ms_, kMaxSweepStepMs);
  last_sweep_ms_ = now_ms;
}

void Sockets::sweep_hellos() {
  while (!awaited_hellos_.empty() && awaited_hellos_.front().due_ms <= sweep_clock_ms_) {
    Connection* connection = find_open(awaited_hellos_.front().connection);
    awaited_hellos_.pop_front();
    if (connection == nullptr || connection->answered) continue;
    if (connection->paused) {  // its hello may wait unread: that is our doing, not its
      awaited_hellos_.push_back({sweep_clock_ms_ + limits_.hello_timeout_ms, connection->id});
      continue;
    }
    report_end(*connection);
    append(*connection,
           closing_message(ErrorCode::kHelloRequired,
                           fmt::format("No hello was received within {} ms of connecting. "
                                       "Connect when there is something to ask, and send Hello "
                                       "first.",
                                       limits_.hello_timeout_ms),
                           0));
    begin_flushing(*connection);
  }
}

void Sockets::sweep_closing() {
  std::erase_if(closing_, [this](ConnectionId id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return true;
    if (found->second->close_by_ms <= sweep_clock_ms_) destroy(*found->second);
    return found->second->phase == ConnectionPhase::kDestroyed;
  });
}

}  // namespace muster::daemon
