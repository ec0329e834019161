// One lease for everything, counted from the send of the last acknowledged request.
#include "client/src/lease.h"

#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

constexpr std::uint64_t kHeldMs = kLeaseMs - 1'000;  // less the margin

TEST_CASE("the margin is a tenth, and at most a second") {
  CHECK(margin_ms(1'000) == 100);
  CHECK(margin_ms(10'000) == 1'000);
  CHECK(margin_ms(1'800'000) == 1'000);
}

TEST_CASE("a member heartbeats every interval, counted from its join") {
  Conversation c;
  c.join_holding({});
  c.run_until(kStartMs + kHeartbeatMs - 1);
  CHECK_FALSE(c.sent<wire::HeartbeatT>());
  c.pass(1);
  CHECK(c.sent<wire::HeartbeatT>());
  c.run_until(kStartMs + 2 * kHeartbeatMs);
  CHECK(c.sent<wire::HeartbeatT>());
}

TEST_CASE("the lease is counted from when the acknowledged request was sent") {
  Conversation c;
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  const RequestId join = c.take<wire::JoinT>().first;
  c.pass(4'000);  // the reply was long under way
  c.reply(join, join_reply({{.partition = 0, .fence = 7}}));
  c.run_until(kStartMs + kHeldMs - 1);
  CHECK_FALSE(c.session.paused());
  c.pass(1);
  CHECK(c.session.paused());
}

TEST_CASE("an acknowledged heartbeat renews the lease from its send") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  const RequestId heartbeat = c.take<wire::HeartbeatT>().first;
  c.pass(3'000);
  c.reply(heartbeat, wire::HeartbeatReplyT());
  c.run_until(kStartMs + kHeartbeatMs + kHeldMs - 1);
  CHECK_FALSE(c.session.paused());
  c.pass(1);
  CHECK(c.session.paused());
}

TEST_CASE("a heartbeat that is only sent renews nothing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.run_until(kStartMs + kHeldMs);
  CHECK(c.session.paused());
}

TEST_CASE("a grant does not renew the lease") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.run_until(kStartMs + kHeldMs - 1);
  c.push_assigned({{.partition = 1, .fence = 9}});
  CHECK(c.holds(1));
  c.pass(1);
  CHECK(c.session.paused());
}

TEST_CASE("when the lease lapses every partition is paused, commits are refused, and it resumes") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  c.pass(kHeldMs);
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused, NoticeKind::kPaused});
  c.commit(5, 0, 10);
  CHECK(c.code(5) == ErrorCode::kLeaseLapsed);
  CHECK_FALSE(c.sent<wire::CommitT>());
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.resume);
}

TEST_CASE("after the resume what is still listed is resumed and the rest is lost") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  c.pass(kHeldMs);
  c.take_notices();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 1, .fence = 8}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kResumed});
  CHECK_FALSE(c.session.paused());
  c.commit(5, 1, 10);
  CHECK(c.sent<wire::CommitT>());
  c.commit(6, 0, 10);
  CHECK(c.code(6) == ErrorCode::kFenced);
}

TEST_CASE("a partition that was granted anew meanwhile is lost and assigned, not resumed") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeldMs);
  c.take_notices();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 12}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost, NoticeKind::kAssigned});
  CHECK(c.session.holdings().held({"t", 0})->fence == 12);
}

TEST_CASE("a grant read while the lease is lapsed is acted on by the resume alone") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.now_ms += kHeldMs;  // the process slept; the grant is the first thing it reads
  c.push_assigned({{.partition = 1, .fence = 9}});
  CHECK_FALSE(c.holds(1));
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused});
  c.reply(c.take<wire::JoinT>().first,
          join_reply({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 9}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kResumed, NoticeKind::kAssigned});
}

TEST_CASE("an acknowledgement that arrives after the lapse does not end the pause") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  const RequestId heartbeat = c.take<wire::HeartbeatT>().first;
  c.now_ms = kStartMs + kHeldMs;
  c.reply(heartbeat, wire::HeartbeatReplyT());
  CHECK(c.session.paused());
  CHECK(c.sent<wire::JoinT>());
}

TEST_CASE("a resume's reply that took longer than the lease grants nothing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeldMs);
  const RequestId resume = c.take<wire::JoinT>().first;
  c.pass(kHeldMs);
  c.take_notices();
  c.reply(resume, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.session.paused());
  CHECK(c.take_notices().empty());
  CHECK(c.sent<wire::JoinT>());
}

TEST_CASE("a connection that breaks and comes back within the lease disturbs nobody") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  const Incarnation incarnation = c.session.incarnation();
  c.pass(1'000);
  c.disconnect();
  c.pass(1'000);
  c.connect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.resume);
  CHECK(join.incarnation == incarnation);
  c.reply(id, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.take_notices().empty());
  CHECK(c.holds(0));
}

TEST_CASE("the lease lapses while there is no connection, too") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  c.run_until(kStartMs + kHeldMs);
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused});
}

}  // namespace
}  // namespace muster::testing
