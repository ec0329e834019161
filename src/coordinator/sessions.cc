#include "coordinator/sessions.h"

#include <algorithm>
#include <utility>

#include "domain/assert.h"

namespace muster::coordinator {
namespace {

void take_settings(Session& session, const domain::MemberSettings& settings) {
  session.session_timeout_ms = settings.session_timeout_ms;
  session.disconnect_grace_ms = settings.disconnect_grace_ms;
  session.lease_ms = domain::lease_ms(settings);
}

}  // namespace

Session& Sessions::begin(SeatId seat, const std::string& group) {
  Session& session = sessions_[seat];
  if (session.group == nullptr) {
    auto& [name, sessions] = *groups_.try_emplace(group).first;
    session.group = &name;
    ++sessions;
  }
  return session;
}

void Sessions::start(const std::string& group, const domain::Member& member, std::uint64_t now_ms) {
  Session& session = begin(member.seat, group);
  session.incarnation = member.incarnation;
  session.since_ms = now_ms;
  take_settings(session, member.settings);
  queue_deadline(member.seat, session);
}

void Sessions::queue_deadline(SeatId seat, Session& session) {
  const std::uint64_t due_ms = deadline_ms(session);
  if (session.queued_ms != 0 && session.queued_ms <= due_ms) return;  // it is looked at in time
  session.queued_ms = due_ms;
  session_deadlines_.push({.due_ms = due_ms, .seat = seat});
}

void Sessions::expect_binding(SeatId seat, ConnectionId connection) {
  Expected& expected = expected_[seat];
  expected.connection = connection;
  ++expected.bindings;
}

void Sessions::bind(const std::string& group, SeatId seat, Incarnation incarnation,
                    const domain::MemberSettings& settings, ConnectionId connection, bool open,
                    std::uint64_t now_ms) {
  Session& session = begin(seat, group);
  unbind(seat, session);
  const auto expected = expected_.find(seat);
  if (expected != expected_.end() && --expected->second.bindings == 0) {
    expected_.erase(expected);
    if (expected_.empty()) expected_.rehash(0);  // a storm's memory is given back
  }
  session.incarnation = incarnation;
  session.since_ms = now_ms;
  session.connection = open ? connection : 0;
  session.connection_ended = !open;
  session.stalled_since_ms = 0;
  take_settings(session, settings);
  if (open) {
    auto& seats = bound_[connection].seats;
    const auto place = std::ranges::lower_bound(seats, seat);
    if (place == seats.end() || *place != seat) seats.insert(place, seat);
  }
  queue_deadline(seat, session);
}

void Sessions::unbind(SeatId seat, Session& session) {
  const auto bound = bound_.find(session.connection);
  session.connection = 0;
  if (bound == bound_.end()) return;
  auto& seats = bound->second.seats;
  const auto place = std::ranges::lower_bound(seats, seat);
  if (place != seats.end() && *place == seat) seats.erase(place);
}

void Sessions::detach(SeatId seat, std::uint64_t now_ms) {
  const auto found = sessions_.find(seat);
  if (found == sessions_.end() || found->second.connection == 0) return;
  Session& session = found->second;
  unbind(seat, session);
  session.connection_ended = true;
  session.since_ms = now_ms;
  queue_deadline(seat, session);
}

void Sessions::end(SeatId seat) {
  const auto found = sessions_.find(seat);
  if (found == sessions_.end()) return;
  unbind(seat, found->second);
  const auto group = groups_.find(*found->second.group);
  if (--group->second == 0) groups_.erase(group);
  forget_revocations(seat);
  sessions_.erase(found);
}

void Sessions::forget_revocations(SeatId seat) {
  revocations_.erase(seat);
  if (revocations_.empty()) revocations_.rehash(0);  // a storm's memory is given back
}

void Sessions::heard(ConnectionId connection, std::uint64_t now_ms) {
  const auto bound = bound_.find(connection);
  if (bound != bound_.end()) bound->second.heard_ms = now_ms;
}

void Sessions::disconnected(ConnectionId connection, std::uint64_t now_ms) {
  const auto bound = bound_.find(connection);
  if (bound == bound_.end()) return;
  const auto seats = std::exchange(bound->second.seats, {});
  for (const SeatId seat : seats) detach(seat, now_ms);
  bound_.erase(connection);
}

void Sessions::stalled(SeatId seat, std::uint64_t stalled_ms, std::uint64_t now_ms) {
  const auto found = sessions_.find(seat);
  if (found == sessions_.end()) return;
  // It may be before the clock began: then it wraps, and so does the difference to it.
  const std::uint64_t since_ms = std::max<std::uint64_t>(now_ms - stalled_ms, 1);
  found->second.stalled_since_ms = stalled_ms == 0 ? 0 : since_ms;
}

const Session* Sessions::find(SeatId seat) const {
  const auto found = sessions_.find(seat);
  return found == sessions_.end() ? nullptr : &found->second;
}

std::uint64_t Sessions::alive_ms(const Session& session) const {
  const auto bound = bound_.find(session.connection);
  if (bound == bound_.end()) return session.since_ms;
  return std::max(session.since_ms, bound->second.heard_ms);
}

std::uint64_t Sessions::deadline_ms(const Session& session) const {
  return alive_ms(session) +
         (session.connection_ended ? session.disconnect_grace_ms : session.session_timeout_ms);
}

domain::Presence Sessions::presence(const domain::Member& member, ConnectionId asking,
                                    std::uint64_t now_ms) const {
  const std::uint32_t lease_ms = domain::lease_ms(member.settings);
  const auto expected = expected_.find(member.seat);
  if (expected != expected_.end()) {  // its lease begins now
    return {.bound_here = expected->second.connection == asking, .lease_remaining_ms = lease_ms};
  }
  const Session* session = find(member.seat);
  MUSTER_ASSERT(session != nullptr);  // a seat has a session from its binding to its end
  const std::uint64_t lease_end_ms = alive_ms(*session) + session->lease_ms;
  return {.bound_here = session->connection == asking,
          .connection_ended = session->connection_ended,
          .lease_remaining_ms =
              static_cast<std::uint32_t>(lease_end_ms > now_ms ? lease_end_ms - now_ms : 0)};
}

void Sessions::add_revocation(SeatId seat, Revocation revocation) {
  if (!sessions_.contains(seat)) return;
  revocation_deadlines_.push({.due_ms = revocation.due_ms, .seat = seat});
  revocations_[seat].push_back(std::move(revocation));
}

std::optional<std::uint64_t> Sessions::revocation_remaining_ms(SeatId seat,
                                                               const domain::TokenRef& token,
                                                               std::uint64_t now_ms) const {
  const auto revocations = revocations_.find(seat);
  if (revocations == revocations_.end()) return std::nullopt;
  for (const Revocation& revocation : revocations->second) {
    const auto found =
        std::ranges::lower_bound(revocation.tokens, token.at, {}, &domain::TokenRef::at);
    if (found == revocation.tokens.end() || *found != token) continue;
    return revocation.due_ms > now_ms ? revocation.due_ms - now_ms : 0;
  }
  return std::nullopt;
}

void Sessions::mark_due(std::uint64_t now_ms) {
  while (!session_deadlines_.empty() && session_deadlines_.top().due_ms <= now_ms) {
    const Deadline deadline = session_deadlines_.top();
    session_deadlines_.pop();
    const auto found = sessions_.find(deadline.seat);
    if (found == sessions_.end() || found->second.queued_ms != deadline.due_ms) continue;
    Session& session = found->second;
    session.queued_ms = 0;
    if (session.marked_due) continue;
    if (deadline_ms(session) > now_ms) {
      queue_deadline(deadline.seat, session);
      continue;
    }
    session.marked_due = true;
    marked_.push_back(deadline.seat);
  }
}

std::vector<Sessions::Expiry> Sessions::expired(std::uint64_t now_ms,
                                                const std::function<bool(ConnectionId)>& drained) {
  std::vector<Expiry> expired;
  std::vector<SeatId> still_marked;
  for (const SeatId seat : std::exchange(marked_, {})) {
    const auto found = sessions_.find(seat);
    if (found == sessions_.end()) continue;
    Session& session = found->second;
    if (deadline_ms(session) > now_ms) {  // heard after all
      session.marked_due = false;
      queue_deadline(seat, session);
      continue;
    }
    still_marked.push_back(seat);
    if (expected_.contains(seat)) continue;  // it came back
    if (session.connection != 0 && !drained(session.connection)) continue;
    expired.push_back({.seat = seat,
                       .group = *session.group,
                       .reason = session.connection_ended ? domain::ExpiryReason::kDisconnect
                                                          : domain::ExpiryReason::kSilence});
  }
  marked_ = std::move(still_marked);
  mark_due(now_ms);
  return expired;
}

std::vector<Sessions::Overdue> Sessions::overdue_revocations(std::uint64_t now_ms) {
  std::vector<Overdue> overdue;
  while (!revocation_deadlines_.empty() && revocation_deadlines_.top().due_ms <= now_ms) {
    const SeatId seat = revocation_deadlines_.top().seat;
    revocation_deadlines_.pop();
    const auto found = revocations_.find(seat);
    if (found == revocations_.end()) continue;
    const std::string& group = *sessions_.at(seat).group;
    std::erase_if(found->second, [&](Revocation& revocation) {
      if (revocation.due_ms > now_ms) return false;
      overdue.push_back({.group = group, .tokens = std::move(revocation.tokens)});
      return true;
    });
    if (found->second.empty()) forget_revocations(seat);
  }
  return overdue;
}

std::optional<std::uint64_t> Sessions::next_due_ms() const {
  if (!marked_.empty()) return 0;
  std::optional<std::uint64_t> next;
  for (const Deadlines* deadlines : {&session_deadlines_, &revocation_deadlines_}) {
    if (deadlines->empty()) continue;
    const std::uint64_t due_ms = deadlines->top().due_ms;
    next = next ? std::min(*next, due_ms) : due_ms;
  }
  return next;
}

}  // namespace muster::coordinator
