// Commits, and offsets that are stored for later ones.
#include <algorithm>
#include <utility>

#include "client/src/session.h"
#include "client/src/session_request.h"
#include "domain/assert.h"

namespace muster {
namespace {

// Less than any server's limits may be: 1,000 items and frames of 64 KiB.
constexpr std::size_t kCommitBytesPerRequest = 32 * 1024;
constexpr std::size_t kCommitItemsPerRequest = 1'000;

Error lease_lapsed() {
  return make_error(ErrorCode::kLeaseLapsed,
                    "The lease lapsed: the partitions may have another owner. Wait for on_resumed "
                    "or on_lost before committing again.");
}

/// What is no more than numbers goes by topic; `offsets` are mostly in the order of their topics.
void append_plain(wire::CommitT& body, const OffsetCommit& offset, FencingToken fence) {
  if (body.topics.empty() || body.topics.back()->topic != offset.topic) {
    body.topics.push_back(std::make_unique<wire::TopicOffsetsT>());
    body.topics.back()->topic = offset.topic;
  }
  body.topics.back()->offsets.emplace_back(offset.offset, fence, offset.end.value_or(-1),
                                           offset.partition);
}

void append_item(wire::CommitT& body, const OffsetCommit& offset, FencingToken fence) {
  auto& item = *body.items.emplace_back(std::make_unique<wire::CommitItemT>());
  item.topic = offset.topic;
  item.partition = offset.partition;
  item.offset = offset.offset;
  item.fence = fence;
  item.metadata = offset.metadata;
  item.end = offset.end.value_or(-1);
}

}  // namespace

// ---- commits ----------------------------------------------------------------------------------

std::expected<FencingToken, Error> Session::token_to_commit(const OffsetCommit& offset) const {
  const PartitionKey key{offset.topic, offset.partition};
  if (const Held* held = holdings_.held(key)) {
    if (!offset.fence || *offset.fence == held->fence) return held->fence;
    Error outdated = make_error(ErrorCode::kFenced,
                                "Committing " + text_of(key) + ": the work was done under token " +
                                    std::to_string(*offset.fence) + " and it is held under " +
                                    std::to_string(held->fence) + " now. Abandon that work.");
    outdated.current_fence = held->fence;
    return std::unexpected(std::move(outdated));
  }
  const Ended* ended = holdings_.ended(key);
  if (ended != nullptr && ended->lost) {
    return std::unexpected(make_error(
        ErrorCode::kFenced, "Committing " + text_of(key) + ": its token " +
                                std::to_string(ended->fence) +
                                " is lost, another member may own it. Abandon the work on it."));
  }
  if (ended_) return std::unexpected(*ended_);
  if (standing_ != Standing::kSeated) {
    return std::unexpected(make_error(
        ErrorCode::kNotJoined, "Committing " + text_of(key) + ": the consumer is not in the " +
                                   "group \"" + options_.group + "\". Call join_group first."));
  }
  return std::unexpected(make_error(ErrorCode::kNotOwned,
                                    "Committing " + text_of(key) +
                                        ": the consumer does not own it. Commit only partitions of "
                                        "assignment()."));
}

void Session::commit(std::uint64_t now_ms, CallId call, std::vector<OffsetCommit> offsets) {
  observe(now_ms);
  CommitCall commit;
  for (const OffsetCommit& offset : offsets) {
    const auto token = token_to_commit(offset);
    if (!token) {
      answer(call, std::unexpected(token.error()));
      return;
    }
    commit.fences.push_back(*token);
  }
  if (paused_) {
    answer(call, std::unexpected(lease_lapsed()));
    return;
  }
  if (offsets.empty()) {
    answer(call, {});
    return;
  }
  commit.offsets = std::move(offsets);
  commit.gives_up_at_ms = now_ms + options_.call_timeout_ms;
  commits_.emplace(call, std::move(commit));
  advance(now_ms);
}

// ---- stored offsets ---------------------------------------------------------------------------

std::expected<void, Error> Session::store(std::uint64_t now_ms, const OffsetCommit& offset) {
  observe(now_ms);
  const auto token = token_to_commit(offset);
  if (!token) return std::unexpected(token.error());
  const PartitionKey key{offset.topic, offset.partition};
  if (offset.offset < 0) {
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument, "Storing " + text_of(key) + ": offset " +
                                                    std::to_string(offset.offset) +
                                                    " is negative. Give the next offset to read."));
  }
  holdings_.store(key, {.offset = offset.offset, .metadata = offset.metadata, .end = offset.end});
  if (auto_commit_at_ms_ == kNever && options_.auto_commit_interval_ms > 0) {
    auto_commit_at_ms_ = now_ms + options_.auto_commit_interval_ms;
  }
  return {};
}

bool Session::owes_commits() const {
  return std::ranges::any_of(holdings_.all(),
                             [](const auto& each) { return each.second.owes_commit(); });
}

void Session::commit_stored(std::uint64_t now_ms, CallId call) {
  observe(now_ms);
  if (!owes_commits()) {
    answer(call, {});
    return;
  }
  if (paused_) {
    answer(call, std::unexpected(lease_lapsed()));
    return;
  }
  stored_calls_[call].commits = begin_stored_commits(now_ms, call);
  advance(now_ms);
}

Session::CommitCall& Session::begin_own_commit(std::uint64_t now_ms, CallId part_of) {
  CommitCall& commit = commits_[++last_own_call_];
  commit.part_of = part_of;
  commit.gives_up_at_ms = now_ms + options_.call_timeout_ms;
  return commit;
}

bool Session::own_commits_under_way() const {
  return commits_.lower_bound(kFirstOwnCall) != commits_.end();
}

/// Split well below any server's limits. What was refused before is tried again for a commit_stored
/// call alone, which is to be told.
std::size_t Session::begin_stored_commits(std::uint64_t now_ms, CallId part_of) {
  std::size_t begun = 0;
  std::size_t bytes = kCommitBytesPerRequest;
  CommitCall* commit = nullptr;
  for (const auto& [key, held] : holdings_.all()) {
    if (!held.owes_commit() || (held.stored_refused && part_of == 0)) continue;
    if (commit == nullptr || bytes >= kCommitBytesPerRequest ||
        commit->offsets.size() >= kCommitItemsPerRequest) {
      commit = &begin_own_commit(now_ms, part_of);
      bytes = 0;
      ++begun;
    }
    commit->offsets.push_back({.topic = key.topic,
                               .partition = key.index,
                               .offset = held.stored->offset,
                               .metadata = held.stored->metadata,
                               .end = held.stored->end});
    commit->fences.push_back(held.fence);
    bytes += key.topic.size() + held.stored->metadata.size() + sizeof(wire::CommitItemT);
  }
  return begun;
}

/// What was stored while the lease is lapsed waits for the resume; while the last one is not
/// answered, for that: a slow server is not asked again and again.
void Session::commit_automatically(std::uint64_t now_ms) {
  if (now_ms < auto_commit_at_ms_) return;
  auto_commit_at_ms_ = kNever;
  if (!owes_commits()) return;
  if (paused_ || own_commits_under_way()) {
    auto_commit_at_ms_ = now_ms + options_.auto_commit_interval_ms;
  } else {
    begin_stored_commits(now_ms, 0);
  }
}

void Session::own_commit_answered(std::uint64_t now_ms, CallId part_of,
                                  const std::expected<void, Error>& outcome) {
  const bool again = !outcome && options_.auto_commit_interval_ms > 0;
  if (again && auto_commit_at_ms_ == kNever) {
    auto_commit_at_ms_ = now_ms + options_.auto_commit_interval_ms;
  }
  const auto call = stored_calls_.find(part_of);
  if (call == stored_calls_.end()) {
    if (!outcome) notices_.push_back({.kind = NoticeKind::kCommitFailed, .why = outcome.error()});
    return;
  }
  StoredCall& stored = call->second;
  if (!outcome) stored.failed = outcome.error();
  if (--stored.commits > 0) return;
  if (stored.failed) {
    answer(part_of, std::unexpected(*stored.failed));
  } else {
    answer(part_of, {});
  }
  stored_calls_.erase(call);
}

// ---- sending, and answers ---------------------------------------------------------------------

void Session::answer_commit(std::uint64_t now_ms, CallId call, const CommitCall& commit,
                            const std::expected<void, Error>& outcome) {
  if (call < kFirstOwnCall) {
    answer(call, outcome);
  } else {
    own_commit_answered(now_ms, commit.part_of, outcome);
  }
}

/// Also again on a new connection: under one token offsets only rise, so a repeated commit does
/// no harm, and one whose token ended meanwhile is refused.
void Session::send_commits(std::uint64_t now_ms) {
  for (auto& [id, commit] : commits_) {
    if (commit.in_flight) continue;
    wire::CommitT body;
    body.group = options_.group;
    for (std::size_t i = 0; i < commit.offsets.size(); ++i) {
      const OffsetCommit& offset = commit.offsets[i];
      if (offset.metadata.empty()) {
        append_plain(body, offset, commit.fences[i]);
      } else {
        append_item(body, offset, commit.fences[i]);
      }
    }
    commit.in_flight = commit.was_sent = true;
    InFlight details;
    details.call = id;
    request(now_ms, RequestKind::kCommit, std::move(body), std::move(details));
  }
}

void Session::commit_answered(std::uint64_t now_ms, CallId call,
                              const std::expected<void, Error>& outcome) {
  const auto found = commits_.find(call);
  if (found == commits_.end()) return;
  const CommitCall commit = std::move(found->second);
  commits_.erase(found);
  for (std::size_t i = 0; i < commit.offsets.size(); ++i) {
    const OffsetCommit& offset = commit.offsets[i];
    const PartitionKey key{offset.topic, offset.partition};
    if (outcome) holdings_.committed(key, commit.fences[i], offset.offset);
  }
  // A token that we hold and the coordinator does not honour: ask what we hold.
  const bool fenced = !outcome && outcome.error().code == ErrorCode::kFenced;
  if (fenced && standing_ == Standing::kSeated) {
    resync_ = true;
    join_attempt_at_ms_ = now_ms;
  }
  answer_commit(now_ms, call, commit, outcome);
}

/// Commits are applied all or not at all; of what was stored, one that the server does not take
/// must not keep the others from it. Halves find it in a few steps, however many there are.
void Session::halve_own_commit(std::uint64_t now_ms, const CommitCall& refused) {
  const std::size_t half = refused.offsets.size() / 2;
  if (half > 0) {
    CommitCall& first = begin_own_commit(now_ms, refused.part_of);
    for (std::size_t i = 0; i < half; ++i) first.take(refused, i);
    const auto call = stored_calls_.find(refused.part_of);
    if (call != stored_calls_.end()) ++call->second.commits;  // two instead of one
  }
  CommitCall& last = begin_own_commit(now_ms, refused.part_of);
  for (std::size_t i = half; i < refused.offsets.size(); ++i) last.take(refused, i);
}

/// What has gone with the release of its partition meanwhile (last_commit) need not go again.
Session::CommitCall Session::without_released(const CommitCall& commit) const {
  CommitCall left;
  left.part_of = commit.part_of;
  for (std::size_t i = 0; i < commit.offsets.size(); ++i) {
    const Ended* ended = holdings_.ended({commit.offsets[i].topic, commit.offsets[i].partition});
    const bool released = ended != nullptr && ended->fence == commit.fences[i] && !ended->lost;
    if (!released || standing_ != Standing::kSeated) left.take(commit, i);
  }
  return left;
}

void Session::commit_refused(std::uint64_t now_ms, CallId call, const Error& why) {
  const auto found = commits_.find(call);
  if (found == commits_.end()) return;
  const bool for_good = call >= kFirstOwnCall && !why.retriable;
  if (!for_good) return commit_answered(now_ms, call, std::unexpected(why));
  const CommitCall refused = found->second;
  const CommitCall left = without_released(refused);
  if (!left.offsets.empty() && refused.offsets.size() == 1) {
    const OffsetCommit& offset = left.offsets.front();
    holdings_.stored_refused({offset.topic, offset.partition}, left.fences.front(), offset.offset);
    return commit_answered(now_ms, call, std::unexpected(why));
  }
  commits_.erase(found);
  if (left.offsets.empty()) return own_commit_answered(now_ms, refused.part_of, {});
  halve_own_commit(now_ms, left);
}

/// What goes with the release of a partition: the furthest that was stored, or that was sent or
/// tried and not answered.
std::optional<LastCommit> Session::last_commit(const PartitionKey& key, FencingToken fence) const {
  std::optional<LastCommit> last = holdings_.held(key)->uncertain;
  for (const auto& [id, commit] : commits_) {
    for (std::size_t i = 0; i < commit.offsets.size(); ++i) {
      const OffsetCommit& offset = commit.offsets[i];
      const bool same =
          commit.fences[i] == fence && offset.topic == key.topic && offset.partition == key.index;
      if (same && (!last || last->offset <= offset.offset)) {
        last = {.offset = offset.offset, .metadata = offset.metadata};
      }
    }
  }
  const Held& held = *holdings_.held(key);
  const bool to_be_committed = held.owes_commit() && !held.stored_refused;
  if (to_be_committed && (!last || last->offset <= held.stored->offset)) last = held.stored;
  return last;
}

void Session::give_up_commits(std::uint64_t now_ms) {
  for (auto next = commits_.begin(); next != commits_.end();) {
    const auto& [id, commit] = *next;
    if (now_ms < commit.gives_up_at_ms) {
      ++next;
      continue;
    }
    for (std::size_t i = 0; i < commit.offsets.size() && commit.was_sent; ++i) {
      const OffsetCommit& offset = commit.offsets[i];
      holdings_.uncertain({offset.topic, offset.partition}, commit.fences[i],
                          {.offset = offset.offset, .metadata = offset.metadata});
    }
    answer_commit(now_ms, id, commit,
                  std::unexpected(commit.was_sent
                                      ? make_error(ErrorCode::kTimedOut,
                                                   "The commit was not answered in time: it may "
                                                   "have been applied or not. Repeating it is "
                                                   "harmless.")
                                      : make_error(ErrorCode::kUnavailable,
                                                   "The commit was not sent: no server answers. " +
                                                       last_refusal_.message)));
    next = commits_.erase(next);
  }
}

}  // namespace muster
