// Offsets that are stored, and committed by themselves.
#include "tests/unit/client/conversation.h"

namespace muster::testing {
namespace {

constexpr std::uint64_t kIntervalMs = 5'000;

SessionOptions committing() {
  SessionOptions options = Conversation::default_options();
  options.auto_commit_interval_ms = kIntervalMs;
  return options;
}

/// None has metadata here, and all are of topic "t".
std::vector<wire::PlainOffset> offsets_in(const wire::CommitT& commit) {
  REQUIRE(commit.items.empty());
  REQUIRE(commit.topics.size() == 1);
  REQUIRE(commit.topics[0]->topic == "t");
  return commit.topics[0]->offsets;
}

struct Stored : Conversation {
  explicit Stored(SessionOptions options = committing()) : Conversation(std::move(options)) {
    join_holding({{.partition = 0, .fence = 7}, {.partition = 1, .fence = 8}});
  }
  ErrorCode store(PartitionIndex partition, std::int64_t offset,
                  std::optional<FencingToken> fence = std::nullopt) {
    const auto stored = session.store(
        now_ms, {.topic = "t", .partition = partition, .offset = offset, .fence = fence});
    collect();
    return stored ? ErrorCode::kNone : stored.error().code;
  }
  /// "0:10 1:20" of the next commit.
  std::string committed() {
    std::string text;
    const auto [id, commit] = take<wire::CommitT>();
    for (const wire::PlainOffset& offset : offsets_in(commit)) {
      text += (text.empty() ? "" : " ") + std::to_string(offset.partition()) + ":" +
              std::to_string(offset.offset());
    }
    last_commit = id;
    return text;
  }
  void commit_stored(CallId call) {
    session.commit_stored(now_ms, call);
    collect();
  }
  RequestId last_commit = 0;
};

TEST_CASE("stored: one commit of all partitions, an interval after the first was stored") {
  Stored c;
  c.store(0, 10);
  c.pass(1'000);
  c.store(1, 20);
  c.store(0, 12);
  c.pass(kIntervalMs - 1'000 - 1);
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.pass(1);
  CHECK(c.committed() == "0:12 1:20");
}

TEST_CASE("stored: what is committed is not committed again") {
  Stored c;
  c.store(0, 10);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, wire::CommitReplyT());
  c.pass(kIntervalMs);
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.store(0, 11);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:11");
}

TEST_CASE("stored: one automatic commit at a time, and what came meanwhile with the next") {
  SessionOptions options = committing();
  options.auto_commit_interval_ms = 1'000;
  Stored c(options);
  c.store(0, 10);
  c.pass(1'000);
  CHECK(c.committed() == "0:10");
  c.store(0, 11);
  c.pass(1'000);
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.reply(c.last_commit, wire::CommitReplyT());
  c.pass(1'000);
  CHECK(c.committed() == "0:11");
}

TEST_CASE("stored: a lower offset after a higher one changes nothing") {
  Stored c;
  c.store(0, 10);
  c.store(0, 4);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10");
}

TEST_CASE("stored: a refused automatic commit is told, and tried again with the next") {
  Stored c;
  c.store(0, 10);
  c.pass(kIntervalMs);
  c.committed();
  c.reply(c.last_commit, refusal(ErrorCode::kStorageFull));
  CHECK(c.take_notices() == Notices{NoticeKind::kCommitFailed});
  CHECK(c.outcomes.size() == 1);  // of the join alone
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10");
}

TEST_CASE("stored: one that is refused for good keeps no other from its commit, and is told once") {
  Stored c;
  c.store(0, 10);
  c.store(1, 20);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10 1:20");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.take_notices().empty());  // not known of which
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, wire::CommitReplyT());
  CHECK(c.committed() == "1:20");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.take_notices() == Notices{NoticeKind::kCommitFailed});
  c.store(0, 11);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:11");
  c.reply(c.last_commit, wire::CommitReplyT());
  c.pass(kIntervalMs);
  CHECK_FALSE(c.sent<wire::CommitT>());
  CHECK(c.take_notices().empty());
  // What is stored after it is a new attempt.
  c.store(1, 21);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "1:21");
}

TEST_CASE("stored: of a thousand partitions a refused one is found in a few steps") {
  constexpr PartitionIndex kPartitions = 900;
  constexpr PartitionIndex kBad = 517;
  Conversation c(committing());
  std::vector<Grant> held;
  for (PartitionIndex i = 0; i < kPartitions; ++i) {
    held.push_back({.partition = i, .fence = 100 + static_cast<FencingToken>(i)});
  }
  c.join_holding(held);
  for (PartitionIndex i = 0; i < kPartitions; ++i) {
    REQUIRE(c.session.store(c.now_ms, {.topic = "t", .partition = i, .offset = 5}));
  }
  c.pass(kIntervalMs);
  std::size_t committed = 0;
  int requests = 0;
  while (const auto commit = c.take_if_any<wire::CommitT>()) {
    ++requests;
    const auto offsets = offsets_in(commit->second);
    const bool bad =
        std::ranges::any_of(offsets, [](const auto& one) { return one.partition() == kBad; });
    if (bad) {
      c.reply(commit->first, refusal(ErrorCode::kInvalidOffset));
    } else {
      committed += offsets.size();
      c.reply(commit->first, wire::CommitReplyT());
    }
  }
  CHECK(committed == kPartitions - 1);
  CHECK(requests <= 25);
  CHECK(c.take_notices() == Notices{NoticeKind::kCommitFailed});
}

TEST_CASE(
    "stored: what went with a release meanwhile is not committed again beside a refused one") {
  Stored c;
  c.store(0, 10);
  c.store(1, 20);
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10 1:20");
  c.push_revoke(0, 7);
  c.release(0, 7);
  c.take_notices();
  CHECK(c.take<wire::ReleaseT>().second.items[0]->offset == 10);
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.committed() == "1:20");
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.take_notices() == Notices{NoticeKind::kCommitFailed});
}

TEST_CASE("stored: a refused last commit of a release is told") {
  Stored c;
  c.store(0, 10);
  c.push_revoke(0, 7);
  c.release(0, 7);
  c.take_notices();
  wire::ReleaseReplyT released;
  auto& result = *released.results.emplace_back(std::make_unique<wire::ReleaseResultT>());
  result.released = true;
  result.commit_error = std::make_unique<wire::ErrorT>(refusal(ErrorCode::kMetadataTooLarge));
  c.reply(c.take<wire::ReleaseT>().first, std::move(released));
  CHECK(c.take_notices() == Notices{NoticeKind::kCommitFailed});
}

TEST_CASE("stored: goes with the release of its partition") {
  Stored c;
  c.store(0, 10);
  c.push_revoke(0, 7);
  c.release(0, 7);
  const auto [id, release] = c.take<wire::ReleaseT>();
  REQUIRE(release.items.size() == 1);
  CHECK(release.items[0]->commits);
  CHECK(release.items[0]->offset == 10);
}

TEST_CASE("stored: a release that names its own last commit overrules it") {
  Stored c;
  c.store(0, 10);
  c.push_revoke(0, 7);
  c.session.release(c.now_ms, {"t", 0}, 7, LastCommit{.offset = 9, .metadata = ""});
  c.collect();
  CHECK(c.take<wire::ReleaseT>().second.items[0]->offset == 9);
}

TEST_CASE("stored: a leave commits it first, and what can be committed beside what can't") {
  Stored c;
  c.store(0, 10);
  c.store(1, 20);
  c.session.leave(c.now_ms, 5);
  c.collect();
  CHECK(c.committed() == "0:10 1:20");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK_FALSE(c.sent<wire::LeaveT>());
  CHECK(c.committed() == "1:20");
  c.reply(c.last_commit, wire::CommitReplyT());
  c.reply(c.take<wire::LeaveT>().first, wire::DoneT());
  CHECK(c.code(5) == ErrorCode::kNone);
  CHECK(c.take_notices() == Notices{NoticeKind::kLeft, NoticeKind::kCommitFailed});
}

TEST_CASE("stored: a leave does not stay behind a commit that is not answered") {
  Stored c;
  c.store(0, 10);
  c.session.leave(c.now_ms, 5);
  c.collect();
  c.run_until(c.now_ms + 5'000);
  CHECK(c.sent<wire::LeaveT>());
  CHECK(c.code(5) == ErrorCode::kTimedOut);
}

TEST_CASE("stored: a leave without a connection commits when it has one") {
  Stored c;
  c.store(0, 10);
  c.disconnect();
  c.session.leave(c.now_ms, 5);
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, wire::CommitReplyT());
  CHECK(c.sent<wire::LeaveT>());
}

TEST_CASE("stored: without an interval it waits for the release, the leave or the call") {
  Stored c(Conversation::default_options());
  c.store(0, 10);
  c.pass(20'000);
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.commit_stored(5);
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, wire::CommitReplyT());
  CHECK(c.code(5) == ErrorCode::kNone);
}

TEST_CASE("commit_stored: answered at once when nothing is owed, and with the refusal") {
  Stored c;
  c.commit_stored(5);
  CHECK(c.code(5) == ErrorCode::kNone);
  c.store(0, 10);
  c.commit_stored(6);
  c.committed();
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.code(6) == ErrorCode::kMetadataTooLarge);
  CHECK(c.take_notices().empty());
}

TEST_CASE("commit_stored: commits what can be committed, and tells each time of what can't") {
  Stored c;
  c.store(0, 10);
  c.store(1, 20);
  c.commit_stored(5);
  c.committed();
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.committed() == "0:10");
  c.reply(c.last_commit, wire::CommitReplyT());
  CHECK_FALSE(c.outcome(5).has_value());
  CHECK(c.committed() == "1:20");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.code(5) == ErrorCode::kMetadataTooLarge);
  CHECK(c.take_notices().empty());
  c.commit_stored(6);
  CHECK(c.committed() == "1:20");
  c.reply(c.last_commit, refusal(ErrorCode::kMetadataTooLarge));
  CHECK(c.code(6) == ErrorCode::kMetadataTooLarge);
}

TEST_CASE("commit_stored: thousands of partitions go in several commits with one answer") {
  constexpr PartitionIndex kPartitions = 2'500;
  Conversation c(committing());
  std::vector<Grant> held;
  for (PartitionIndex i = 0; i < kPartitions; ++i) {
    held.push_back({.partition = i, .fence = 100 + static_cast<FencingToken>(i)});
  }
  c.join_holding(held);
  for (PartitionIndex i = 0; i < kPartitions; ++i) {
    REQUIRE(c.session.store(c.now_ms, {.topic = "t", .partition = i, .offset = 5}));
  }
  c.session.commit_stored(c.now_ms, 5);
  c.collect();
  std::size_t items = 0;
  while (const auto commit = c.take_if_any<wire::CommitT>()) {
    CHECK_FALSE(c.outcome(5).has_value());
    const std::size_t offsets = offsets_in(commit->second).size();
    CHECK(offsets <= 1'000);
    items += offsets;
    c.reply(commit->first, wire::CommitReplyT());
  }
  CHECK(items == kPartitions);
  CHECK(c.code(5) == ErrorCode::kNone);
}

TEST_CASE("stored: while the lease is lapsed it is kept, and committed after the resume") {
  Stored c;
  c.pass(kLeaseMs);
  REQUIRE(c.session.paused());
  CHECK(c.store(0, 10) == ErrorCode::kNone);
  c.pass(kIntervalMs);
  CHECK_FALSE(c.sent<wire::CommitT>());
  c.commit_stored(5);
  CHECK(c.code(5) == ErrorCode::kLeaseLapsed);
  c.reply(c.take<wire::JoinT>().first, join_reply({{.partition = 0, .fence = 7}}));
  c.pass(kIntervalMs);
  CHECK(c.committed() == "0:10");
}

TEST_CASE("stored: what was lost meanwhile is never committed") {
  Stored c;
  c.store(0, 10);
  c.store(1, 20);
  c.push_lost(0, 7, wire::TokenEnd::fenced);
  c.push_assigned({{.partition = 0, .fence = 12}});
  c.pass(kIntervalMs);
  CHECK(c.committed() == "1:20");
}

TEST_CASE("stored and committed under another token than the partition's: refused") {
  Stored c;
  c.push_lost(0, 7, wire::TokenEnd::fenced);
  c.push_assigned({{.partition = 0, .fence = 12}});
  CHECK(c.store(0, 50, 7) == ErrorCode::kFenced);  // a thread that has outlived its grant
  CHECK(c.store(0, 50, 12) == ErrorCode::kNone);
  c.session.commit(c.now_ms, 5, {{.topic = "t", .partition = 0, .offset = 50, .fence = 7}});
  c.collect();
  CHECK(c.code(5) == ErrorCode::kFenced);
  CHECK(c.outcome(5)->error().current_fence == 12);
}

TEST_CASE("stored: a negative offset, or of what is not held, is refused") {
  Stored c;
  CHECK(c.store(0, -1) == ErrorCode::kInvalidArgument);
  CHECK(c.store(5, 1) == ErrorCode::kNotOwned);
}

TEST_CASE("held back: no new work until it is let go, and the grant ends it") {
  Stored c;
  c.session.hold_back({"t", 0}, true);
  CHECK_FALSE(c.session.may_work_on({"t", 0}, 7));
  CHECK(c.session.may_work_on({"t", 1}, 8));
  CHECK(c.store(0, 10) == ErrorCode::kNone);  // what was in hand
  c.session.hold_back({"t", 0}, false);
  CHECK(c.session.may_work_on({"t", 0}, 7));
  c.session.hold_back({"t", 0}, true);
  c.push_lost(0, 7, wire::TokenEnd::fenced);
  c.push_assigned({{.partition = 0, .fence = 12}});
  CHECK(c.session.may_work_on({"t", 0}, 12));
  CHECK_FALSE(c.session.may_work_on({"t", 0}, 7));
}

}  // namespace
}  // namespace muster::testing
