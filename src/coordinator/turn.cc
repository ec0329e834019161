// What happens by itself at the end of a loop turn: members expire, revocations are fenced, plans
// are gone on with (plans.cc), and the journal is flushed.

#include <algorithm>
#include <tuple>
#include <utility>

#include "coordinator/pipeline_implementation.h"
#include "domain/assert.h"
#include "domain/message.h"

namespace muster::coordinator {
namespace {

domain::Cause deadline(const char* name) {
  return {.kind = domain::CauseKind::kDeadline, .who = name, .from = {}};
}

}  // namespace

std::uint64_t Pipeline::Implementation::now_ms() {
  session_clock_.advance(clock_.monotonic_ms(), journal_.flush_age_ms());
  return session_clock_.now_ms();
}

void Pipeline::Implementation::end_turn() {
  resume_paused();
  // A full disk is no member's silence, nor is the closing of its connection by a server that
  // stops: nobody expires, nothing moves.
  if (!journal_.storage_full() && !stopping_) {
    expire_silent_members();
    overrule_late_leaders();
    end_quiet_time();
    go_on_planning();
    expire_offsets();
  }
  fence_overdue_revocations();
  finish_resets();
  remind_leaders();
  journal_.flush();
  release_parked();
  session_clock_.end_turn();
}

/// Where we have stopped reading, silence is ours (patient-coordinator); but not where the peer
/// itself made us stop: a process that hangs must expire (no-orphan).
void Pipeline::Implementation::excuse_paused() {
  for (const ConnectionId id : paused_) {
    const Connection* connection = find(id);
    if (connection != nullptr && !reads_slowly(*connection)) sessions_.heard(id, now_ms());
  }
}

void Pipeline::Implementation::expire_silent_members() {
  const auto drained = [this](ConnectionId id) {
    const Connection* connection = find(id);
    return connection == nullptr || connection->paused || sockets_.drained(id);
  };
  for (const Sessions::Expiry& expiry : sessions_.expired(now_ms(), drained)) {
    const bool silent = expiry.reason == domain::ExpiryReason::kSilence;
    std::ignore = execute(
        domain::ExpireMember{.group = expiry.group, .seat = expiry.seat, .reason = expiry.reason},
        deadline(silent ? "session timeout" : "disconnect grace"));
  }
}

void Pipeline::Implementation::fence_overdue_revocations() {
  for (Sessions::Overdue& overdue : sessions_.overdue_revocations(now_ms())) {
    std::ignore = execute(
        domain::FencePartitions{.group = overdue.group, .tokens = std::move(overdue.tokens)},
        deadline("rebalance timeout"));
  }
}

/// The session clock stands while the coordinator is away, so it never counts too much (and a start
/// begins the quiet time anew: how much of it has passed is not journaled).
std::uint32_t Pipeline::Implementation::quiet_remaining_ms() {
  const std::uint64_t now = now_ms();
  if (state_.quiet_time_ms == 0 || now >= quiet_until_ms_) return 0;
  return static_cast<std::uint32_t>(quiet_until_ms_ - now);
}

void Pipeline::Implementation::end_quiet_time() {
  if (state_.quiet_time_ms == 0 || now_ms() < quiet_until_ms_) return;
  std::ignore = execute(domain::EndQuietTime{}, deadline("quiet time"));  // no room: the next turn
}

/// In the turn in which the last of its partitions became free, whatever freed it.
void Pipeline::Implementation::finish_resets() {
  for (auto name = resetting_.begin(); name != resetting_.end();) {
    const domain::Group* group = state_.group(*name);
    if (group == nullptr || !group->reset) {
      name = resetting_.erase(name);
      continue;
    }
    if (domain::reset_is_due(*group)) {  // no room: the next turn
      std::ignore = execute(domain::FinishReset{.group = group->name},
                            {.kind = domain::CauseKind::kCoordinator, .who = "reset", .from = {}});
    }
    ++name;
  }
}

void Pipeline::Implementation::expire_offsets() {
  for (const std::string& name : retention_.take_due(clock_.wall_ms(), now_ms())) {
    std::ignore = execute(domain::ExpireOffsets{.group = name}, deadline("offset retention"));
    if (const domain::Group* group = state_.group(name)) retention_.looked(*group);
  }
}

void Pipeline::Implementation::overrule_late_leaders() {
  for (const std::string& group : leader_deadlines_.take_due(now_ms())) {
    const auto& request = state_.group(group)->request;
    if (!request) continue;  // its round is over, and so is its deadline
    overruled_[group] =
        domain::sentence("leader '", request->member_id, "' submitted no plan within ",
                         settings_.limits.leader_plan_timeout_ms, " ms");
  }
}

/// The connection would be closed by so much unsent, again and again.
void Pipeline::Implementation::overrule_untold_leader(const std::string& group) {
  const auto& request = state_.group(group)->request;
  MUSTER_ASSERT(request.has_value());
  overruled_[group] = domain::sentence("the group is too large to be told to leader '",
                                       request->member_id, "' within max-unsent-bytes (",
                                       settings_.max_unsent_bytes, "), or its metadata is");
}

/// What a leader was told over its former connection may be lost: a resume repeats everything.
void Pipeline::Implementation::remind_leaders() {
  for (const std::string& name : std::exchange(reminders_, {})) {
    const domain::Group* group = state_.group(name);
    if (group == nullptr || !group->request || domain::request_outdated(state_, *group)) continue;
    Announcements announcements(state_, settings_, awaiting_plan_);
    announcements.ask_leader(*group);
    announce(announcements.take());
  }
}

void Pipeline::Implementation::schedule_plans_of_topic(const std::string& topic) {
  for (const auto& [name, group] : state_.groups) {
    if (group.subscriptions.contains(topic)) schedule_plan(group);
  }
}

namespace {

/// Whether the topics of the event's group, or whether it may plan them, are others after it: a
/// plan can be due although its members and settings are the same.
bool changes_planned_topics(const domain::EventBody& body) {
  return std::holds_alternative<domain::TopicsMatched>(body) ||
         std::holds_alternative<domain::GroupTopicDropped>(body) ||
         std::holds_alternative<domain::GroupFrozen>(body);
}

}  // namespace

/// What an event means for plans and observations.
void Pipeline::Implementation::note_change(const domain::Event& event) {
  const domain::Group* group = state_.group(domain::event_group(event.body));
  if (group != nullptr && (group->plan_outdated || changes_planned_topics(event.body))) {
    schedule_plan(*group);
  }
  if (group != nullptr && group->reset) resetting_.insert(group->name);
  retention_.note(domain::event_group(event.body), group, event.time_ms, session_clock_.now_ms());
  if (const auto* frozen = std::get_if<domain::GroupFrozen>(&event.body)) {
    if (frozen->frozen) under_way_.end(frozen->group);
  }
  const bool rounds = !leader_deadlines_.empty() || !overruled_.empty();
  if (rounds && (group == nullptr || !group->request)) {  // no round of this group any more
    const std::string name(domain::event_group(event.body));
    leader_deadlines_.end(name);
    overruled_.erase(name);
  }
  if (std::holds_alternative<domain::QuietTimeEnded>(event.body)) {
    for (const auto& [name, each] : state_.groups) schedule_plan(each);
  } else if (std::holds_alternative<domain::TopicCreated>(event.body)) {
    schedule_plans_of_topic(std::get<domain::TopicCreated>(event.body).name);
  } else if (const auto* expanded = std::get_if<domain::TopicExpanded>(&event.body)) {
    schedule_plans_of_topic(state_.topic(expanded->topic)->name);
  } else if (const auto* deleted = std::get_if<domain::TopicDeleted>(&event.body)) {
    ends_.forget(deleted->topic);
    schedule_plans_of_topic(deleted->name);
  }
}

std::uint64_t Pipeline::Implementation::wake_in_ms() const {
  constexpr std::uint64_t kMostMs = 250;
  constexpr std::uint64_t kLeastMs = 1;         // a deadline that waits for a socket must not spin
  if (journal_.storage_full()) return kMostMs;  // what is due waits for room
  if (!overruled_.empty()) return kLeastMs;
  if (under_way_.ready_after({}, journal_.durable_sequence())) return kLeastMs;
  std::uint64_t wake_ms = kMostMs;
  std::optional<std::uint64_t> quiet_until_ms;
  if (state_.quiet_time_ms != 0) quiet_until_ms = quiet_until_ms_;
  for (const auto due_ms : {sessions_.next_due_ms(), plans_.next_due_ms(),
                            leader_deadlines_.next_due_ms(), quiet_until_ms}) {
    if (!due_ms) continue;
    const std::uint64_t now = session_clock_.now_ms();
    wake_ms = std::min(wake_ms, *due_ms > now ? *due_ms - now : 0);
  }
  return std::max(wake_ms, kLeastMs);
}

void Pipeline::Implementation::begin_shutdown() {
  if (std::exchange(stopping_, true)) return;
  for (auto& [id, connection] : connections_) {
    if (!connection->closing) say_goodbye(*connection);
  }
}

void Pipeline::Implementation::say_goodbye(Connection& connection) {
  constexpr std::uint64_t kLeastMs = 100;
  constexpr std::uint64_t kSpreadMs = 900;  // so that not everybody comes back at once
  close(connection,
        {.code = ErrorCode::kShuttingDown,
         .message = "The server is stopping: connect again in a moment.",
         .retry_after_ms = static_cast<std::uint32_t>(kLeastMs + entropy_.draw() % kSpreadMs)});
}

}  // namespace muster::coordinator
