// What leaves, and when: every reply, push, binding and closing is parked with the sequence that it
// reflects and let go once that sequence is durable (durable-before-visible). Only the
// acknowledgement of a heartbeat does not wait: it says nothing but what is durable already.

#include <algorithm>
#include <utility>

#include "coordinator/pipeline_implementation.h"
#include "domain/refuse.h"

namespace muster::coordinator {

std::string Pipeline::Implementation::encode_push(const wire::ServerBodyUnion& body) {
  return std::string(messages_.encode(0, state_.sequence, body));
}

Connection* Pipeline::Implementation::find(ConnectionId id) {
  // Replies of a batch, and the frames of a read, are of one connection after the other.
  if (found_last_ != nullptr && found_last_->id == id) return found_last_;
  const auto found = connections_.find(id);
  if (found == connections_.end()) return nullptr;
  return found_last_ = found->second.get();
}

void Pipeline::Implementation::reply(Connection& connection, std::uint64_t correlation_id,
                                     Answer answer) {
  const bool alive = answer && answer->type == wire::ServerBody::HeartbeatReply;
  if (!answer) answer = body_of(codec::to_wire(answer.error()));
  const Sequence reflects = alive ? journal_.durable_sequence() : state_.sequence;
  std::string_view bytes = messages_.encode(correlation_id, reflects, *answer);
  if (bytes.size() > settings_.max_frame_bytes + codec::kFrameHeaderBytes) {
    const auto too_large = domain::refuse(ErrorCode::kInternalError, "The reply would have ",
                                          bytes.size(), " bytes: ask for less at a time.");
    bytes = messages_.encode(correlation_id, state_.sequence,
                             body_of(codec::to_wire(too_large.error())));
  }
  const Reply reply{
      .connection = connection.id, .correlation_id = correlation_id, .bytes = bytes.size()};
  connection.parked_bytes += bytes.size();
  if (alive) return release(reply, bytes);
  parked_.park(state_.sequence, reply, bytes);
}

void Pipeline::Implementation::announce(std::vector<Announcement> announcements) {
  for (Announcement& announcement : announcements) {
    if (!announcement.untold_plan_of.empty()) {
      overrule_untold_leader(announcement.untold_plan_of);
      continue;
    }
    const bool silent = announcement.body.type == wire::ServerBody::NONE;
    park(Push{.seat = announcement.seat,
              .bytes = silent ? std::string() : encode_push(announcement.body),
              .ends_seat = announcement.ends_seat,
              .revoking = std::move(announcement.revoking),
              .rebalance_timeout_ms = announcement.rebalance_timeout_ms,
              .plan_of = std::move(announcement.plan_of)});
  }
}

void Pipeline::Implementation::close(Connection& connection, const Rejection& reason) {
  connection.closing = true;
  wire::ClosingT closing;
  closing.error = std::make_unique<wire::ErrorT>(codec::to_wire(reason));
  park(Close{.connection = connection.id, .bytes = encode_push(body_of(std::move(closing)))});
}

void Pipeline::Implementation::durable() {
  release_parked();
  resume_paused();
  journal_.flush();  // what the resumed connections have asked meanwhile
}

void Pipeline::Implementation::release_parked() {
  parked_.release(journal_.durable_sequence(),
                  [this](auto&&... what) { release(std::forward<decltype(what)>(what)...); });
}

void Pipeline::Implementation::release(const Reply& reply, std::string_view bytes) {
  Connection* connection = find(reply.connection);
  if (connection == nullptr) return;
  connection->in_flight.erase(reply.correlation_id);
  connection->parked_bytes -= bytes.size();
  write(*connection, bytes);
}

void Pipeline::Implementation::release(Push push) {
  const Session* session = sessions_.find(push.seat);
  if (session != nullptr && session->connection != 0 && !push.bytes.empty()) {
    if (Connection* connection = find(session->connection)) write(*connection, push.bytes);
  }
  if (!push.revoking.empty()) {  // the deadline begins now, bound or not (§4 rule 4)
    sessions_.add_revocation(push.seat, {.due_ms = now_ms() + push.rebalance_timeout_ms,
                                         .tokens = std::move(push.revoking)});
  }
  if (!push.plan_of.empty()) wait_for_plan(push.plan_of);
  if (push.ends_seat) sessions_.end(push.seat);
}

void Pipeline::Implementation::wait_for_plan(const std::string& name) {
  const domain::Group* group = state_.group(name);
  // What was released may be a former round's, and the present one's on its way to the disk.
  if (group == nullptr || !group->request) return;
  if (group->request->sequence > journal_.durable_sequence()) return;
  leader_deadlines_.begin(name, now_ms());
}

void Pipeline::Implementation::release(const Bind& bind) {
  const bool open = find(bind.connection) != nullptr;
  sessions_.bind(bind.group, bind.seat, bind.incarnation, bind.settings, bind.connection, open,
                 now_ms());
}

void Pipeline::Implementation::release(const Close& close) {
  if (find(close.connection) == nullptr) return;
  sockets_.write(close.connection, close.bytes);
  sockets_.close(close.connection);
  disconnected(close.connection);
}

void Pipeline::Implementation::write(Connection& connection, std::string_view bytes) {
  if (sockets_.unsent_bytes(connection.id) + bytes.size() <= settings_.max_unsent_bytes) {
    return sockets_.write(connection.id, bytes);
  }
  if (connection.closing) return;
  // A slow reader: its peer must not make the server hold more (bounded).
  const auto reason =
      domain::refuse(ErrorCode::kSlowReader, "More than ", settings_.max_unsent_bytes,
                     " bytes wait to be read: connect again and read faster.");
  close(connection, reason.error());
}

void Pipeline::Implementation::resume_paused() {
  excuse_paused();
  for (const ConnectionId id : std::exchange(paused_, {})) {
    Connection* connection = find(id);
    if (connection == nullptr) continue;
    connection->paused = false;
    read_frames(*connection);  // may pause it again
    if (!connection->paused && !connection->closing) sockets_.resume_reading(id);
  }
}

}  // namespace muster::coordinator
