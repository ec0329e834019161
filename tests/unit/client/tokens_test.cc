// A released or lost token is never held again; a revocation has an end.
#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

TEST_CASE("a revoked partition is released when its work is finished") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 7);
  CHECK(c.take_notices() == Notices{NoticeKind::kRevoked});
  CHECK_FALSE(c.sent<wire::ReleaseT>());
  c.commit(5, 0, 10);
  CHECK(c.sent<wire::CommitT>());
  c.release(0, 7);
  const auto [id, release] = c.take<wire::ReleaseT>();
  REQUIRE(release.items.size() == 1);
  CHECK(release.items[0]->fence == 7);
  CHECK_FALSE(c.holds(0));
  c.commit(6, 0, 11);
  CHECK(c.code(6) == ErrorCode::kNotOwned);
}

TEST_CASE("a revoke of a token that is not held changes nothing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 6);
  c.push_revoke(1, 7);
  CHECK(c.take_notices().empty());
}

TEST_CASE("a revocation ends within its time, from the send of the last acknowledged request") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.pass(5'000);
  c.push_revoke(0, 7, 20'000);
  const std::uint64_t ends_at_ms = kStartMs + 20'000 - 1'000;  // the margin
  CHECK(c.notices.front().release_by_ms == ends_at_ms);
  c.take_notices();
  c.run_until(ends_at_ms - 1);
  CHECK(c.holds(0));
  c.pass(1);
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  c.commit(5, 0, 10);
  CHECK(c.code(5) == ErrorCode::kFenced);
}

TEST_CASE("a released token that a reply lists is released again, never held") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 7);
  c.release(0, 7);
  c.disconnect();  // the release may have been lost with it
  c.take_notices();
  c.connect();
  c.reply(c.take<wire::JoinT>().first,
          join_reply({{.partition = 0, .fence = 7, .revoke_remaining_ms = 50'000}}));
  CHECK(c.take_notices().empty());
  CHECK_FALSE(c.holds(0));
  CHECK(c.take<wire::ReleaseT>().second.items.at(0)->fence == 7);
}

TEST_CASE("a lost token that a reply lists is released, never held again") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_lost(0, 7, wire::TokenEnd::fenced);
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.take_notices().empty());
  CHECK_FALSE(c.holds(0));
  CHECK(c.sent<wire::ReleaseT>());
}

TEST_CASE("a grant that arrives after its own end is not held") {
  Conversation c;
  c.join_holding({});
  c.push_lost(0, 9, wire::TokenEnd::fenced);
  c.push_assigned({{.partition = 0, .fence = 9}});
  CHECK_FALSE(c.holds(0));
  CHECK(c.take_notices().empty());
}

TEST_CASE("a released partition comes back under a higher token") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 7);
  c.release(0, 7);
  c.take_notices();
  c.push_assigned({{.partition = 0, .fence = 11, .committed = 3}});
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned});
  CHECK(c.session.holdings().held({"t", 0})->fence == 11);
}

TEST_CASE("a revocation that was pushed while away is learnt from the resume") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  c.pass(2'000);
  c.connect();
  const std::uint64_t resumed_at_ms = c.now_ms;
  c.reply(c.take<wire::JoinT>().first,
          join_reply({{.partition = 0, .fence = 7, .revoke_remaining_ms = 20'000}}));
  REQUIRE(c.notices.size() == 1);
  CHECK(c.notices[0].kind == NoticeKind::kRevoked);
  CHECK(c.notices[0].release_by_ms == resumed_at_ms + 19'000);
}

TEST_CASE("a revocation is told once however often it is repeated") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.push_revoke(0, 7);
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first,
          join_reply({{.partition = 0, .fence = 7, .revoke_remaining_ms = 20'000}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kRevoked});
}

TEST_CASE("a commit whose answer never came goes with the release") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  c.pass(5'000);
  CHECK(c.code(5) == ErrorCode::kTimedOut);
  c.push_revoke(0, 7);
  c.release(0, 7);
  const auto [id, release] = c.take<wire::ReleaseT>();
  CHECK(release.items.at(0)->commits);
  CHECK(release.items.at(0)->offset == 10);
}

TEST_CASE("a release carries no commit when all were answered") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  c.reply(c.take<wire::CommitT>().first, wire::CommitReplyT());
  CHECK(c.code(5) == ErrorCode::kNone);
  c.push_revoke(0, 7);
  c.release(0, 7);
  CHECK_FALSE(c.take<wire::ReleaseT>().second.items.at(0)->commits);
}

TEST_CASE("holdings that fill several replies are one listing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  c.disconnect();
  c.connect();
  auto first = join_reply({{.partition = 0, .fence = 7}});
  first.more = true;
  c.reply(c.take<wire::JoinT>().first, std::move(first));
  const auto [id, rest] = c.take<wire::HoldingsT>();
  CHECK(rest.after_topic == "t");
  CHECK(rest.after_partition == 0);
  // Granted between the pages, behind the place where the listing already is.
  c.push_assigned({{.partition = 3, .fence = 20}});
  CHECK(c.take_notices().empty());
  c.reply(id, join_reply({{.partition = 1, .fence = 8}, {.partition = 2, .fence = 19}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kAssigned, NoticeKind::kAssigned});
  for (PartitionIndex partition = 0; partition < 4; ++partition) CHECK(c.holds(partition));
}

}  // namespace
}  // namespace muster::testing
