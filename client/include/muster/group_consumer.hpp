// One member of a consumer group.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muster/client.hpp"
#include "muster/error.hpp"
#include "muster/partition.hpp"
#include "muster/plan.hpp"

namespace muster {

struct GroupConsumerOptions {
  std::string group_id = {};
  /// A stable name that comes back after a restart ("pod-0"). Empty: a random one, forgotten with
  /// the process.
  std::string consumer_id = {};
  /// Topics to work on, which must exist; may be empty when there are patterns.
  std::vector<std::string> topics = {};
  /// RE2 expressions for whole topic names ("orders-.*"), evaluated by the coordinator: topics that
  /// match are subscribed to as they come and go.
  std::vector<std::string> patterns = {};
  /// For the leader that plans (on_plan), which is told it as it is; at most 4,096 bytes.
  std::string metadata = {};
  /// Silence after which the coordinator gives the partitions to others; 1 s … 30 min.
  std::chrono::milliseconds session_timeout{30'000};
  /// The same after a connection that was seen to end. 0: 10 s for random names, the session
  /// timeout for stable ones.
  std::chrono::milliseconds disconnect_grace{0};
  /// Time to release a revoked partition; at least the lease. 0: the server's default, 60 s.
  std::chrono::milliseconds rebalance_timeout{0};
  /// How long join_group keeps trying to become a member. 0: session timeout + 60 s, enough for
  /// the lease of a vanished process of the same name to end.
  std::chrono::milliseconds join_timeout{0};
  /// Take the name over at once, even from a process that may still be running: then only
  /// fencing tokens protect the data.
  bool takeover = false;
  /// true: a revoked partition is released when on_revoked returns. false: on_revoked only tells,
  /// and the application calls release() when it has finished, from any thread.
  bool release_on_return = true;
};

/// Thread-safe. Heartbeats run on the client's own thread whatever the callbacks do.
///
/// Callbacks of one consumer run one at a time, in order, on a thread of that consumer; on_plan and
/// on_plan_refused on another one, so that they may run beside the rest. Every method may be called
/// from within them, except the destructor. Set them before join_group. Without on_revoked a
/// revoked partition is released at once.
class GroupConsumer {
 public:
  GroupConsumer(Client& client, GroupConsumerOptions options);
  /// close()
  ~GroupConsumer();
  GroupConsumer(const GroupConsumer&) = delete;
  GroupConsumer& operator=(const GroupConsumer&) = delete;

  using PartitionCallback = std::function<void(const Partition&)>;
  using EndedCallback = std::function<void(const Error&)>;
  using PlanCallback = std::function<Plan(const PlanRequest&)>;

  /// The partition is this consumer's from now on.
  void on_assigned(PartitionCallback callback);
  /// The partition is asked back: finish what is in flight, commit, and return before
  /// `release_within`. It is released after the callback, together with a commit of it whose
  /// answer never came.
  void on_revoked(PartitionCallback callback);
  /// The partition is already fenced: abandon it. Commits of it are refused.
  void on_lost(PartitionCallback callback);
  /// The lease lapsed: stop working on the partition until on_resumed or on_lost.
  void on_paused(PartitionCallback callback);
  /// The session was resumed and the partition is still this consumer's, under the same token.
  void on_resumed(PartitionCallback callback);
  /// The join was refused, and is tried again by itself: the name is in use (kMemberIdInUse),
  /// the group is full (kGroupFull), the disk is (kStorageFull). Said once for each change of why.
  void on_waiting(EndedCallback callback);
  /// The membership ended for good: replaced by another process of the same name (kFenced),
  /// removed by an operator (kMemberRemoved), or refused when it came back. on_lost has run for
  /// every partition. It does not join again by itself.
  void on_ended(EndedCallback callback);

  /// Who shall have what. Called when the group's strategy is `leader` and this consumer, as its
  /// longest-standing member, is to plan: for each change of the group, and again for the same one
  /// after a reconnect. Without it the coordinator plans (with `sticky`) when this consumer leads;
  /// likewise when the callback throws or takes longer than `timeout`, and when the plan is wrong:
  /// incomplete, doubled, for a member that does not subscribe, or too large for a frame. A plan
  /// that the group has outrun is dropped, and another is asked for.
  void on_plan(PlanCallback callback);
  /// The coordinator planned itself because the plan was wrong (kInvalidPlan, with what is wrong in
  /// the message), too large (kFrameTooLarge), or because on_plan threw (kInvalidArgument).
  void on_plan_refused(EndedCallback callback);

  /// Joins, and returns once this consumer's share of the plan is granted: at once when it has
  /// none, and after the rebalance timeout at the latest. Also when it is a member already.
  /// Errors: kUnavailable (no server answers within the client's timeout), kMemberIdInUse
  /// (another process holds the name and kept it until join_timeout), kTimedOut, or a refusal.
  std::expected<void, Error> join_group();

  /// Subscribes to these topics and patterns instead of the former ones, without leaving: what it
  /// no longer shall have is revoked, what it shall have is assigned, and the rest goes on. Returns
  /// once the coordinator has accepted it; before join_group and after the end at once. After any
  /// error the former subscription holds. Errors: kUnknownResource (no such topic),
  /// kInvalidPattern, kTimedOut, kInvalidArgument (another subscribe is under way), or another
  /// refusal.
  std::expected<void, Error> subscribe(std::vector<std::string> topics,
                                       std::vector<std::string> patterns = {});

  /// Gives every partition back and leaves. Finish and commit first: no callback runs for them.
  /// After kTimedOut or kUnavailable the coordinator keeps the seat until the session ends.
  std::expected<void, Error> leave_group();

  /// Ends this consumer but keeps the seat for its disconnect grace, so that a process of the
  /// same name that starts in time moves nothing. Waits for a callback that is running, unless
  /// called from it; none runs afterwards. Idempotent.
  void close();

  /// The partitions it holds by topic, ascending, those being revoked included.
  std::map<std::string, std::vector<PartitionIndex>> assignment() const;

  /// Commits the next offset to read, under the partition's fencing token. Under one token
  /// offsets only rise: a lower one succeeds without effect. Errors: kNotOwned, kFenced (lost to
  /// another owner), kLeaseLapsed (paused), kNotJoined, kTimedOut (may have happened or not;
  /// repeating it is harmless), or a refusal.
  std::expected<void, Error> commit_offset(std::string_view topic, PartitionIndex partition,
                                           std::int64_t offset, std::string_view metadata = "");
  /// Commits all of them or none.
  std::expected<void, Error> commit_offsets(std::vector<OffsetCommit> commits);

  /// Releases one partition that is being revoked, with a last commit or without. For
  /// `release_on_return = false`. kNotOwned when it is not held; kInvalidArgument when nobody
  /// asked for it.
  std::expected<void, Error> release(std::string_view topic, PartitionIndex partition,
                                     std::optional<std::int64_t> offset = std::nullopt,
                                     std::string_view metadata = "");

  /// What the group has committed; empty when nothing yet. Needs no membership.
  std::expected<std::optional<std::int64_t>, Error> fetch_committed_offset(
      std::string_view topic, PartitionIndex partition);
  /// The same with metadata and time.
  std::expected<std::optional<CommittedOffset>, Error> fetch_committed(std::string_view topic,
                                                                       PartitionIndex partition);

  /// Says where a partition of any topic ends (the offset after its last record) and, if it is
  /// given, begins: what lag counts to, for every group. Needs no membership. The coordinator keeps
  /// the last report until it restarts. kInvalidArgument for negative offsets, kTimedOut, or a
  /// refusal.
  std::expected<void, Error> report_end(std::string_view topic, PartitionIndex partition,
                                        std::int64_t end,
                                        std::optional<std::int64_t> start = std::nullopt);

  /// The token of a partition that it may work on now; empty when not held or paused.
  std::optional<FencingToken> fence(std::string_view topic, PartitionIndex partition) const;
  /// Whether the lease is lapsed: no new work, no commits.
  bool paused() const;

  std::string member_id() const;
  /// Number of the last plan that this consumer heard of; 0 before the first.
  Generation generation() const;
  /// The group's leader (its longest-standing member) as of that plan; empty before the first.
  std::string leader() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace muster
