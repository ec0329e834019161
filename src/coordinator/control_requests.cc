// Requests that are no commands and ask nothing of the folded state alone: hello, heartbeat,
// detach, status.

#include <algorithm>
#include <memory>
#include <utility>

#include "codec/event.h"
#include "coordinator/pipeline_implementation.h"
#include "domain/names.h"
#include "domain/offsets.h"
#include "domain/refuse.h"

namespace muster::coordinator {

using domain::refuse;

Answer Pipeline::Implementation::greet(Connection& connection, const wire::HelloT& hello) const {
  if (connection.greeted) {
    return refuse(ErrorCode::kMalformedRequest, "Hello was said already on this connection.");
  }
  if (auto refused = domain::refuse_name("client", hello.client_id, settings_.limits)) {
    return std::unexpected(*refused);
  }
  if (hello.oldest_version > codec::kNewestProtocolVersion ||
      hello.newest_version < codec::kOldestProtocolVersion ||
      hello.oldest_version > hello.newest_version) {
    return refuse(ErrorCode::kUnsupportedVersion, "The client speaks protocol versions ",
                  hello.oldest_version, " to ", hello.newest_version, ", this server ",
                  codec::kOldestProtocolVersion, " to ", codec::kNewestProtocolVersion,
                  ": use a client of another version.");
  }
  connection.greeted = true;
  connection.client_id = hello.client_id;
  wire::HelloReplyT reply;
  reply.version = std::min(hello.newest_version, codec::kNewestProtocolVersion);
  reply.journal_id = identity_.journal_id;
  reply.boot = identity_.boot;
  reply.server_version = identity_.version;
  reply.max_frame_bytes = static_cast<std::uint32_t>(settings_.max_frame_bytes);
  reply.max_in_flight = static_cast<std::uint32_t>(settings_.max_in_flight_requests);
  return body_of(std::move(reply));
}

/// The session was renewed when the bytes arrived; what is left is to say whether it exists. A
/// binding is released only when its join is durable, so who is bound here exists durably.
Answer Pipeline::Implementation::heartbeat(const Connection& connection,
                                           const wire::HeartbeatT& request) {
  const domain::Group* group = state_.group(request.group);
  if (group == nullptr) return domain::refuse_unknown_member(request.group, request.member_id);
  const domain::Member* member = group->member(request.member_id);
  const domain::TokenEnd ended = group->ended_incarnation(request.member_id, request.incarnation);
  if (ended != domain::TokenEnd::kNone) {
    return domain::refuse_ended(ended, request.group, request.member_id);
  }
  if (member == nullptr) return domain::refuse_unknown_member(request.group, request.member_id);
  if (member->incarnation != request.incarnation) {
    return domain::refuse_ended(domain::TokenEnd::kReplaced, request.group, request.member_id);
  }
  const Session* session = sessions_.find(member->seat);
  const bool bound_here = session != nullptr && session->connection == connection.id &&
                          session->incarnation == request.incarnation;
  if (!bound_here) return domain::refuse_not_bound(request.group, request.member_id);
  sessions_.stalled(member->seat, request.stalled_ms, now_ms());
  return body_of(wire::HeartbeatReplyT());
}

Answer Pipeline::Implementation::detach(const Connection& connection,
                                        const wire::DetachT& request) {
  const domain::Group* group = state_.group(request.group);
  const domain::Member* member = group == nullptr ? nullptr : group->member(request.member_id);
  if (member != nullptr && member->incarnation == request.incarnation) {
    const Session* session = sessions_.find(member->seat);
    if (session == nullptr || session->connection != connection.id) {
      return domain::refuse_not_bound(request.group, request.member_id);
    }
    sessions_.detach(member->seat, now_ms());
  }
  return body_of(wire::DoneT());
}

/// All of it counts, or nothing.
Answer Pipeline::Implementation::report_ends(const wire::ReportEndsT& request) {
  const Limits& limits = settings_.limits;
  if (request.items.empty() || request.items.size() > limits.items_per_request_max) {
    return refuse(request.items.empty() ? ErrorCode::kMalformedRequest : ErrorCode::kLimitReached,
                  "The report of ends names ", request.items.size(), " partitions: name 1 to ",
                  limits.items_per_request_max, " a request.");
  }
  std::vector<TopicPartition> places;
  for (const auto& item : request.items) {
    if (auto wrong = domain::refuse_name("topic", item->topic, limits)) {
      return std::unexpected(*wrong);
    }
    const domain::Topic* topic = state_.topic(item->topic);
    if (topic == nullptr) return domain::refuse_unknown_topic(item->topic);
    if (item->partition < 0 || item->partition >= topic->partition_count) {
      return domain::refuse_unknown_partition(*topic, item->partition);
    }
    if (auto wrong = domain::refuse_ends(item->topic, item->partition, item->start, item->end)) {
      return std::unexpected(*wrong);
    }
    places.push_back({.topic = topic->id, .partition = item->partition});
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    ends_.report(places[i], {.start = request.items[i]->start, .end = request.items[i]->end});
  }
  return body_of(wire::DoneT());
}

Answer Pipeline::Implementation::status() {
  wire::StatusReplyT reply;
  reply.version = identity_.version;
  reply.journal_id = identity_.journal_id;
  reply.boot = identity_.boot;
  reply.sequence = state_.sequence;
  reply.durable_sequence = journal_.durable_sequence();
  reply.state_digest = domain::digest_text(state_.digest);
  reply.topics = static_cast<std::uint32_t>(state_.topics.size());
  reply.groups = static_cast<std::uint32_t>(state_.groups.size());
  reply.members = static_cast<std::uint32_t>(state_.member_count);
  reply.connections = static_cast<std::uint32_t>(connections_.size());
  reply.uptime_ms = clock_.monotonic_ms() - started_ms_;
  reply.storage_full = journal_.storage_full();
  reply.quiet_remaining_ms = quiet_remaining_ms();
  reply.journal_bytes = journal_.file_bytes();
  if (const auto described = describe_journal(reply); !described) {
    return refuse(ErrorCode::kInternalError,
                  "The journal can't be read: ", described.error().message);
  }
  describe_limits(reply);
  return body_of(std::move(reply));
}

/// Under the names of the daemon's options, so that whoever reads one knows what to change.
void Pipeline::Implementation::describe_limits(wire::StatusReplyT& reply) const {
  const auto add = [&reply](const char* name, std::size_t most, std::int64_t used = -1) {
    auto limit = std::make_unique<wire::LimitInfoT>();
    limit->name = name;
    limit->most = most;
    limit->used = used;
    reply.limits.push_back(std::move(limit));
  };
  const Limits& limits = settings_.limits;
  const auto count = [](std::size_t used) { return static_cast<std::int64_t>(used); };
  add("max-connections", settings_.max_connections, count(connections_.size()));
  add("max-frame-bytes", settings_.max_frame_bytes);
  add("max-in-flight-requests", settings_.max_in_flight_requests);
  add("max-unsent-bytes", settings_.max_unsent_bytes);
  add("max-pending-journal-bytes", settings_.max_pending_journal_bytes,
      count(journal_.pending_bytes()));
  add("max-name-bytes", limits.name_bytes_max);
  add("max-commit-metadata-bytes", limits.commit_metadata_bytes_max);
  add("max-topics", limits.topics_max, count(state_.topics.size()));
  add("max-partitions-per-topic", static_cast<std::size_t>(limits.partitions_per_topic_max));
  add("max-groups", limits.groups_max, count(state_.groups.size()));
  add("max-members-per-group", limits.members_per_group_max);
  add("max-partitions-per-group", limits.partitions_per_group_max);
  add("max-topics-per-member", limits.topics_per_member_max);
  add("max-items-per-request", limits.items_per_request_max);
}

/// How far back the journal goes.
std::expected<void, journal::Error> Pipeline::Implementation::describe_journal(
    wire::StatusReplyT& reply) const {
  const auto header = history_.header();
  if (!header) return std::unexpected(header.error());
  const auto snapshots = history_.snapshots();
  if (!snapshots) return std::unexpected(snapshots.error());
  reply.first_sequence = header->first_sequence;
  if (!snapshots->empty()) {
    reply.snapshot_sequence = snapshots->back().sequence;
    reply.snapshot_time_ms = snapshots->back().time_ms;
  }
  const auto note_time = [&reply](Sequence, std::string_view bytes) {
    if (const auto event = codec::decode_event(bytes)) reply.first_time_ms = event->time_ms;
    return false;
  };
  const auto read = history_.read(header->first_sequence, header->first_sequence, note_time);
  // Trimmed in this moment: the next answer has the next one.
  if (!read && read.error().fault != journal::Fault::kMissing) return read;
  return {};
}

}  // namespace muster::coordinator
