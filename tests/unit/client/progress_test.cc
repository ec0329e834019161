// An application that is stuck: paused, then handed over, while its heartbeats go on.
#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

constexpr std::uint64_t kProgressMs = 20'000;
constexpr std::uint64_t kPauseMs = 18'000;

SessionOptions watched() {
  SessionOptions options = Conversation::default_options();
  options.progress_timeout_ms = kProgressMs;
  return options;
}

/// A coordinator that acknowledges each heartbeat at once, up to that time.
void beat_until(Conversation& c, std::uint64_t until_ms) {
  while (c.session.next_deadline_ms() <= until_ms) {
    c.run_until(std::min(c.session.next_deadline_ms(), until_ms));
    while (const auto beat = c.take_if_any<wire::HeartbeatT>()) {
      c.reply(beat->first, wire::HeartbeatReplyT());
    }
    if (!c.requests.empty()) return;  // something that the test answers itself
  }
  c.now_ms = until_ms;
}

/// One that holds t/0 under token 7 and is about to subscribe to nothing.
wire::JoinT give_up(Conversation& c) {
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kProgressMs);
  c.take_notices();
  auto [id, join] = c.take<wire::JoinT>();
  c.reply(id, join_reply({{.partition = 0, .fence = 7}}));
  return std::move(join);
}

TEST_CASE("stuck: nine tenths of its time without progress pause everything, once") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  beat_until(c, kStartMs + kPauseMs - 1);
  CHECK(c.take_notices().empty());
  CHECK_FALSE(c.session.paused());
  c.pass(1);
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused, NoticeKind::kPaused});
  CHECK(c.session.paused());
  CHECK_FALSE(c.session.may_work_on({"t", 0}, 7));
}

TEST_CASE("stuck: the coordinator is told at once, and how long with each heartbeat") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kHeartbeatMs);
  const auto [first, beat] = c.take<wire::HeartbeatT>();
  CHECK(beat.stalled_ms == 0);
  c.reply(first, wire::HeartbeatReplyT());
  c.pass(kPauseMs - kHeartbeatMs);
  CHECK(c.take<wire::HeartbeatT>().second.stalled_ms == kPauseMs);
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  CHECK(c.take<wire::HeartbeatT>().second.stalled_ms == 0);
}

TEST_CASE("stuck: progress before its time is over resumes everything under the same tokens") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kPauseMs);
  c.take_notices();
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  CHECK(c.take_notices() == Notices{NoticeKind::kResumed});
  CHECK(c.session.may_work_on({"t", 0}, 7));
  beat_until(c, kStartMs + kPauseMs + kPauseMs - 1);
  CHECK(c.take_notices().empty());
}

TEST_CASE("stuck: progress again and again keeps everything as it is") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  for (int i = 1; i <= 20; ++i) {
    beat_until(c, kStartMs + static_cast<std::uint64_t>(i) * (kPauseMs - 1));
    c.session.progress(c.now_ms, c.now_ms);
    c.collect();
  }
  CHECK(c.take_notices().empty());
  CHECK_FALSE(c.sent<wire::JoinT>());
}

TEST_CASE("stuck: after all of its time it subscribes to nothing and keeps its seat") {
  Conversation c(watched());
  const wire::JoinT join = give_up(c);
  CHECK(c.now_ms == kStartMs + kProgressMs);
  CHECK(join.resume);
  CHECK(join.topics.empty());
  CHECK(join.patterns.empty());
  CHECK(c.holds(0));  // until it is asked back
  CHECK(c.session.is_member());
}

TEST_CASE("stuck: what is asked back is released at once in the application's place") {
  Conversation c(watched());
  give_up(c);
  c.push_revoke(0, 7);
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  const auto [id, release] = c.take<wire::ReleaseT>();
  REQUIRE(release.items.size() == 1);
  CHECK(release.items[0]->fence == 7);
  CHECK_FALSE(c.holds(0));
}

TEST_CASE("stuck: what was stored before goes with the release") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  REQUIRE(c.session.store(c.now_ms, {.topic = "t", .partition = 0, .offset = 42}));
  beat_until(c, kStartMs + kProgressMs);
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  c.push_revoke(0, 7);
  const auto [id, release] = c.take<wire::ReleaseT>();
  REQUIRE(release.items.size() == 1);
  CHECK(release.items[0]->commits);
  CHECK(release.items[0]->offset == 42);
}

TEST_CASE("stuck: a revocation that waited for the application is released when it gives up") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 7);
  CHECK(c.take_notices() == Notices{NoticeKind::kRevoked});
  beat_until(c, kStartMs + kProgressMs);
  CHECK(c.sent<wire::ReleaseT>());
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused, NoticeKind::kLost});
  c.release(0, 7);  // the callback returns after all: nothing is left to release
  CHECK_FALSE(c.sent<wire::ReleaseT>());
}

TEST_CASE("stuck: its heartbeats go on after the hand-over, and the lease with them") {
  Conversation c(watched());
  give_up(c);
  c.push_revoke(0, 7);
  c.reply(c.take<wire::ReleaseT>().first, wire::ReleaseReplyT());
  c.take_notices();
  for (int i = 0; i < 10; ++i) {
    c.pass(kHeartbeatMs);
    const auto [id, beat] = c.take<wire::HeartbeatT>();
    CHECK(beat.stalled_ms >= kProgressMs);
    c.reply(id, wire::HeartbeatReplyT());
  }
  CHECK(c.take_notices().empty());
  CHECK(c.session.is_member());
}

TEST_CASE("stuck: with progress it subscribes again and gets its share under new tokens") {
  Conversation c(watched());
  give_up(c);
  c.push_revoke(0, 7);
  c.take<wire::ReleaseT>();
  c.take_notices();
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.topics == std::vector<std::string>{"t"});
  CHECK_FALSE(c.session.paused());
  c.reply(id, join_reply());
  c.push_assigned({{.partition = 0, .fence = 9}});
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned});
  CHECK(c.session.may_work_on({"t", 0}, 9));
}

TEST_CASE("stuck: progress while it asks to stand by is asked after it") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kProgressMs);
  const auto [nothing, stand_by] = c.take<wire::JoinT>();
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.take_notices();
  c.reply(nothing, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.take<wire::JoinT>().second.topics == std::vector<std::string>{"t"});
  c.push_revoke(0, 7);  // the plan of meanwhile: now the application finishes its work
  CHECK(c.take_notices() == Notices{NoticeKind::kRevoked});
}

TEST_CASE("stuck: a grant that arrives meanwhile is paused from the beginning") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kPauseMs);
  c.take_notices();
  c.push_assigned({{.partition = 1, .fence = 9}});
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned, NoticeKind::kPaused});
}

TEST_CASE("stuck: nobody is who holds nothing; the time begins with the first partition") {
  Conversation c(watched());
  c.join_holding({});
  beat_until(c, kStartMs + 10 * kProgressMs);
  CHECK_FALSE(c.session.paused());
  c.push_assigned({{.partition = 0, .fence = 9}});
  c.take_notices();
  beat_until(c, kStartMs + 10 * kProgressMs + kPauseMs - 1);
  CHECK_FALSE(c.session.paused());
  c.pass(1);
  CHECK(c.session.paused());
}

TEST_CASE("stuck: nobody is who waits in join_group for the rest of its share") {
  Conversation c(watched());
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  wire::JoinReplyT reply = join_reply({{.partition = 0, .fence = 7}});
  reply.pending = 1;
  c.reply(c.take<wire::JoinT>().first, std::move(reply));
  c.take_notices();
  beat_until(c, kStartMs + 2 * kProgressMs);
  CHECK(c.take_notices().empty());
  CHECK_FALSE(c.session.paused());
  c.push_assigned({{.partition = 1, .fence = 9}});
  CHECK(c.code(Conversation::kJoinCall) == ErrorCode::kNone);
  c.take_notices();
  // Its time begins with the answer.
  beat_until(c, kStartMs + 2 * kProgressMs + kPauseMs - 1);
  CHECK_FALSE(c.session.paused());
  c.pass(1);
  CHECK(c.session.paused());
}

TEST_CASE("stuck: the time of a lapsed lease does not count against the application") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(kLeaseMs + 100'000);
  CHECK(c.take_notices() == Notices{NoticeKind::kPaused});
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kResumed});
  beat_until(c, c.now_ms + kPauseMs - 1);
  CHECK_FALSE(c.session.paused());
}

TEST_CASE("stuck and then lapsed: paused once, and resumed when both are over") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kPauseMs);
  c.disconnect();
  c.take_notices();
  c.run_until(kStartMs + kPauseMs + 2 * kLeaseMs);
  CHECK(c.take_notices().empty());
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  CHECK(c.take_notices().empty());
  CHECK(c.session.paused());
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kResumed});
}

TEST_CASE("stuck without a seat: it seeks none before it goes on") {
  Conversation c(watched());
  give_up(c);
  c.push_lost(0, 7, wire::TokenEnd::expired, true);
  CHECK_FALSE(c.sent<wire::JoinT>());
  beat_until(c, c.now_ms + 100'000);
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  const wire::JoinT join = c.take<wire::JoinT>().second;
  CHECK_FALSE(join.resume);
  CHECK_FALSE(join.topics.empty());
}

TEST_CASE("stuck: progress of one thread as of when another got stuck is none") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kPauseMs);
  c.take_notices();
  c.session.progress(c.now_ms, kStartMs);
  c.collect();
  CHECK(c.session.paused());
  CHECK(c.take_notices().empty());
}

TEST_CASE("stuck on a full disk: asks again later, and keeps its seat and what it holds") {
  Conversation c(watched());
  c.join_holding({{.partition = 0, .fence = 7}});
  beat_until(c, kStartMs + kProgressMs);
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kStorageFull, 500));
  CHECK(c.session.is_member());
  CHECK_FALSE(c.sent<wire::JoinT>());
  beat_until(c, c.now_ms + 3'000);
  CHECK(c.take<wire::JoinT>().second.topics.empty());
}

TEST_CASE(
    "stuck while its topic is deleted: refused when it takes part again, it leaves and ends") {
  Conversation c(watched());
  give_up(c);
  c.push_lost(0, 7, wire::TokenEnd::topic_deleted);
  c.take_notices();
  c.session.progress(c.now_ms, c.now_ms);
  c.collect();
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kUnknownResource));
  CHECK(c.take_notices() == Notices{NoticeKind::kEnded});
  CHECK(c.sent<wire::LeaveT>());
  CHECK_FALSE(c.session.is_member());
  c.run_until(c.now_ms + 60'000);
  CHECK_FALSE(c.sent<wire::JoinT>());
}

TEST_CASE("standing by: an unsubscribed member keeps its seat and asks for nothing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.session.subscribe(c.now_ms, 5, {}, {});
  c.collect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.topics.empty());
  c.reply(id, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.code(5) == ErrorCode::kNone);
  c.push_revoke(0, 7);
  CHECK(c.take_notices() == Notices{NoticeKind::kRevoked});  // it finishes its work as ever
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.push_lost(0, 7, wire::TokenEnd::expired, true);  // even without the seat it seeks none
  CHECK_FALSE(c.sent<wire::JoinT>());
  c.session.join(c.now_ms, 7);  // nor does it wait for one
  c.collect();
  CHECK(c.code(7) == ErrorCode::kNone);
  c.session.subscribe(c.now_ms, 6, {"u"}, {});
  c.collect();
  CHECK(c.take<wire::JoinT>().second.topics == std::vector<std::string>{"u"});
}

}  // namespace
}  // namespace muster::testing
