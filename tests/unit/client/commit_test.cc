// Commits: under the token that is held, and safe to repeat.
#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

TEST_CASE("a commit carries the token of the grant") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  const auto [id, commit] = c.take<wire::CommitT>();
  CHECK(commit.items.empty());
  REQUIRE(commit.topics.size() == 1);
  CHECK(commit.topics[0]->topic == "t");
  REQUIRE(commit.topics[0]->offsets.size() == 1);
  CHECK(commit.topics[0]->offsets[0].partition() == 0);
  CHECK(commit.topics[0]->offsets[0].fence() == 7);
  CHECK(commit.topics[0]->offsets[0].offset() == 10);
  CHECK(commit.topics[0]->offsets[0].end() == -1);
  CHECK_FALSE(c.outcome(5));
  c.reply(id, wire::CommitReplyT());
  CHECK(c.code(5) == ErrorCode::kNone);
}

TEST_CASE("offsets with metadata go as items, the others by topic") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  c.session.commit(c.now_ms, 5,
                   {{.topic = "t", .partition = 0, .offset = 1, .metadata = "m"},
                    {.topic = "t", .partition = 1, .offset = 2, .end = 9}});
  c.collect();
  const auto [id, commit] = c.take<wire::CommitT>();
  REQUIRE(commit.items.size() == 1);
  CHECK(commit.items[0]->topic == "t");
  CHECK(commit.items[0]->partition == 0);
  CHECK(commit.items[0]->metadata == "m");
  CHECK(commit.items[0]->fence == 7);
  REQUIRE(commit.topics.size() == 1);
  REQUIRE(commit.topics[0]->offsets.size() == 1);
  CHECK(commit.topics[0]->offsets[0].partition() == 1);
  CHECK(commit.topics[0]->offsets[0].fence() == 8);
  CHECK(commit.topics[0]->offsets[0].end() == 9);
}

TEST_CASE("offsets go by their topics, in the order in which they are given") {
  Conversation c;
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  wire::JoinReplyT joined =
      join_reply({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 9}});
  joined.held.push_back(granted({{.partition = 0, .fence = 8}}));
  joined.held.back()->topic = "u";
  c.reply(c.take<wire::JoinT>().first, std::move(joined));
  c.session.commit(c.now_ms, 5,
                   {{.topic = "t", .partition = 0, .offset = 1},
                    {.topic = "u", .partition = 0, .offset = 2},
                    {.topic = "t", .partition = 1, .offset = 3}});
  c.collect();
  const auto [id, commit] = c.take<wire::CommitT>();
  std::string text;
  for (const auto& topic : commit.topics) {
    for (const auto& offset : topic->offsets) {
      text += topic->topic + "/" + std::to_string(offset.partition()) + " at " +
              std::to_string(offset.offset()) + " under " + std::to_string(offset.fence()) + ", ";
    }
  }
  CHECK(text == "t/0 at 1 under 7, u/0 at 2 under 8, t/1 at 3 under 9, ");
}

TEST_CASE("a batch goes out whole or not at all") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.session.commit(
      c.now_ms, 5,
      {{.topic = "t", .partition = 0, .offset = 1}, {.topic = "t", .partition = 1, .offset = 1}});
  c.collect();
  CHECK(c.code(5) == ErrorCode::kNotOwned);
  CHECK_FALSE(c.sent<wire::CommitT>());
}

TEST_CASE("a commit before joining is refused") {
  Conversation c;
  c.commit(5, 0, 10);
  CHECK(c.code(5) == ErrorCode::kNotJoined);
}

TEST_CASE("a commit cut off by a broken connection goes out again after the resume") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  c.disconnect();
  c.pass(100);
  c.connect();
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  c.reply(c.take<wire::CommitT>().first, wire::CommitReplyT());
  CHECK(c.code(5) == ErrorCode::kNone);
}

TEST_CASE("a commit refused by a server that stops goes to the next one") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  c.reply(c.take<wire::CommitT>().first, refusal(ErrorCode::kShuttingDown));
  CHECK_FALSE(c.outcome(5));
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.sent<wire::CommitT>());
}

TEST_CASE("a commit without an answer may have happened or not") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.commit(5, 0, 10);
  c.run_until(kStartMs + 5'000);
  CHECK(c.code(5) == ErrorCode::kTimedOut);
}

TEST_CASE("a commit that could not be sent says so") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  c.commit(5, 0, 10);
  c.run_until(kStartMs + 5'000);
  CHECK(c.code(5) == ErrorCode::kUnavailable);
}

TEST_CASE("a token that the coordinator does not honour makes the session ask what it holds") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  c.commit(5, 0, 10);
  c.reply(c.take<wire::CommitT>().first, refusal(ErrorCode::kFenced));
  CHECK(c.code(5) == ErrorCode::kFenced);
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.resume);
  c.reply(id, join_reply({{.partition = 1, .fence = 8}}));
  CHECK(c.take_notices() == Notices{NoticeKind::kLost});
  CHECK(c.holds(1));
}

}  // namespace
}  // namespace muster::testing
