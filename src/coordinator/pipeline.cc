// The way of a request, from bytes to a parked reply. Read from top to bottom:
//
//   bytes → frame → request → command → decide → events + reply
//         → journal.stage(events) → fold → reply parked at its sequence
//
// turn.cc flushes the journal at the end of the turn; release.cc lets go what has become durable.

#include "coordinator/pipeline.h"

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/wire_view.h"
#include "coordinator/pipeline_implementation.h"
#include "coordinator/requests.h"
#include "domain/assert.h"
#include "domain/fold.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

using domain::refuse;

/// What gives room or ends work passes while the disk is nearly full.
bool uses_reserve(const domain::Command& command) {
  return std::holds_alternative<domain::ReleasePartitions>(command) ||
         std::holds_alternative<domain::LeaveGroup>(command) ||
         std::holds_alternative<domain::RemoveMember>(command) ||
         std::holds_alternative<domain::FencePartitions>(command);
}

std::unexpected<Rejection> refuse_storage_full(std::size_t bytes) {
  auto refused =
      refuse(ErrorCode::kStorageFull, "The journal's disk or map has no room for ", bytes,
             " bytes more: nothing was changed. Make room; it goes on by itself then.");
  refused.error().retry_after_ms = 1'000;
  return refused;
}

wire::CommitReplyT commit_reply(const domain::Decision& decision) {
  wire::CommitReplyT reply;
  reply.outcomes.resize(decision.commits.size());
  std::ranges::transform(decision.commits, reply.outcomes.begin(), [](domain::CommitOutcome one) {
    return static_cast<wire::CommitOutcome>(one);
  });
  return reply;
}

wire::ReleaseReplyT release_reply(const domain::Decision& decision) {
  wire::ReleaseReplyT reply;
  for (const domain::ReleaseOutcome& outcome : decision.releases) {
    auto result = std::make_unique<wire::ReleaseResultT>();
    result->released = outcome.released;
    result->ended = static_cast<wire::TokenEnd>(outcome.ended);
    result->commit = static_cast<wire::CommitOutcome>(outcome.commit);
    if (outcome.commit_error) {
      result->commit_error = std::make_unique<wire::ErrorT>(codec::to_wire(*outcome.commit_error));
    }
    reply.results.push_back(std::move(result));
  }
  return reply;
}

}  // namespace

void Pipeline::Implementation::received(ConnectionId id, std::string_view bytes) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->closing) return;
  sessions_.heard(id, now_ms());
  connection->frames.feed(bytes);
  read_frames(*connection);
}

void Pipeline::Implementation::read_frames(Connection& connection) {
  while (!connection.closing) {
    if (!may_read(connection)) {
      if (!std::exchange(connection.paused, true)) paused_.push_back(connection.id);
      sockets_.pause_reading(connection.id);
      return;
    }
    const auto frame = connection.frames.next();
    if (!frame) {
      const auto reason =
          refuse(ErrorCode::kFrameTooLarge, "A frame of ", frame.error().announced_bytes,
                 " bytes was announced: use 1 to ", frame.error().max_bytes, ".");
      return close(connection, reason.error());
    }
    const std::optional<std::string_view>& payload = *frame;
    if (!payload) return;
    handle_frame(connection, *payload);
  }
}

void Pipeline::Implementation::handle_frame(Connection& connection, std::string_view payload) {
  const auto request = codec::view_request(payload);
  if (!request) {
    const auto reason = refuse(ErrorCode::kMalformedRequest, request.error().message);
    return close(connection, reason.error());
  }
  const std::uint64_t correlation_id = (*request)->correlation_id();
  if (correlation_id == 0) {
    const auto reason =
        refuse(ErrorCode::kMalformedRequest,
               "The request has correlation id 0, which is for pushes: use another.");
    return close(connection, reason.error());
  }
  if (!connection.in_flight.insert(correlation_id)) {
    const auto reason =
        refuse(ErrorCode::kDuplicateCorrelationId, "Correlation id ", correlation_id,
               " belongs to a request that has no reply yet: number requests without doubles.");
    return close(connection, reason.error());
  }
  reply(connection, correlation_id, answer_request(connection, **request));
}

Answer Pipeline::Implementation::answer_request(Connection& connection,
                                                const wire::Request& request) {
  if (!connection.greeted && request.body_type() != wire::RequestBody::Hello) {
    return refuse(ErrorCode::kHelloRequired, "The first request of a connection must be hello.");
  }
  if (const auto* commit = request.body_as_Commit()) {
    return carry_out(command_of(*commit), connection);
  }
  wire::RequestBodyUnion body;
  body.type = request.body_type();
  body.value = wire::RequestBodyUnion::UnPack(request.body(), body.type, nullptr);
  if (auto command = command_of(body, connection)) {
    return carry_out(std::move(*command), connection);
  }
  switch (body.type) {
    case wire::RequestBody::Hello:
      return greet(connection, *body.AsHello());
    case wire::RequestBody::Heartbeat:
      return heartbeat(connection, *body.AsHeartbeat());
    case wire::RequestBody::Detach:
      return detach(connection, *body.AsDetach());
    case wire::RequestBody::Status:
      return status();
    case wire::RequestBody::ReportEnds:
      return report_ends(*body.AsReportEnds());
    case wire::RequestBody::DescribeTopic:
      return answer(view(), *body.AsDescribeTopic());
    case wire::RequestBody::ListTopics:
      return answer(view(), *body.AsListTopics());
    case wire::RequestBody::FetchOffsets:
      return answer(view(), *body.AsFetchOffsets());
    case wire::RequestBody::CheckFence:
      return answer(view(), *body.AsCheckFence());
    case wire::RequestBody::ListGroups:
      return answer(view(), *body.AsListGroups());
    case wire::RequestBody::DescribeGroup:
      return answer(view(), *body.AsDescribeGroup());
    case wire::RequestBody::ListMembers:
      return answer(view(), *body.AsListMembers());
    case wire::RequestBody::ListPartitions:
      return answer(view(), *body.AsListPartitions());
    case wire::RequestBody::Holdings:
      return answer(view(), *body.AsHoldings());
    case wire::RequestBody::ListEvents:
      return answer(view(), {history_, journal_.durable_sequence()}, *body.AsListEvents());
    default:
      return refuse(ErrorCode::kMalformedRequest, "The request is of type ",
                    static_cast<int>(body.type), ", which this server does not know.");
  }
}

Answer Pipeline::Implementation::carry_out(domain::Command&& command, Connection& connection) {
  note_facts(command, connection);
  const auto decision = execute(command, cause_of(command, connection));
  if (!decision) {
    note_refusal(command, decision.error());
    return std::unexpected(decision.error());
  }
  if (const auto* plan = std::get_if<domain::SubmitPlan>(&command)) {
    under_way_.end(plan->group);  // the leader was late, and yet the first
    const domain::Decision& decided = *decision;
    if (decided.rest) under_way_.go_on(*decided.rest, state_.sequence);
  }
  return reply_to(command, *decision, connection);
}

std::expected<domain::Decision, Rejection> Pipeline::Implementation::execute(
    const domain::Command& command, const domain::Cause& cause) {
  const domain::Now now{.wall_ms = clock_.wall_ms(), .limits = settings_.limits};
  auto decision =
      std::visit([&](const auto& one) { return domain::decide(state_, one, now); }, command);
  if (!decision || decision->events.empty()) return decision;

  absl::InlinedVector<domain::Event, 1> events;
  unit_.clear();
  for (domain::EventBody& body : std::exchange(decision->events, {})) {
    events.push_back({.time_ms = now.wall_ms, .cause = cause, .body = std::move(body)});
    unit_.append(events_.encode(events.back()));
  }
  if (!uses_reserve(command) && !journal_.has_room_for(unit_.bytes())) {
    return refuse_storage_full(unit_.bytes());
  }
  append(events, unit_);
  return decision;
}

void Pipeline::Implementation::append(std::span<const domain::Event> events,
                                      const journal::EncodedEvents& unit) {
  Announcements announcements(state_, settings_, awaiting_plan_);
  for (const domain::Event& event : events) {
    announcements.before(event);
    const auto folded = domain::fold(state_, state_.sequence + 1, event);
    MUSTER_ASSERT(folded.has_value());  // total-fold: decide makes only events that fold
    announcements.after(event);
    note_change(event);
  }
  journal_.stage(unit);
  announce(announcements.take());
}

// ---- the steps' parts ----------------------------------------------------------------------

bool Pipeline::Implementation::may_read(const Connection& connection) const {
  return connection.in_flight.size() < settings_.max_in_flight_requests &&
         journal_.pending_bytes() <= settings_.max_pending_journal_bytes &&
         connection.parked_bytes + sockets_.unsent_bytes(connection.id) <= most_unread_bytes();
}

/// Whether it is the peer itself that keeps us from reading on: it does not take what it asked for.
bool Pipeline::Implementation::reads_slowly(const Connection& connection) const {
  return sockets_.unsent_bytes(connection.id) > most_unread_bytes();
}

View Pipeline::Implementation::view() {
  return {.state = state_,
          .sessions = sessions_,
          .ends = ends_,
          .limits = settings_.limits,
          .max_frame_bytes = settings_.max_frame_bytes,
          .now_ms = now_ms(),
          .quiet_remaining_ms = quiet_remaining_ms()};
}

/// A wrong plan changes nothing, but its round is over: the coordinator plans itself.
void Pipeline::Implementation::note_refusal(const domain::Command& command,
                                            const Rejection& refused) {
  const auto* plan = std::get_if<domain::SubmitPlan>(&command);
  if (plan == nullptr || refused.code != ErrorCode::kInvalidPlan) return;
  overruled_[plan->group] =
      domain::sentence("leader '", plan->member_id, "' submitted a wrong plan. ", refused.message);
}

void Pipeline::Implementation::note_ends(const domain::CommitOffsets& commit) {
  for (const domain::CommitItem& item : commit.items) {
    if (item.start < 0 && item.end < 0) continue;
    ends_.report({.topic = state_.topic(item.topic)->id, .partition = item.partition},
                 {.start = item.start, .end = item.end});
  }
}

wire::OffsetsChangedReplyT Pipeline::Implementation::changed_reply(
    const std::string& group, const domain::Decision& decision) const {
  wire::OffsetsChangedReplyT reply;
  reply.changed = decision.changed;
  const domain::Group* known = state_.group(group);
  reply.pending = known != nullptr && known->reset.has_value() &&
                  (decision.begun != 0 || known->reset->sequence == state_.sequence);
  reply.sequence = decision.begun != 0 ? decision.begun : state_.sequence;
  if (decision.changed == 0) reply.sequence = 0;
  return reply;
}

void Pipeline::Implementation::note_facts(domain::Command& command, const Connection& connection) {
  const auto presence = [&](const auto& one) -> domain::Presence {
    const domain::Group* group = state_.group(one.group);
    const domain::Member* member = group == nullptr ? nullptr : group->member(one.member_id);
    if (member == nullptr) return {};
    return sessions_.presence(*member, connection.id, now_ms());
  };
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.presence; }) one.presence = presence(one);
      },
      command);
}

Answer Pipeline::Implementation::reply_to(const domain::Command& command,
                                          const domain::Decision& decision,
                                          const Connection& connection) {
  if (const auto* join = std::get_if<domain::JoinGroup>(&command)) {
    const domain::Group& group = *state_.group(join->group);
    const domain::Member& member = *group.member(join->member_id);
    sessions_.expect_binding(member.seat, connection.id);
    park(Bind{.connection = connection.id,
              .group = group.name,
              .seat = member.seat,
              .incarnation = member.incarnation,
              .settings = member.settings});
    if (group.request && group.request->leader == member.seat) reminders_.push_back(group.name);
    wire::JoinReplyT reply = join_reply(view(), group, member);
    if (reply.gathering && member.planned) awaiting_plan_.insert(member.seat);
    return body_of(std::move(reply));
  }
  if (const auto* commit = std::get_if<domain::CommitOffsets>(&command)) {
    note_ends(*commit);
    return body_of(commit_reply(decision));
  }
  if (const auto* erase = std::get_if<domain::DeleteOffsets>(&command)) {
    return body_of(changed_reply(erase->group, decision));
  }
  if (const auto* reset = std::get_if<domain::ResetOffsets>(&command)) {
    return body_of(changed_reply(reset->group, decision));
  }
  if (std::holds_alternative<domain::ReleasePartitions>(command)) {
    return body_of(release_reply(decision));
  }
  if (const auto* create = std::get_if<domain::CreateTopic>(&command)) {
    return body_of(topic_reply(state_, *state_.topic(create->name)));
  }
  if (const auto* expand = std::get_if<domain::ExpandTopic>(&command)) {
    return body_of(topic_reply(state_, *state_.topic(expand->name)));
  }
  return body_of(wire::DoneT());
}

}  // namespace muster::coordinator
