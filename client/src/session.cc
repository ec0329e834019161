#include "client/src/session.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "client/src/session_request.h"
#include "client/src/wire_error.h"
#include "domain/assert.h"

namespace muster {
namespace {

std::string random_member_id(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = "member-";
  for (int shift = 60; shift >= 0; shift -= 4) id.push_back(kDigits[(number >> shift) & 0xf]);
  return id;
}

}  // namespace

Session::Session(SessionOptions options, Entropy entropy)
    : options_(std::move(options)),
      named_(!options_.member_id.empty()),
      entropy_(std::move(entropy)),
      backoff_(entropy_) {
  if (!named_) options_.member_id = random_member_id(entropy_());
}

// ---- inputs -----------------------------------------------------------------------------------

void Session::connected(std::uint64_t now_ms, const std::string& journal_id) {
  observe(now_ms);
  connected_ = true;
  const bool another_journal = !journal_id_.empty() && journal_id_ != journal_id;
  journal_id_ = journal_id;
  // Tokens, seats and offsets of another journal mean nothing here: start anew.
  if (another_journal) {
    expired(now_ms);
    holdings_.forget_ended();
    while (!commits_.empty()) {
      commit_answered(now_ms, commits_.begin()->first,
                      std::unexpected(make_error(
                          ErrorCode::kFenced,
                          "The commit belongs to another journal than the server's: its "
                          "partitions are lost. Fetch the committed offsets and start anew.")));
    }
  }
  advance(now_ms);
}

void Session::disconnected(std::uint64_t now_ms, const Error& why) {
  observe(now_ms);
  if (connected_) disconnected_at_ms_ = now_ms;
  connected_ = false;
  last_refusal_ = why;
  requests_.clear();
  in_flight_.clear();
  unbind();
  for (auto& [id, commit] : commits_) commit.in_flight = false;
  advance(now_ms);
}

bool Session::received(std::uint64_t now_ms, RequestId id, const wire::ServerBodyUnion& reply) {
  observe(now_ms);
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return true;  // its call gave up
  const InFlight sent = std::move(found->second);
  in_flight_.erase(found);
  const bool speaks_of_the_seat = sent.kind != RequestKind::kCommit;
  if (speaks_of_the_seat && sent.incarnation != incarnation_) return true;

  bool makes_sense = true;
  if (const wire::ErrorT* refusal = reply.AsError()) {
    const bool of_an_earlier_seat = speaks_of_the_seat && id < seated_by_;
    if (!of_an_earlier_seat) makes_sense = on_refusal(now_ms, sent, from_wire(*refusal));
  } else {
    if (sent.kind == RequestKind::kJoin) seated_by_ = id;
    makes_sense = on_reply(now_ms, sent, reply);
  }
  advance(now_ms);
  return makes_sense;
}

bool Session::on_reply(std::uint64_t now_ms, const InFlight& sent,
                       const wire::ServerBodyUnion& reply) {
  switch (sent.kind) {
    case RequestKind::kJoin:
      return reply.AsJoinReply() != nullptr && joined(now_ms, sent, *reply.AsJoinReply());
    case RequestKind::kHoldings:
      if (reply.AsJoinReply() == nullptr) return false;
      lease_.renew(sent.sent_at_ms);
      return list(now_ms, *reply.AsJoinReply());
    case RequestKind::kHeartbeat:
      if (reply.AsHeartbeatReply() == nullptr) return false;
      lease_.renew(sent.sent_at_ms);
      return true;
    case RequestKind::kRelease:
      if (reply.AsReleaseReply() == nullptr) return false;
      lease_.renew(sent.sent_at_ms);
      releases_answered(sent, *reply.AsReleaseReply());
      return true;
    case RequestKind::kCommit:
      if (reply.AsCommitReply() == nullptr) return false;
      commit_answered(now_ms, sent.call, {});
      return true;
    case RequestKind::kLeave:
      finish_leave({});
      return reply.AsDone() != nullptr;
    case RequestKind::kDetach:
      return reply.AsDone() != nullptr;
    case RequestKind::kSubmitPlan:
      if (reply.AsDone() == nullptr) return false;
      lease_.renew(sent.sent_at_ms);
      return true;
  }
  return false;
}

bool Session::on_refusal(std::uint64_t now_ms, const InFlight& sent, const Error& why) {
  switch (sent.kind) {
    case RequestKind::kJoin:
      join_refused(now_ms, sent, why);
      break;
    case RequestKind::kSubmitPlan:
      plan_refused(now_ms, why);
      break;
    case RequestKind::kCommit:
      // A server that stops refuses what the next one will take: it goes out again on the next
      // connection, until its time is up.
      if (why.code != ErrorCode::kShuttingDown) {
        commit_refused(now_ms, sent.call, why);
      }
      break;
    case RequestKind::kDetach:
      break;  // the seat is gone or not ours: nothing to keep
    case RequestKind::kHoldings:
    case RequestKind::kHeartbeat:
    case RequestKind::kRelease:
    case RequestKind::kLeave:
      seat_refused(now_ms, why);
      break;
  }
  return true;
}

void Session::pushed(std::uint64_t now_ms, const wire::ServerBodyUnion& push) {
  observe(now_ms);
  if (standing_ != Standing::kSeated) return;
  const auto names_this = [this](const auto* body) {
    return body != nullptr && body->incarnation == incarnation_ && body->group == options_.group &&
           body->member_id == options_.member_id;
  };
  if (names_this(push.AsAssigned())) assigned(*push.AsAssigned());
  if (names_this(push.AsRevoke())) revoked(*push.AsRevoke());
  if (names_this(push.AsLost())) lost(now_ms, *push.AsLost());
  if (names_this(push.AsPlanWanted())) plan_wanted(*push.AsPlanWanted());
  advance(now_ms);
}

// ---- time -------------------------------------------------------------------------------------

/// First in every input: nothing is acted on under a lease that is lapsed.
void Session::observe(std::uint64_t now_ms) {
  if (standing_ == Standing::kSeated && !paused_ && lease_.lapsed(now_ms)) lapse();
  check_progress(now_ms);
}

void Session::advance(std::uint64_t now_ms) {
  observe(now_ms);
  for (const PartitionKey& key : holdings_.overdue(now_ms)) {
    lose(key, holdings_.held(key)->fence);
  }
  commit_automatically(now_ms);
  give_up_commits(now_ms);
  give_up_subscribe(now_ms);
  if (leave_call_ && now_ms >= leave_call_->gives_up_at_ms) {
    if (bound_ && !in_flight(RequestKind::kLeave)) {  // it waited for a last commit
      request(now_ms, RequestKind::kLeave, speaking_as_member<wire::LeaveT>());
    }
    finish_leave(std::unexpected(
        make_error(ErrorCode::kTimedOut,
                   "Leaving the group \"" + options_.group +
                       "\" was not answered in time. The coordinator "
                       "may keep the seat until the session ends; nothing needs to be done.")));
  }
  check_join(now_ms);
  pump(now_ms);
}

std::uint64_t Session::next_deadline_ms() const {
  std::uint64_t next = holdings_.next_release_by_ms();
  const auto due = [&next](bool applies, std::uint64_t at_ms) {
    if (applies) next = std::min(next, at_ms);
  };
  const bool seated = standing_ == Standing::kSeated;
  due(seated && !paused_, lease_.lapses_at_ms());
  due(seated && bound_, next_heartbeat_ms_);
  due(seated && stall_ == Stall::kNone && may_stall(), stalls_at_ms());
  due(seated && stall_ == Stall::kPaused, gives_up_at_ms());
  due(true, auto_commit_at_ms_);
  due(connected_ && wants_to_join() && !in_flight(RequestKind::kJoin), join_attempt_at_ms_);
  if (!join_calls_.empty()) {
    due(seated, settles_by_ms_);
    due(!seated, join_started_ms_ + options_.join_timeout_ms);
    due(!seated && !connected_, connection_awaited_until_ms());
  }
  due(leave_call_.has_value(), leave_call_ ? leave_call_->gives_up_at_ms : 0);
  due(subscribe_call_.has_value(), subscribe_call_ ? subscribe_call_->gives_up_at_ms : 0);
  for (const auto& [id, commit] : commits_) due(true, commit.gives_up_at_ms);
  return next;
}

/// Sends what this moment calls for. Commits go before the release that ends their token.
void Session::pump(std::uint64_t now_ms) {
  if (!connected_) return;
  const bool may_join = now_ms >= join_attempt_at_ms_ && !in_flight(RequestKind::kJoin);
  if (wants_to_join() && may_join) send_join(now_ms);
  if (!bound_) return;
  if (!paused_) send_commits(now_ms);
  // Behind its last commits: with the seat the tokens end under which they are made.
  const bool may_leave = !own_commits_under_way() && !in_flight(RequestKind::kLeave);
  if (standing_ == Standing::kLeaving && may_leave) {
    request(now_ms, RequestKind::kLeave, speaking_as_member<wire::LeaveT>());
  }
  if (standing_ != Standing::kSeated) return;
  send_releases(now_ms);
  if (now_ms < next_heartbeat_ms_) return;
  auto beat = speaking_as_member<wire::HeartbeatT>();
  if (stall_ != Stall::kNone)
    beat.stalled_ms = std::max<std::uint64_t>(now_ms - progressed_at_ms_, 1);
  request(now_ms, RequestKind::kHeartbeat, std::move(beat));
  next_heartbeat_ms_ = now_ms + heartbeat_interval_ms_;
}

std::uint64_t Session::patience_ms() const {
  // Not less than a slow disk may take over a reply, however short the lease is.
  constexpr std::uint64_t kLeastMs = 1'000;
  return lease_.lease_ms() == 0 ? kNever : std::max<std::uint64_t>(lease_.lease_ms(), kLeastMs);
}

bool Session::in_flight(RequestKind kind) const {
  return std::ranges::any_of(in_flight_, [this, kind](const auto& each) {
    return each.second.kind == kind && each.second.incarnation == incarnation_;
  });
}

void Session::answer(CallId call, std::expected<void, Error> outcome) {
  outcomes_.push_back({.call = call, .outcome = std::move(outcome)});
}

void Session::notify(NoticeKind kind, const PartitionKey& key, const Held& held) {
  notices_.push_back({.kind = kind,
                      .at = key,
                      .fence = held.fence,
                      .committed = held.committed,
                      .release_by_ms = held.release_by_ms,
                      .why = {}});
}

}  // namespace muster
