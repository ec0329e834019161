// Getting, keeping and giving up the seat.
#include <algorithm>
#include <utility>

#include "client/src/session.h"
#include "client/src/session_request.h"
#include "domain/assert.h"

namespace muster {

// ---- the application's calls ------------------------------------------------------------------

void Session::join(std::uint64_t now_ms, CallId call) {
  observe(now_ms);
  if (standing_ == Standing::kLeaving) {
    answer(call,
           std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                      "The consumer is leaving the group \"" + options_.group +
                                          "\". Join again after leave_group has returned.")));
    return;
  }
  join_calls_.push_back(call);
  if (standing_ == Standing::kOut) {
    do incarnation_ = entropy_();
    while (incarnation_ == 0);
    standing_ = Standing::kSeeking;
    may_be_seated_ = false;
    ended_.reset();
    stall_ = Stall::kNone;
    unsubscribed_ = false;
    takeover_ = options_.takeover;
    join_attempt_at_ms_ = now_ms;
    backoff_.reset();
    if (connected_) last_refusal_ = {};
  }
  if (join_calls_.size() == 1) join_started_ms_ = now_ms;
  advance(now_ms);
}

void Session::leave(std::uint64_t now_ms, CallId call) {
  observe(now_ms);
  if (standing_ == Standing::kOut || standing_ == Standing::kLeaving) {
    answer(call, std::unexpected(make_error(ErrorCode::kNotJoined,
                                            "The consumer is not in the group \"" + options_.group +
                                                "\": nothing to "
                                                "leave.")));
    return;
  }
  answer_join_calls(std::unexpected(
      make_error(ErrorCode::kClosed, "leave_group was called while join_group waited.")));
  answer_subscribe(std::unexpected(
      make_error(ErrorCode::kClosed, "leave_group was called while subscribe waited.")));
  // Without a seat, and with no join that could have taken one, there is nothing to give up.
  const bool seat_possible = standing_ == Standing::kSeated || may_be_seated_;
  begin_stored_commits(now_ms, 0);
  while (!holdings_.all().empty()) holdings_.release(holdings_.all().begin()->first, {});
  standing_ = Standing::kLeaving;
  paused_ = false;
  stall_ = Stall::kNone;
  listing_.reset();
  leave_call_ = {.id = call, .gives_up_at_ms = now_ms + options_.call_timeout_ms};
  tell_end(NoticeKind::kLeft,
           make_error(ErrorCode::kClosed, "The consumer has left the group \"" + options_.group +
                                              "\" by leave_group. Join it again to go on."));
  if (!seat_possible) finish_leave({});
  advance(now_ms);
}

Error closed_consumer() {
  return make_error(ErrorCode::kClosed,
                    "The consumer was closed. Make a new one to join the group again.");
}

void Session::close(std::uint64_t now_ms) {
  observe(now_ms);
  if (connected_ && (bound_ || in_flight(RequestKind::kJoin))) {
    request(now_ms, RequestKind::kDetach, speaking_as_member<wire::DetachT>());
  }
  const auto closed = std::unexpected(closed_consumer());
  answer_join_calls(closed);
  answer_subscribe(closed);
  if (leave_call_) answer(leave_call_->id, closed);
  leave_call_.reset();
  for (const auto& [id, commit] : commits_) {
    if (id < kFirstOwnCall) answer(id, closed);
  }
  commits_.clear();
  for (const auto& [id, stored] : stored_calls_) answer(id, closed);
  stored_calls_.clear();
  while (!holdings_.all().empty()) holdings_.release(holdings_.all().begin()->first, {});
  standing_ = Standing::kOut;
  stall_ = Stall::kNone;
  ended_ = closed.error();
  unbind();
  tell_end(NoticeKind::kLeft, closed.error());
}

void Session::finish_leave(std::expected<void, Error> outcome) {
  if (standing_ != Standing::kLeaving) return;
  MUSTER_ASSERT(leave_call_.has_value());
  answer(leave_call_->id, std::move(outcome));
  leave_call_.reset();
  standing_ = Standing::kOut;
  unbind();
}

// ---- joining and resuming ---------------------------------------------------------------------

/// A seat is not sought for nothing: who has lost it while he stands by waits until he wants
/// something.
bool Session::wants_to_join() const {
  switch (standing_) {
    case Standing::kOut:
      return false;
    case Standing::kSeeking:
      return !stands_by() || subscribe_call_.has_value();
    case Standing::kSeated:
      return !bound_ || resync_ || subscribe_call_.has_value() ||
             stands_by() != subscribed_nothing_;
    case Standing::kLeaving:
      return !bound_;
  }
  return false;
}

void Session::send_join(std::uint64_t now_ms) {
  auto join = speaking_as_member<wire::JoinT>();
  join.resume = standing_ != Standing::kSeeking;
  may_be_seated_ = true;
  join.takeover = !join.resume && takeover_;
  join.named = named_;
  InFlight details;
  if (subscribe_call_) {
    join.topics = subscribe_call_->topics;
    join.patterns = subscribe_call_->patterns;
    details.call = subscribe_call_->id;
  } else if (!stands_by()) {
    join.topics = options_.topics;
    join.patterns = options_.patterns;
  }
  details.stands_by = join.topics.empty() && join.patterns.empty();
  join.metadata = {options_.metadata.begin(), options_.metadata.end()};
  join.computes_plans = options_.computes_plans;
  join.session_timeout_ms = options_.session_timeout_ms;
  join.disconnect_grace_ms = options_.disconnect_grace_ms;
  join.rebalance_timeout_ms = options_.rebalance_timeout_ms;
  resync_ = false;
  request(now_ms, RequestKind::kJoin, std::move(join), std::move(details));
}

bool Session::joined(std::uint64_t now_ms, const InFlight& sent, const wire::JoinReplyT& reply) {
  if (standing_ == Standing::kOut) return true;  // join_group gave up, and has sent a leave
  subscription_accepted(sent);
  bound_ = true;
  subscribed_nothing_ = sent.stands_by;
  backoff_.reset();
  refused_since_ms_ = 0;
  if (standing_ == Standing::kLeaving) return true;
  if (standing_ == Standing::kSeeking) {
    standing_ = Standing::kSeated;
    paused_ = false;
    progressed_at_ms_ = now_ms;  // its time begins
    takeover_ = false;           // on the operator's word, once: not when the seat is lost later
    settles_by_ms_ = now_ms + reply.rebalance_timeout_ms + reply.quiet_remaining_ms;
    if (reply.quiet_remaining_ms > 0) wait_for_quiet_time(reply.quiet_remaining_ms);
  }
  lease_.begin(reply.lease_ms, sent.sent_at_ms);
  heartbeat_interval_ms_ =
      reply.heartbeat_interval_ms > 0 ? reply.heartbeat_interval_ms : reply.lease_ms / 3;
  next_heartbeat_ms_ = stall_ == Stall::kNone ? sent.sent_at_ms + heartbeat_interval_ms_ : now_ms;
  generation_ = reply.generation;
  leader_ = reply.leader;
  gathering_ = reply.gathering;
  pending_ = reply.pending;
  listing_.emplace();
  return list(now_ms, reply);
}

/// Whether a refusal says how the seat is, and not what is wrong with the request.
bool Session::speaks_of_seat(const Error& why) {
  return why.code == ErrorCode::kUnknownMember || why.code == ErrorCode::kFenced ||
         why.code == ErrorCode::kMemberRemoved || why.code == ErrorCode::kNotBound;
}

void Session::wait_for_quiet_time(std::uint32_t remaining_ms) {
  notices_.push_back(
      {.kind = NoticeKind::kWaiting,
       .why = make_error(ErrorCode::kQuietTime,
                         "Group \"" + options_.group +
                             "\": the server was restored from a backup and assigns nothing for " +
                             std::to_string((remaining_ms + 999) / 1'000) +
                             " s more, until no worker of the time before can still be at work.")});
}

void Session::join_refused(std::uint64_t now_ms, const InFlight& sent, const Error& why) {
  if (standing_ == Standing::kOut || subscription_refused(now_ms, sent, why)) return;
  const bool is_change = sent.stands_by != subscribed_nothing_ && !speaks_of_seat(why);
  if (standing_ == Standing::kSeated && is_change && (bound_ || !why.retriable)) {
    change_refused(now_ms, why);
    return;
  }
  if (standing_ == Standing::kSeated || standing_ == Standing::kLeaving) {
    // A limit that the seat no longer meets, as after a restart with another configuration, would
    // refuse every resume.
    const bool hopeless =
        why.code == ErrorCode::kInvalidTimeout || why.code == ErrorCode::kInvalidName ||
        why.code == ErrorCode::kLimitReached || why.code == ErrorCode::kMalformedRequest;
    if (hopeless && standing_ == Standing::kSeated) {
      end(why);
    } else {
      seat_refused(now_ms, why);
    }
    return;
  }
  may_be_seated_ = false;
  const bool repeated = last_refusal_.code == why.code;
  last_refusal_ = why;
  if (why.code == ErrorCode::kUnknownMember) {  // to a resume, overtaken by the news
    join_attempt_at_ms_ = now_ms + backoff_.next_ms();
    return;
  }
  const bool in_use = why.code == ErrorCode::kMemberIdInUse;
  if (in_use && refused_since_ms_ == 0) refused_since_ms_ = now_ms;
  const bool held_too_long =
      in_use && join_calls_.empty() && now_ms - refused_since_ms_ >= options_.join_timeout_ms;
  if (why.retriable && !held_too_long) {
    if (!repeated) notices_.push_back({.kind = NoticeKind::kWaiting, .why = why});
    try_again(now_ms, why);
  } else if (!join_calls_.empty()) {
    fail_join(now_ms, why);
  } else {
    end(why);
  }
}

/// To stand by, or to take part again. The seat is well, and its former subscription holds; but
/// what it wants, as a topic that was deleted meanwhile, it can't have.
void Session::change_refused(std::uint64_t now_ms, const Error& why) {
  if (why.retriable) {
    try_again(now_ms, why);
    return;
  }
  request(now_ms, RequestKind::kLeave, speaking_as_member<wire::LeaveT>());
  end(why);
}

/// A request in the seat's name was refused.
void Session::seat_refused(std::uint64_t now_ms, const Error& why) {
  const bool gone = why.code == ErrorCode::kUnknownMember;
  const bool for_good = why.code == ErrorCode::kFenced || why.code == ErrorCode::kMemberRemoved;
  if (standing_ == Standing::kLeaving) {
    // No seat, no need to leave it.
    if (gone || for_good) {
      finish_leave({});
    } else {
      unbind();
      try_again(now_ms, why);
    }
    return;
  }
  if (standing_ != Standing::kSeated) return;
  if (for_good) {
    end(why);
  } else if (gone) {
    expired(now_ms);
  } else {
    // NOT_BOUND, or something that a resume will clear up or meet again.
    unbind();
    if (why.code != ErrorCode::kNotBound) try_again(now_ms, why);
  }
}

void Session::try_again(std::uint64_t now_ms, const Error& why) {
  const std::uint64_t wait_ms = backoff_.next_ms();
  // The holder of a name may leave before its lease ends, so its retry_after is the longest wait
  // that can be needed and not the shortest that makes sense.
  const bool in_use = why.code == ErrorCode::kMemberIdInUse;
  join_attempt_at_ms_ = now_ms + (in_use && why.retry_after_ms > 0
                                      ? std::min<std::uint64_t>(wait_ms, why.retry_after_ms)
                                      : std::max<std::uint64_t>(wait_ms, why.retry_after_ms));
}

// ---- how a seat ends, or sleeps ---------------------------------------------------------------

/// The coordinator may already count this member out: no new work and no commits before it has
/// confirmed what is still held.
void Session::lapse() {
  unbind();
  if (paused_) return;
  paused_ = true;
  if (stall_ != Stall::kNone) return;  // which has paused everything already
  for (const auto& [key, held] : holdings_.all()) notify(NoticeKind::kPaused, key, held);
}

void Session::unbind() {
  bound_ = false;
  resync_ = false;
  listing_.reset();
  to_release_.clear();  // the resume's listing tells which are still to be released
  forget_plan();        // the resume is followed by another request, if it still stands
}

void Session::lose_everything() {
  while (!holdings_.all().empty()) {
    const auto& [key, held] = *holdings_.all().begin();
    lose(PartitionKey(key), held.fence);
  }
}

/// The coordinator does not know the member any more: all is lost, and it joins again.
void Session::expired(std::uint64_t now_ms) {
  unbind();
  if (standing_ == Standing::kLeaving) finish_leave({});
  if (standing_ != Standing::kSeated) return;
  lose_everything();
  if (stall_ != Stall::kNone) stall_ = Stall::kGivingUp;  // it wants no seat before it goes on
  standing_ = Standing::kSeeking;
  may_be_seated_ = false;
  paused_ = false;
  gathering_ = false;
  pending_ = 0;
  join_attempt_at_ms_ = now_ms;
}

/// The membership ended for good: this incarnation does not come back.
void Session::end(const Error& why) {
  unbind();
  lose_everything();
  standing_ = Standing::kOut;
  paused_ = false;
  stall_ = Stall::kNone;
  ended_ = why;
  answer_join_calls(std::unexpected(why));
  answer_subscribe(std::unexpected(why));
  tell_end(NoticeKind::kEnded, why);
}

void Session::tell_end(NoticeKind kind, const Error& why) {
  notices_.push_back({.kind = kind, .why = why, .incarnation = incarnation_});
}

// ---- join_group's answer ----------------------------------------------------------------------

void Session::answer_join_calls(const std::expected<void, Error>& outcome) {
  for (const CallId call : join_calls_) answer(call, outcome);
  join_calls_.clear();
}

void Session::fail_join(std::uint64_t now_ms, const Error& why) {
  // A join that is still unanswered may be granted: its leave follows it on the connection.
  if (connected_ && in_flight(RequestKind::kJoin)) {
    request(now_ms, RequestKind::kLeave, speaking_as_member<wire::LeaveT>());
  }
  unbind();
  standing_ = Standing::kOut;
  answer_join_calls(std::unexpected(why));
  answer_subscribe(std::unexpected(why));
}

std::uint64_t Session::connection_awaited_until_ms() const {
  return std::max(join_started_ms_, disconnected_at_ms_) + options_.call_timeout_ms;
}

void Session::check_join(std::uint64_t now_ms) {
  if (join_calls_.empty()) return;
  if (standing_ == Standing::kSeeking && stands_by() && !subscribe_call_) {
    answer_join_calls({});  // it wants no seat before it wants a partition
    return;
  }
  if (standing_ == Standing::kSeated) {
    const bool settled = !gathering_ && pending_ == 0 && !listing_ && !paused_;
    if (settled || now_ms >= settles_by_ms_) answer_join_calls({});
    return;
  }
  const bool hopeless = !last_refusal_.message.empty() && !last_refusal_.retriable;
  if (!connected_ && hopeless) {  // as with a server of another protocol version
    fail_join(now_ms, last_refusal_);
  } else if (!connected_ && now_ms >= connection_awaited_until_ms()) {
    fail_join(now_ms, make_error(ErrorCode::kUnavailable, "Joining the group \"" + options_.group +
                                                              "\": no server " + "answers. " +
                                                              last_refusal_.message));
  } else if (now_ms >= join_started_ms_ + options_.join_timeout_ms) {
    fail_join(now_ms, last_refusal_.message.empty()
                          ? make_error(ErrorCode::kTimedOut,
                                       "Joining the group \"" + options_.group +
                                           "\" was not answered in time. Try again, or raise "
                                           "join_timeout.")
                          : last_refusal_);
  }
}

}  // namespace muster
