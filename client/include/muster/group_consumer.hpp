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
  /// Time without progress after which the application counts as stuck: its partitions are handed
  /// over although heartbeats go on. A tenth earlier everything is paused (on_paused). It makes
  /// progress with each call of progress(), of a commit, store_offset, release, subscribe or
  /// join_group, and is never stuck while it holds nothing or join_group waits. With the next one
  /// it takes part again. 0: off.
  std::chrono::milliseconds progress_timeout{0};
  /// How often stored offsets are committed by themselves (store_offset). 0: only when a partition
  /// is released, by leave_group, close and commit_stored.
  std::chrono::milliseconds auto_commit_interval{5'000};
};

/// Thread-safe. Heartbeats run on the client's own thread whatever the callbacks do.
///
/// Calls that wait for the coordinator have an _async variant. That one calls `done` once, on the
/// callbacks' thread; when the consumer is closed first with kClosed, and when it was closed before
/// the call, at once on the calling thread. Likewise at once with kLimitReached while the answers
/// of 4,096 calls are awaited.
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
  using Done = std::function<void(const std::expected<void, Error>&)>;
  using Fetched = std::function<void(const std::expected<std::optional<CommittedOffset>, Error>&)>;

  /// The partition is this consumer's from now on.
  void on_assigned(PartitionCallback callback);
  /// The partition is asked back: finish what is in flight, commit, and return before
  /// `release_within`. It is released after the callback, together with a commit of it whose
  /// answer never came.
  void on_revoked(PartitionCallback callback);
  /// The partition is already fenced: abandon it. Commits of it are refused.
  void on_lost(PartitionCallback callback);
  /// The lease lapsed, or the application counts as stuck (progress_timeout): stop working on the
  /// partition until on_resumed or on_lost.
  void on_paused(PartitionCallback callback);
  /// The session was resumed, or progress came in time, and the partition is still this consumer's,
  /// under the same token.
  void on_resumed(PartitionCallback callback);
  /// The join was refused, and is tried again by itself: the name is in use (kMemberIdInUse),
  /// the group is full (kGroupFull), the disk is (kStorageFull). Said once for each change of why.
  void on_waiting(EndedCallback callback);
  /// The membership ended for good: replaced by another process of the same name (kFenced),
  /// removed by an operator (kMemberRemoved), or refused when it came back. on_lost has run for
  /// every partition. It does not join again by itself.
  void on_ended(EndedCallback callback);
  /// An automatic commit of stored offsets, or the last one of a release, was refused or not
  /// answered in time. What is still held goes with the next one; an offset that is refused for
  /// good keeps no other from its commit, and waits for commit_stored or for a further one.
  void on_commit_failed(EndedCallback callback);

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
  void join_group_async(Done done);

  /// Subscribes to these topics and patterns instead of the former ones, without leaving: what it
  /// no longer shall have is revoked, what it shall have is assigned, and the rest goes on. Returns
  /// once the coordinator has accepted it; before join_group and after the end at once. After any
  /// error the former subscription holds. Errors: kUnknownResource (no such topic),
  /// kInvalidPattern, kTimedOut, kInvalidArgument (another subscribe is under way), or another
  /// refusal.
  std::expected<void, Error> subscribe(std::vector<std::string> topics,
                                       std::vector<std::string> patterns = {});
  void subscribe_async(std::vector<std::string> topics, std::vector<std::string> patterns,
                       Done done);
  /// Subscribes to nothing and stays a member: everything that it has is revoked. subscribe() ends
  /// it. For a worker that is to stand by. A consumer can't join so.
  std::expected<void, Error> unsubscribe();

  /// Gives every partition back and leaves, after a commit of what is stored. Finish first: no
  /// callback runs for them. After kTimedOut or kUnavailable the coordinator keeps the seat until
  /// the session ends.
  std::expected<void, Error> leave_group();
  void leave_group_async(Done done);

  /// Ends this consumer but keeps the seat for its disconnect grace, so that a process of the
  /// same name that starts in time moves nothing. Commits what is stored, waiting for the client's
  /// timeout at most. Waits for a callback that is running, unless called from it; none runs
  /// afterwards but the `done` of calls that were under way. Calls that wait on other threads are
  /// answered kClosed. Idempotent, and for a handler of a ConsumeLoop too, whose run() it ends.
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
  void commit_offsets_async(std::vector<OffsetCommit> commits, Done done);

  /// Notes the next offset to read, to be committed with the others: every auto_commit_interval,
  /// when the partition is released, and by leave_group, close and commit_stored. Store it when the
  /// work on everything before it is done, not when it begins. Of several the highest counts. Waits
  /// for nothing, and works while paused. Errors: kNotOwned, kFenced, kNotJoined.
  std::expected<void, Error> store_offset(OffsetCommit offset);
  /// Commits now what is stored and not committed yet. Errors as of commit_offsets.
  std::expected<void, Error> commit_stored();
  void commit_stored_async(Done done);

  /// The application is not stuck (progress_timeout). Cheap; call it where work goes on without any
  /// of the calls that say the same: in a long record, in a loop that finds nothing to do.
  void progress();

  /// Takes no new records of this partition until resume(), and keeps it: fence() is empty and
  /// ConsumeLoop leaves it alone; what is in hand may be finished and committed. It ends with the
  /// grant: a partition that is assigned anew is not paused. kNotOwned when it is not held.
  std::expected<void, Error> pause(std::string_view topic, PartitionIndex partition);
  std::expected<void, Error> resume(std::string_view topic, PartitionIndex partition);

  /// Releases one partition that is being revoked, with a last commit or without (then with what is
  /// stored). For `release_on_return = false`. Does not wait for the coordinator. kNotOwned when it
  /// is not held; kInvalidArgument when nobody asked for it.
  std::expected<void, Error> release(std::string_view topic, PartitionIndex partition,
                                     std::optional<std::int64_t> offset = std::nullopt,
                                     std::string_view metadata = "");

  /// What the group has committed; empty when nothing yet. Needs no membership.
  std::expected<std::optional<std::int64_t>, Error> fetch_committed_offset(
      std::string_view topic, PartitionIndex partition);
  /// The same with metadata and time.
  std::expected<std::optional<CommittedOffset>, Error> fetch_committed(std::string_view topic,
                                                                       PartitionIndex partition);
  void fetch_committed_async(std::string_view topic, PartitionIndex partition, Fetched done);

  /// Says where a partition of any topic ends (the offset after its last record) and, if it is
  /// given, begins: what lag counts to, for every group. Needs no membership. The coordinator keeps
  /// the last report until it restarts. kInvalidArgument for negative offsets, kTimedOut, or a
  /// refusal.
  std::expected<void, Error> report_end(std::string_view topic, PartitionIndex partition,
                                        std::int64_t end,
                                        std::optional<std::int64_t> start = std::nullopt);

  /// The token of a partition that it may work on now; empty when not held or paused.
  std::optional<FencingToken> fence(std::string_view topic, PartitionIndex partition) const;
  /// Whether the lease is lapsed, or the application counts as stuck: no new work, no commits.
  bool paused() const;

  std::string member_id() const;
  /// Number of the last plan that this consumer heard of; 0 before the first.
  Generation generation() const;
  /// The group's leader (its longest-standing member) as of that plan; empty before the first.
  std::string leader() const;

 private:
  friend class ConsumeLoop;
  class Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace muster
