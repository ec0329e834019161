// Joining, coming back, being put out, and leaving.
#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

constexpr CallId kJoin = Conversation::kJoinCall;

RequestId begin_join(Conversation& c) {
  c.connect();
  c.session.join(c.now_ms, kJoin);
  c.collect();
  return c.take<wire::JoinT>().first;
}

TEST_CASE("join_group returns at once when nothing is to be waited for") {
  Conversation c;
  c.reply(begin_join(c), join_reply());
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("join_group waits while the plan gathers and while its share is pending") {
  Conversation c;
  const RequestId join = begin_join(c);
  auto reply = join_reply();
  reply.gathering = true;
  c.reply(join, std::move(reply));
  CHECK_FALSE(c.outcome(kJoin));
  c.push_assigned({{.partition = 0, .fence = 5}}, 1);
  CHECK_FALSE(c.outcome(kJoin));
  c.push_assigned({{.partition = 1, .fence = 6}}, 0);
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("join_group returns when the rebalance deadline passed") {
  Conversation c;
  const RequestId join = begin_join(c);
  auto reply = join_reply();
  reply.pending = 3;
  reply.lease_ms = 120'000;
  reply.heartbeat_interval_ms = 40'000;
  c.reply(join, std::move(reply));
  c.run_until(kStartMs + kRebalanceMs - 1);
  CHECK_FALSE(c.outcome(kJoin));
  c.pass(1);
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("a join whose answer was lost is sent again under the same incarnation") {
  Conversation c;
  begin_join(c);
  const Incarnation incarnation = c.session.incarnation();
  c.disconnect();
  c.connect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK_FALSE(join.resume);
  CHECK(join.incarnation == incarnation);
}

TEST_CASE("a name in use is asked for again, no later than the server says") {
  Conversation c;
  c.reply(begin_join(c), refusal(ErrorCode::kMemberIdInUse, 60));
  CHECK_FALSE(c.outcome(kJoin));
  CHECK(c.take_notices() == Notices{NoticeKind::kWaiting});
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.run_until(kStartMs + 60);
  const auto again = c.take<wire::JoinT>();
  CHECK_FALSE(again.second.resume);
  c.reply(again.first, join_reply());
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("a name that stays in use is an error after the join timeout") {
  Conversation c;
  RequestId join = begin_join(c);
  while (!c.outcome(kJoin)) {
    c.reply(join, refusal(ErrorCode::kMemberIdInUse, 20'000));
    c.run_until(std::min(c.session.next_deadline_ms(), c.now_ms + 2'000));
    if (auto next = c.take_if_any<wire::JoinT>()) join = next->first;
    REQUIRE(c.now_ms <= kStartMs + 95'000);
  }
  CHECK(c.code(kJoin) == ErrorCode::kMemberIdInUse);
  CHECK(c.now_ms >= kStartMs + 90'000);
  CHECK(c.take_notices() == Notices{NoticeKind::kWaiting});  // said once
}

TEST_CASE("a quiet time after a restore is said, and the join waits for its end and for a plan") {
  Conversation c;
  auto reply = join_reply();
  reply.gathering = true;
  reply.rebalance_timeout_ms = 1'000;
  reply.quiet_remaining_ms = 30'000;
  c.reply(begin_join(c), std::move(reply));
  CHECK(c.take_notices() == Notices{NoticeKind::kWaiting});
  c.pass(1'000);
  CHECK_FALSE(c.outcome(kJoin));
  c.push_assigned({{.partition = 0, .fence = 7}});
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("a full disk is waited out") {
  Conversation c;
  c.reply(begin_join(c), refusal(ErrorCode::kStorageFull));
  c.pass(2'000);
  c.reply(c.take<wire::JoinT>().first, join_reply());
  CHECK(c.code(kJoin) == ErrorCode::kNone);
}

TEST_CASE("a refusal that no retry can help is the answer") {
  Conversation c;
  c.reply(begin_join(c), refusal(ErrorCode::kInvalidName));
  CHECK(c.code(kJoin) == ErrorCode::kInvalidName);
  CHECK_FALSE(c.session.is_active());
}

TEST_CASE("without any server join_group fails after the call timeout") {
  Conversation c;
  c.session.join(c.now_ms, kJoin);
  c.collect();
  c.run_until(kStartMs + 5'000);
  CHECK(c.code(kJoin) == ErrorCode::kUnavailable);
}

TEST_CASE("a join that gave up takes back the seat it may still get") {
  SessionOptions options = Conversation::default_options();
  options.join_timeout_ms = 1'000;
  Conversation c(options);
  const RequestId join = begin_join(c);
  c.pass(1'000);
  CHECK(c.code(kJoin) == ErrorCode::kTimedOut);
  CHECK(c.sent<wire::LeaveT>());
  c.reply(join, join_reply({{.partition = 0, .fence = 7}}));
  CHECK_FALSE(c.holds(0));
}

TEST_CASE("takeover is asked for once") {
  SessionOptions options = Conversation::default_options();
  options.takeover = true;
  Conversation c(options);
  c.connect();
  c.session.join(c.now_ms, kJoin);
  c.collect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.takeover);
  c.reply(id, join_reply());
  c.pass(kHeartbeatMs);
  c.reply(c.take<wire::HeartbeatT>().first, refusal(ErrorCode::kUnknownMember));
  CHECK_FALSE(c.take<wire::JoinT>().second.takeover);
}

TEST_CASE("a member that the server does not know any more loses all and joins again") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  c.reply(c.take<wire::HeartbeatT>().first, refusal(ErrorCode::kUnknownMember));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK_FALSE(join.resume);
  c.reply(id, join_reply({{.partition = 0, .fence = 9}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned});
}

TEST_CASE("a refusal of an earlier seat does not end the new one") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  const RequestId first = c.take<wire::HeartbeatT>().first;
  c.pass(kHeartbeatMs);
  const RequestId second = c.take<wire::HeartbeatT>().first;
  c.reply(first, refusal(ErrorCode::kUnknownMember));
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 9}}));
  c.take_notices();
  c.reply(second, refusal(ErrorCode::kUnknownMember));
  CHECK(c.holds(0));
  CHECK(c.take_notices().empty());
}

TEST_CASE("a replaced incarnation is told, and does not come back") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kFenced));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kEnded});
  c.pass(60'000);
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.commit(5, 0, 10);
  CHECK(c.code(5) == ErrorCode::kFenced);
}

TEST_CASE("a resume that can't ever succeed ends the membership") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kInvalidTimeout));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kEnded});
}

TEST_CASE("a removed member is told, and does not come back") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_lost(0, 7, wire::TokenEnd::removed, true);
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kEnded});
  c.pass(60'000);
  CHECK_FALSE(c.sent<wire::JoinT>());
}

TEST_CASE(
    "a removed member that missed the news learns it from its heartbeat, and does not come back") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  c.reply(c.take<wire::HeartbeatT>().first, refusal(ErrorCode::kMemberRemoved));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kEnded});
  c.pass(60'000);
  CHECK_FALSE(c.sent<wire::JoinT>());
}

TEST_CASE("an expired member that is told so joins again") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_lost(0, 7, wire::TokenEnd::expired, true);
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  CHECK_FALSE(c.take<wire::JoinT>().second.resume);
}

TEST_CASE("another journal means that everything is lost and begins anew") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 700}});
  c.commit(5, 0, 10);
  c.disconnect();
  c.connect("another journal");
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  CHECK(c.code(5) == ErrorCode::kFenced);
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK_FALSE(join.resume);
  c.reply(id, join_reply({{.partition = 0, .fence = 3}}));  // tokens begin anew, too
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned});
}

TEST_CASE("a push to another incarnation is not this member's") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  wire::LostT lost;
  lost.group = "g";
  lost.member_id = "m";
  lost.incarnation = c.session.incarnation() + 1;
  lost.seat_ended = true;
  lost.reason = wire::TokenEnd::replaced;
  wire::ServerBodyUnion push;
  push.Set(std::move(lost));
  c.session.pushed(c.now_ms, push);
  c.collect();
  CHECK(c.holds(0));
}

TEST_CASE("a connection that is not the seat's any more is bound again") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  c.reply(c.take<wire::HeartbeatT>().first, refusal(ErrorCode::kNotBound));
  CHECK(c.take<wire::JoinT>().second.resume);
  CHECK(c.holds(0));
}

TEST_CASE("leaving gives everything back and is answered") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.session.leave(c.now_ms, 9);
  c.collect();
  CHECK_FALSE(c.holds(0));
  c.reply(c.take<wire::LeaveT>().first, wire::DoneT());
  CHECK(c.code(9) == ErrorCode::kNone);
  CHECK_FALSE(c.session.is_active());
  CHECK(c.take_notices() == Notices{NoticeKind::kLeft});
}

TEST_CASE("leaving before any join was sent needs no server") {
  Conversation c;
  c.session.join(c.now_ms, kJoin);
  c.session.leave(c.now_ms, 9);
  c.collect();
  CHECK(c.code(kJoin) == ErrorCode::kClosed);
  CHECK(c.code(9) == ErrorCode::kNone);
}

TEST_CASE("leaving after a join whose answer was lost gives the seat up that it may have taken") {
  Conversation c;
  c.connect();
  c.session.join(c.now_ms, kJoin);
  c.collect();
  c.take<wire::JoinT>();
  c.disconnect();
  c.session.leave(c.now_ms, 9);
  c.collect();
  CHECK_FALSE(c.outcome(9).has_value());
  c.connect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.resume);
  c.reply(id, join_reply());
  c.reply(c.take<wire::LeaveT>().first, wire::DoneT());
  CHECK(c.code(9) == ErrorCode::kNone);
}

TEST_CASE("leaving over a broken connection resumes first, and gives up in time") {
  Conversation c;
  c.join_holding({});
  c.disconnect();
  c.session.leave(c.now_ms, 9);
  c.collect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply());
  CHECK(c.sent<wire::LeaveT>());
  c.pass(5'000);
  CHECK(c.code(9) == ErrorCode::kTimedOut);
}

TEST_CASE("after leaving, joining is a new incarnation") {
  Conversation c;
  c.join_holding({});
  const Incarnation first = c.session.incarnation();
  c.session.leave(c.now_ms, 9);
  c.collect();
  c.reply(c.take<wire::LeaveT>().first, wire::DoneT());
  c.session.join(c.now_ms, 10);
  c.collect();
  CHECK(c.take<wire::JoinT>().second.incarnation != first);
}

TEST_CASE("closing keeps the seat: it detaches and does not leave") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.session.close(c.now_ms);
  c.collect();
  CHECK(c.sent<wire::DetachT>());
  CHECK_FALSE(c.sent<wire::LeaveT>());
  c.commit(5, 0, 10);
  CHECK(c.code(5) == ErrorCode::kClosed);
}

TEST_CASE("an unnamed member draws a name of its own") {
  SessionOptions options = Conversation::default_options();
  options.member_id.clear();
  Conversation c(options);
  c.connect();
  c.session.join(c.now_ms, kJoin);
  c.collect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.member_id.starts_with("member-"));
  CHECK_FALSE(join.named);
}

}  // namespace
}  // namespace muster::testing
