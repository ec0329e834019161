// A session on the one side, and a test that plays the coordinator and the clock on the other.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/src/session.h"

namespace muster::testing {

inline constexpr std::uint32_t kLeaseMs = 30'000;
inline constexpr std::uint32_t kHeartbeatMs = 10'000;
inline constexpr std::uint32_t kRebalanceMs = 60'000;
inline constexpr std::uint64_t kStartMs = 1'000'000;

/// A partition as the coordinator lists it.
struct Grant {
  PartitionIndex partition = 0;
  FencingToken fence = 0;
  std::int64_t committed = -1;
  std::optional<std::uint32_t> revoke_remaining_ms = std::nullopt;
};

inline std::unique_ptr<wire::GrantedTopicT> granted(const std::vector<Grant>& grants) {
  auto topic = std::make_unique<wire::GrantedTopicT>();
  topic->topic = "t";
  for (const Grant& each : grants) {
    topic->partitions.emplace_back(each.fence, each.committed, each.partition,
                                   each.revoke_remaining_ms.value_or(0),
                                   each.revoke_remaining_ms.has_value());
  }
  return topic;
}

inline wire::JoinReplyT join_reply(const std::vector<Grant>& held = {}) {
  wire::JoinReplyT reply;
  reply.lease_ms = kLeaseMs;
  reply.heartbeat_interval_ms = kHeartbeatMs;
  reply.session_timeout_ms = kLeaseMs;
  reply.rebalance_timeout_ms = kRebalanceMs;
  reply.generation = 1;
  reply.leader = "m";
  reply.member_count = 1;
  if (!held.empty()) reply.held.push_back(granted(held));
  return reply;
}

inline wire::ErrorT refusal(ErrorCode code, std::uint32_t retry_after_ms = 0) {
  const Error error = make_error(code, "because the test says so");
  wire::ErrorT wire;
  wire.code = static_cast<std::uint16_t>(code);
  wire.name = error.name;
  wire.message = error.message;
  wire.retriable = error.retriable;
  wire.retry_after_ms = retry_after_ms;
  return wire;
}

class Conversation {
 public:
  explicit Conversation(SessionOptions options = default_options())
      : session(std::move(options), [this] { return ++random_; }) {}

  static SessionOptions default_options() {
    SessionOptions options;
    options.group = "g";
    options.member_id = "m";
    options.topics = {"t"};
    return options;
  }

  // ---- the clock -------------------------------------------------------------------------
  void pass(std::uint64_t ms) {
    now_ms += ms;
    session.advance(now_ms);
    collect();
  }
  /// Goes from deadline to deadline, as a transport that sleeps between them does.
  void run_until(std::uint64_t until_ms) {
    while (session.next_deadline_ms() <= until_ms) {
      now_ms = std::max(now_ms, session.next_deadline_ms());
      session.advance(now_ms);
      collect();
    }
    now_ms = until_ms;
  }

  // ---- the coordinator -------------------------------------------------------------------
  void connect(const std::string& journal_id = "journal") {
    session.connected(now_ms, journal_id);
    collect();
  }
  void disconnect() {
    session.disconnected(now_ms, make_error(ErrorCode::kUnavailable, "The connection broke."));
    collect();
    requests.clear();
  }
  template <typename Body>
  bool reply(RequestId id, Body body) {
    wire::ServerBodyUnion reply;
    reply.Set(std::move(body));
    const bool makes_sense = session.received(now_ms, id, reply);
    collect();
    return makes_sense;
  }
  template <typename Body>
  void push(Body body) {
    body.group = session.group();
    body.member_id = session.member_id();
    body.incarnation = session.incarnation();
    wire::ServerBodyUnion push;
    push.Set(std::move(body));
    session.pushed(now_ms, push);
    collect();
  }
  void push_assigned(const std::vector<Grant>& grants, std::uint32_t pending = 0) {
    wire::AssignedT assigned;
    assigned.generation = 2;
    assigned.leader = "m";
    assigned.pending = pending;
    if (!grants.empty()) assigned.granted.push_back(granted(grants));
    push(std::move(assigned));
  }
  void push_revoke(PartitionIndex partition, FencingToken fence,
                   std::uint32_t deadline_ms = kRebalanceMs) {
    wire::RevokeT revoke;
    revoke.deadline_ms = deadline_ms;
    revoke.partitions.push_back(fenced(partition, fence));
    push(std::move(revoke));
  }
  void push_lost(PartitionIndex partition, FencingToken fence, wire::TokenEnd reason,
                 bool seat_ended = false) {
    wire::LostT lost;
    lost.reason = reason;
    lost.seat_ended = seat_ended;
    lost.partitions.push_back(fenced(partition, fence));
    push(std::move(lost));
  }

  // ---- what the session sent -------------------------------------------------------------
  /// Takes the oldest request of this kind; there must be one.
  template <typename Body>
  std::pair<RequestId, Body> take() {
    auto taken = take_if_any<Body>();
    REQUIRE(taken.has_value());
    return std::move(*taken);
  }
  template <typename Body>
  std::optional<std::pair<RequestId, Body>> take_if_any() {
    for (auto each = requests.begin(); each != requests.end(); ++each) {
      if (each->body.type != wire::RequestBodyUnionTraits<Body>::enum_value) continue;
      std::pair<RequestId, Body> taken{each->id, std::move(*static_cast<Body*>(each->body.value))};
      requests.erase(each);
      return taken;
    }
    return std::nullopt;
  }
  template <typename Body>
  bool sent() {
    return take_if_any<Body>().has_value();
  }
  std::vector<NoticeKind> take_notices() {
    std::vector<NoticeKind> kinds;
    for (const Notice& each : std::exchange(notices, {})) kinds.push_back(each.kind);
    return kinds;
  }
  /// The answer to a call, if it was given.
  std::optional<std::expected<void, Error>> outcome(CallId call) {
    for (const CallOutcome& each : outcomes) {
      if (each.call == call) return each.outcome;
    }
    return std::nullopt;
  }
  ErrorCode code(CallId call) {
    const auto given = outcome(call);
    REQUIRE(given.has_value());
    return *given ? ErrorCode::kNone : given->error().code;
  }

  // ---- shortcuts -------------------------------------------------------------------------
  /// A member that holds this.
  void join_holding(const std::vector<Grant>& held) {
    connect();
    session.join(now_ms, kJoinCall);
    collect();
    reply(take<wire::JoinT>().first, join_reply(held));
    take_notices();
  }
  void commit(CallId call, PartitionIndex partition, std::int64_t offset) {
    session.commit(now_ms, call, {{.topic = "t", .partition = partition, .offset = offset}});
    collect();
  }
  void release(PartitionIndex partition, FencingToken fence) {
    session.release(now_ms, {"t", partition}, fence, std::nullopt);
    collect();
  }
  bool holds(PartitionIndex partition) const {
    return session.holdings().held({"t", partition}) != nullptr;
  }
  void collect() {
    for (auto& each : session.take_requests()) requests.push_back(std::move(each));
    for (auto& each : session.take_notices()) notices.push_back(std::move(each));
    for (auto& each : session.take_outcomes()) outcomes.push_back(std::move(each));
  }

  static constexpr CallId kJoinCall = 1;

  std::uint64_t now_ms = kStartMs;
  std::vector<SessionRequest> requests;
  std::vector<Notice> notices;
  std::vector<CallOutcome> outcomes;

 private:
  static std::unique_ptr<wire::FencedTopicT> fenced(PartitionIndex partition, FencingToken fence) {
    auto topic = std::make_unique<wire::FencedTopicT>();
    topic->topic = "t";
    topic->partitions.emplace_back(fence, partition);
    return topic;
  }

  std::uint64_t random_ = 0;

 public:
  Session session;
};

using Notices = std::vector<NoticeKind>;

}  // namespace muster::testing

namespace doctest {
template <>
struct StringMaker<muster::NoticeKind> {
  static String convert(muster::NoticeKind kind) {
    constexpr const char* kNames[] = {"assigned", "revoked", "lost",          "paused", "resumed",
                                      "waiting",  "ended",   "commit failed", "left"};
    return kNames[static_cast<std::size_t>(kind)];
  }
};
}  // namespace doctest
