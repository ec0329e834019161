// The session: one member's dealings with the coordinator. A state machine without I/O, clock or
// threads: what happens comes in with the time it happened, and requests, notices and answers to
// calls are taken out. The transport drives it, and so can a simulator.
//
// The rules of the client are here:
//   one lease for everything   lease.h, and Session::lapse
//   ended tokens stay ended    holdings.h, and Session::offer
//   revocations have an end    Lease::end_of_ms, and Session::advance
//   grants renew nothing       only `received` renews the lease, never `pushed`
//   another journal            Session::connected
// A stuck application is in session_progress.cc: its session goes on, and gives its partitions up.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/src/backoff.h"
#include "client/src/holdings.h"
#include "client/src/lease.h"
#include "client/src/listing.h"
#include "client/src/notice.h"
#include "client/src/plan_assembly.h"
#include "muster/error.hpp"
#include "muster/partition.hpp"
#include "muster/plan.hpp"

namespace muster {

struct SessionOptions {
  std::string group;
  std::string member_id;  // empty: a random one is drawn
  std::vector<std::string> topics;
  std::vector<std::string> patterns;
  std::string metadata;
  bool computes_plans = false;           // answers when it is asked for a plan
  std::uint32_t session_timeout_ms = 0;  // 0: the server's default, as the two below
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t rebalance_timeout_ms = 0;
  std::uint32_t join_timeout_ms = 90'000;     // to become a member
  std::uint32_t call_timeout_ms = 5'000;      // for the answer to any other call
  std::uint32_t progress_timeout_ms = 0;      // 0: the application is never stuck
  std::uint32_t auto_commit_interval_ms = 0;  // 0: none but when a partition is given back
  bool takeover = false;
};

/// Names a call of the application; its answer comes back under the same number.
using CallId = std::uint64_t;
struct CallOutcome {
  CallId call = 0;
  std::expected<void, Error> outcome;
};

/// Names a request within its session; the reply is handed back under the same number.
using RequestId = std::uint64_t;
struct SessionRequest {
  RequestId id = 0;
  wire::RequestBodyUnion body;
};

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// What calls of a consumer are answered that was closed.
Error closed_consumer();

/// Times are milliseconds on any clock that never goes back; it should go on during suspend.
/// After each input take what came out: requests, notices and outcomes, in their order.
class Session {
 public:
  Session(SessionOptions options, Entropy entropy);

  // ---- the connection --------------------------------------------------------------------
  /// Hello was answered.
  void connected(std::uint64_t now_ms, const std::string& journal_id);
  /// The connection ended, or could not be made. What was in flight may have happened or not.
  void disconnected(std::uint64_t now_ms, const Error& why);
  /// The reply to a request of this session. False: it makes no sense, drop the connection.
  bool received(std::uint64_t now_ms, RequestId id, const wire::ServerBodyUnion& reply);
  /// A push that names this member. Pushes to other incarnations are ignored.
  void pushed(std::uint64_t now_ms, const wire::ServerBodyUnion& push);

  // ---- the clock -------------------------------------------------------------------------
  /// Does what is due. Call it at next_deadline_ms() at the latest.
  void advance(std::uint64_t now_ms);
  std::uint64_t next_deadline_ms() const;

  // ---- the application -------------------------------------------------------------------
  void join(std::uint64_t now_ms, CallId call);
  void leave(std::uint64_t now_ms, CallId call);
  void commit(std::uint64_t now_ms, CallId call, std::vector<OffsetCommit> offsets);
  /// Notes an offset that is committed later: at the interval, when the partition is given back, or
  /// by commit_stored.
  std::expected<void, Error> store(std::uint64_t now_ms, const OffsetCommit& offset);
  void commit_stored(std::uint64_t now_ms, CallId call);
  /// The application was not stuck at that moment, which may be earlier than now.
  void progress(std::uint64_t now_ms, std::uint64_t at_ms);
  /// No new work on a partition that is held, for now; or again.
  void hold_back(const PartitionKey& key, bool held_back) { holdings_.hold_back(key, held_back); }
  /// Other topics and patterns from now on. Answered once the server has accepted them, at once
  /// while there is no seat; after an error the former ones hold.
  void subscribe(std::uint64_t now_ms, CallId call, std::vector<std::string> topics,
                 std::vector<std::string> patterns);
  /// From the next join on it answers when it is asked for a plan.
  void compute_plans() { options_.computes_plans = true; }
  /// Whether this request still stands, as far as the session knows.
  bool wants_plan(std::uint64_t membership) const { return plan_wanted_ == membership; }
  /// The answer to a plan request. Without effect when that does not stand any more.
  void submit_plan(std::uint64_t now_ms, std::uint64_t membership, const Plan& plan);
  /// The work on a revoked partition is finished. Without effect when the token is not held.
  void release(std::uint64_t now_ms, const PartitionKey& key, FencingToken fence,
               std::optional<LastCommit> last);
  /// Ends without leaving: the seat is kept for its grace.
  void close(std::uint64_t now_ms);

  // ---- what comes out --------------------------------------------------------------------
  std::vector<SessionRequest> take_requests() { return std::exchange(requests_, {}); }
  std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }
  std::vector<CallOutcome> take_outcomes() { return std::exchange(outcomes_, {}); }
  std::vector<PlanNotice> take_plan_notices() { return std::exchange(plan_notices_, {}); }

  // ---- what can be asked -----------------------------------------------------------------
  const std::string& group() const { return options_.group; }
  const std::string& member_id() const { return options_.member_id; }
  Incarnation incarnation() const { return incarnation_; }
  const Holdings& holdings() const { return holdings_; }
  /// No new work: the lease is lapsed or the application is stuck.
  bool paused() const { return paused_ || stall_ != Stall::kNone; }
  /// Whether the application is stuck.
  bool stuck() const { return stall_ != Stall::kNone; }
  /// Whether a new piece of work on the partition may begin under this token.
  bool may_work_on(const PartitionKey& key, FencingToken fence) const;
  bool owes_commits() const;
  bool is_member() const { return standing_ == Standing::kSeated; }
  /// Whether it wants a connection.
  bool is_active() const { return standing_ != Standing::kOut; }
  /// Silence after which its connection is no good; kNever before the first join.
  std::uint64_t patience_ms() const;
  Generation generation() const { return generation_; }
  const std::string& leader() const { return leader_; }

 private:
  enum class Standing : std::uint8_t {
    kOut,      // no member and does not want to be
    kSeeking,  // wants a seat and has none
    kSeated,   // has a seat, as far as it knows
    kLeaving,  // gives its seat up
  };
  enum class Stall : std::uint8_t {
    kNone,
    kPaused,    // no progress for most of its time: nothing new is begun
    kGivingUp,  // for all of it: subscribed to nothing, so that all it has is asked back
  };
  enum class RequestKind : std::uint8_t {
    kJoin,
    kHoldings,
    kHeartbeat,
    kRelease,
    kCommit,
    kLeave,
    kDetach,
    kSubmitPlan
  };
  struct InFlight {
    RequestKind kind = RequestKind::kHeartbeat;
    std::uint64_t sent_at_ms = 0;
    Incarnation incarnation = 0;
    CallId call = 0;  // kCommit; kJoin: of the subscription that it carries, if it is a new one
    bool stands_by = false;  // kJoin: it subscribes to nothing
    std::vector<std::pair<PartitionKey, FencingToken>> tokens = {};  // kRelease
  };
  struct CommitCall {
    std::vector<OffsetCommit> offsets;
    std::vector<FencingToken> fences;  // one an offset
    std::uint64_t gives_up_at_ms = 0;
    bool in_flight = false;  // on this connection
    bool was_sent = false;   // ever
    CallId part_of = 0;      // of the session's own: the commit_stored call; 0: automatic

    /// Adds what another one has at this place.
    void take(const CommitCall& from, std::size_t place) {
      offsets.push_back(from.offsets[place]);
      fences.push_back(from.fences[place]);
    }
  };
  struct StoredCall {
    std::size_t commits = 0;  // not answered yet
    std::optional<Error> failed;
  };
  /// Calls from here on are the session's own commits.
  static constexpr CallId kFirstOwnCall = CallId{1} << 63;
  struct Call {
    CallId id = 0;
    std::uint64_t gives_up_at_ms = 0;
  };
  struct SubscribeCall {
    CallId id = 0;
    std::vector<std::string> topics;
    std::vector<std::string> patterns;
    std::uint64_t gives_up_at_ms = 0;
  };

  // session.cc: time, requests and answers
  void observe(std::uint64_t now_ms);
  void pump(std::uint64_t now_ms);
  template <typename Body>
  void request(std::uint64_t now_ms, RequestKind kind, Body body, InFlight details);
  template <typename Body>
  void request(std::uint64_t now_ms, RequestKind kind, Body body) {
    request(now_ms, kind, std::move(body), InFlight{});
  }
  template <typename Body>
  Body speaking_as_member() const;
  bool in_flight(RequestKind kind) const;
  void answer(CallId call, std::expected<void, Error> outcome);
  void notify(NoticeKind kind, const PartitionKey& key, const Held& held);
  bool on_reply(std::uint64_t now_ms, const InFlight& sent, const wire::ServerBodyUnion& reply);
  bool on_refusal(std::uint64_t now_ms, const InFlight& sent, const Error& why);

  // session_seat.cc: getting, keeping and giving up the seat
  bool wants_to_join() const;
  void send_join(std::uint64_t now_ms);
  bool joined(std::uint64_t now_ms, const InFlight& sent, const wire::JoinReplyT& reply);
  void wait_for_quiet_time(std::uint32_t remaining_ms);
  void join_refused(std::uint64_t now_ms, const InFlight& sent, const Error& why);
  static bool speaks_of_seat(const Error& why);
  void change_refused(std::uint64_t now_ms, const Error& why);
  void seat_refused(std::uint64_t now_ms, const Error& why);
  void try_again(std::uint64_t now_ms, const Error& why);
  void lapse();
  void unbind();
  void lose_everything();
  void expired(std::uint64_t now_ms);
  void end(const Error& why);
  void tell_end(NoticeKind kind, const Error& why);
  void fail_join(std::uint64_t now_ms, const Error& why);
  void answer_join_calls(const std::expected<void, Error>& outcome);
  void check_join(std::uint64_t now_ms);
  void finish_leave(std::expected<void, Error> outcome);
  std::uint64_t connection_awaited_until_ms() const;

  // session_plan.cc: what the member subscribes to, and the plans that it makes as the leader
  void subscription_accepted(const InFlight& join);
  bool subscription_refused(std::uint64_t now_ms, const InFlight& join, const Error& why);
  void answer_subscribe(std::expected<void, Error> outcome);
  void give_up_subscribe(std::uint64_t now_ms);
  void plan_wanted(const wire::PlanWantedT& push);
  void forget_plan();
  void plan_refused(std::uint64_t now_ms, const Error& why);

  // session_progress.cc: an application that is stuck
  std::uint64_t stalls_at_ms() const;
  std::uint64_t gives_up_at_ms() const;
  bool may_stall() const;
  void check_progress(std::uint64_t now_ms);
  void give_back(const PartitionKey& key);
  bool stands_by() const { return stall_ == Stall::kGivingUp || unsubscribed_; }

  // session_work.cc: grants, revocations, releases
  bool list(std::uint64_t now_ms, const wire::JoinReplyT& page);
  void complete_listing(std::uint64_t now_ms);
  void offer(const PartitionKey& key, FencingToken fence, std::int64_t committed);
  void ask_back(const PartitionKey& key, std::uint64_t release_by_ms);
  void lose(const PartitionKey& key, FencingToken fence);
  void assigned(const wire::AssignedT& push);
  void revoked(const wire::RevokeT& push);
  void lost(std::uint64_t now_ms, const wire::LostT& push);
  void send_releases(std::uint64_t now_ms);
  void releases_answered(const InFlight& sent, const wire::ReleaseReplyT& reply);

  // session_commit.cc: commits, and offsets that are stored for later ones
  std::expected<FencingToken, Error> token_to_commit(const OffsetCommit& offset) const;
  std::optional<LastCommit> last_commit(const PartitionKey& key, FencingToken fence) const;
  std::size_t begin_stored_commits(std::uint64_t now_ms, CallId part_of);
  CommitCall& begin_own_commit(std::uint64_t now_ms, CallId part_of);
  void halve_own_commit(std::uint64_t now_ms, const CommitCall& refused);
  CommitCall without_released(const CommitCall& commit) const;
  bool own_commits_under_way() const;
  void commit_automatically(std::uint64_t now_ms);
  void own_commit_answered(std::uint64_t now_ms, CallId part_of,
                           const std::expected<void, Error>& outcome);
  void answer_commit(std::uint64_t now_ms, CallId call, const CommitCall& commit,
                     const std::expected<void, Error>& outcome);
  void send_commits(std::uint64_t now_ms);
  void commit_answered(std::uint64_t now_ms, CallId call,
                       const std::expected<void, Error>& outcome);
  void commit_refused(std::uint64_t now_ms, CallId call, const Error& why);
  void give_up_commits(std::uint64_t now_ms);

  SessionOptions options_;
  bool named_;  // the id is stable and comes back
  Entropy entropy_;
  Backoff backoff_;
  Incarnation incarnation_ = 0;  // drawn anew for each join_group, kept over reconnects

  Standing standing_ = Standing::kOut;
  bool connected_ = false;
  std::string journal_id_;
  std::uint64_t disconnected_at_ms_ = 0;
  Error last_refusal_;  // of the connection or of a join, for the message when time is up

  bool may_be_seated_ = false;  // kSeeking: a join was sent, and not refused
  bool bound_ = false;          // this connection speaks for the seat
  bool resync_ = false;         // asked for a fresh listing although bound
  RequestId seated_by_ = 0;     // refusals of earlier requests speak of an earlier seat
  std::uint64_t join_attempt_at_ms_ = 0;
  std::uint64_t refused_since_ms_ = 0;  // MEMBER_ID_IN_USE on the way back; 0: not
  bool takeover_ = false;

  Lease lease_;
  bool paused_ = false;
  std::uint64_t heartbeat_interval_ms_ = 0;
  std::uint64_t next_heartbeat_ms_ = 0;

  Stall stall_ = Stall::kNone;
  std::uint64_t progressed_at_ms_ = 0;
  bool unsubscribed_ = false;        // the application wants nothing for now
  bool subscribed_nothing_ = false;  // so the coordinator has it

  Holdings holdings_;
  std::optional<Listing> listing_;
  std::vector<PartitionKey> to_release_;  // ended here, and the coordinator may not know
  bool gathering_ = false;
  std::uint32_t pending_ = 0;
  Generation generation_ = 0;
  std::string leader_;

  std::vector<CallId> join_calls_;
  std::uint64_t join_started_ms_ = 0;
  std::uint64_t settles_by_ms_ = 0;
  std::optional<Call> leave_call_;
  std::optional<SubscribeCall> subscribe_call_;
  std::map<CallId, CommitCall> commits_;
  std::map<CallId, StoredCall> stored_calls_;
  CallId last_own_call_ = kFirstOwnCall;
  std::uint64_t auto_commit_at_ms_ = kNever;
  std::optional<PlanAssembly> plan_pages_;
  std::uint64_t plan_wanted_ = 0;  // membership that a plan is owed for; 0: none
  std::optional<Error> ended_;     // why the last membership ended for good

  RequestId last_request_ = 0;
  std::map<RequestId, InFlight> in_flight_;
  std::vector<SessionRequest> requests_;
  std::vector<Notice> notices_;
  std::vector<CallOutcome> outcomes_;
  std::vector<PlanNotice> plan_notices_;
};

}  // namespace muster
