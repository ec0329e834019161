// The inside of Pipeline. Its members stand in six files: start.cc, pipeline.cc (the way of a
// request), control_requests.cc (hello, heartbeat, detach, status), turn.cc (what happens by itself
// at the end of a turn), plans.cc (how plans are made) and release.cc (what leaves, and when).
#pragma once

#include <absl/container/btree_map.h>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "coordinator/answer.h"
#include "coordinator/connection.h"
#include "coordinator/end_offsets.h"
#include "coordinator/leader_deadlines.h"
#include "coordinator/offset_retention.h"
#include "coordinator/parked_effects.h"
#include "coordinator/pipeline.h"
#include "coordinator/plan_schedule.h"
#include "coordinator/plans_under_way.h"
#include "coordinator/queries.h"
#include "coordinator/session_clock.h"
#include "coordinator/sessions.h"
#include "domain/decide.h"

namespace muster::coordinator {

class Pipeline::Implementation {
 public:
  Implementation(domain::State state, Identity identity, const Settings& settings, Clock& clock,
                 Connections& connections, Entropy& entropy, Planner& planner,
                 journal::Journal& journal, journal::Reader& history);

  void connected(ConnectionId id, std::string peer);
  void received(ConnectionId id, std::string_view bytes);
  void disconnected(ConnectionId id);
  void change(const Settings& settings);
  void end_turn();
  std::uint64_t wake_in_ms() const;
  void begin_shutdown();
  bool shut_down() const { return stopping_ && connections_.empty() && parked_.empty(); }

  const domain::State& state() const { return state_; }

 private:
  // ---- pipeline.cc
  void read_frames(Connection& connection);
  void handle_frame(Connection& connection, std::string_view payload);
  Answer answer_request(Connection& connection, const wire::Request& request);
  Answer carry_out(domain::Command&& command, Connection& connection);
  Answer reply_to(const domain::Command& command, const domain::Decision& decision,
                  const Connection& connection);
  std::expected<domain::Decision, Rejection> execute(const domain::Command& command,
                                                     const domain::Cause& cause);
  void append(std::span<const domain::Event> events, const journal::EncodedEvents& unit);
  void note_refusal(const domain::Command& command, const Rejection& refused);
  void note_facts(domain::Command& command, const Connection& connection);
  void note_ends(const domain::CommitOffsets& commit);
  wire::OffsetsChangedReplyT changed_reply(const std::string& group,
                                           const domain::Decision& decision) const;
  bool may_read(const Connection& connection) const;
  bool reads_slowly(const Connection& connection) const;
  /// Replies that a peer has not taken, above which its next request has to wait.
  std::size_t most_unread_bytes() const { return settings_.max_unsent_bytes / 2; }
  View view();

  // ---- control_requests.cc
  Answer greet(Connection& connection, const wire::HelloT& hello) const;
  Answer heartbeat(const Connection& connection, const wire::HeartbeatT& request);
  Answer detach(const Connection& connection, const wire::DetachT& request);
  Answer status();
  Answer report_ends(const wire::ReportEndsT& request);
  std::expected<void, journal::Error> describe_journal(wire::StatusReplyT& reply) const;
  void describe_limits(wire::StatusReplyT& reply) const;

  // ---- start.cc
  void start_session(const domain::Group& group, const domain::Member& member);

  // ---- turn.cc
  std::uint64_t now_ms();
  void excuse_paused();
  void expire_silent_members();
  void fence_overdue_revocations();
  void end_quiet_time();
  void finish_resets();
  void expire_offsets();
  std::uint32_t quiet_remaining_ms();
  void overrule_late_leaders();
  void overrule_untold_leader(const std::string& group);
  void remind_leaders();
  void schedule_plans_of_topic(const std::string& topic);
  void note_change(const domain::Event& event);
  void say_goodbye(Connection& connection);

  // ---- plans.cc
  void go_on_planning();
  std::size_t apply_ready_slices(std::size_t most);
  std::size_t make_plan(const std::string& name, const std::string& instead_of_leader);
  bool apply_slice(const std::string& name);
  void schedule_plan(const domain::Group& group);

  // ---- release.cc
  void reply(Connection& connection, std::uint64_t correlation_id, Answer answer);
  void announce(std::vector<Announcement> announcements);
  void close(Connection& connection, const Rejection& reason);
  template <typename What>
  void park(What what) {
    parked_.park(state_.sequence, std::move(what));
  }
  std::string encode_push(const wire::ServerBodyUnion& body);
  void durable();
  void release_parked();
  void release(const Reply& reply, std::string_view bytes);
  void release(Push push);
  void wait_for_plan(const std::string& name);
  void release(const Bind& bind);
  void release(const Close& close);
  void write(Connection& connection, std::string_view bytes);
  void resume_paused();
  Connection* find(ConnectionId id);

  domain::State state_;
  Identity identity_;
  Settings settings_;
  Clock& clock_;
  Connections& sockets_;
  Entropy& entropy_;
  Planner& planner_;
  journal::Journal& journal_;
  journal::Reader& history_;

  SessionClock session_clock_;
  std::uint64_t started_ms_;
  Sessions sessions_;
  PlanSchedule plans_;
  PlansUnderWay under_way_;
  std::string last_sliced_;  // group whose plan was gone on with last
  LeaderDeadlines leader_deadlines_;
  std::map<std::string, std::string> overruled_;  // groups whose leader failed → how
  std::set<SeatId> awaiting_plan_;                // to be told of the next one (announcements.h)
  std::vector<std::string> reminders_;            // groups whose leader came back and owes a plan
  std::uint64_t quiet_until_ms_ = 0;              // of the session clock; while there is one
  EndOffsets ends_;
  std::set<std::string> resetting_;  // groups with a live reset
  OffsetRetention retention_;
  codec::EventEncoder events_;
  journal::EncodedEvents unit_;  // of the command at hand
  codec::ServerMessageEncoder messages_;
  ParkedEffects parked_;
  absl::btree_map<ConnectionId, std::unique_ptr<Connection>> connections_;  // shut down in order
  Connection* found_last_ = nullptr;                                        // in connections_
  std::vector<ConnectionId> paused_;  // whose reading waits for room
  bool stopping_ = false;
};

}  // namespace muster::coordinator
