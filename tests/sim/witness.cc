#include "tests/sim/witness.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace muster::sim {
namespace {

constexpr std::size_t kHeaderBytes = 4;

bool is_request(std::string_view frame) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size());
  return verifier.VerifyBuffer<wire::Request>();
}

/// While the disk is nearly full only what gives room or ends work is decided.
bool may_use_reserve(const domain::Event& event) {
  return std::holds_alternative<domain::MemberLeft>(event.body) ||
         std::holds_alternative<domain::PartitionsReleased>(event.body) ||
         std::holds_alternative<domain::PartitionsFenced>(event.body) ||
         std::holds_alternative<domain::PartitionsGranted>(event.body) ||
         std::holds_alternative<domain::OffsetsCommitted>(event.body);
}

}  // namespace

/// Behind its header no frame begins where FlatBuffers may read: the copy does.
const wire::ServerMessage* Witness::message_in(std::string_view frame) {
  frame.remove_prefix(kHeaderBytes);
  message_.assign(frame.begin(), frame.end());
  flatbuffers::Verifier verifier(message_.data(), message_.size());
  const bool valid = verifier.VerifyBuffer<wire::ServerMessage>();
  verdict_.require(valid, "well-formed", "The coordinator wrote a message that does not verify.");
  return valid ? flatbuffers::GetRoot<wire::ServerMessage>(message_.data()) : nullptr;
}

const wire::Request& Witness::Asked::request() const {
  return *flatbuffers::GetRoot<wire::Request>(frame.data());
}

/// A new process: nobody is bound, everybody has a whole session.
void Witness::server_started(const Disk& disk) {
  staged_plans_.clear();
  disk_ = &disk;
  conversations_.clear();
  joins_.clear();
  started_ms_ = awake_ms();
  for (const auto& group : model_.all_groups()) {
    if (group->died == 0 && group->reset.now().begun != 0) {
      coverage_.fault(Fault::kResetAcrossRestart);
    }
  }
  for (auto& [seat, watch] : watches_) {
    watch = {.incarnation = watch.incarnation, .since_ms = started_ms_};
  }
  for (auto& [token, since_ms] : asked_back_ms_) since_ms = started_ms_;
  for (auto& [group, since_ms] : rounds_ms_) since_ms = started_ms_;
  submitted_.clear();
  seated_by_.clear();
}

void Witness::restored() {
  watches_.clear();
  asked_back_ms_.clear();
  rounds_ms_.clear();
  durable_plans_.clear();
  in_slices_.clear();
}

/// It is counted from the start, as long as the coordinator is awake.
void Witness::check_quiet_time() {
  const std::uint64_t passed_ms = awake_ms() - started_ms_;
  verdict_.require(passed_ms + 1 >= model_.quiet_time_ms(), "single-owner", "The quiet time ends ",
                   passed_ms, " ms after the start; it is of ", model_.quiet_time_ms(), " ms.");
}

void Witness::delivered(ConnectionId id, std::string_view bytes) {
  Conversation& conversation = conversations_[id];
  if (!conversation.doomed) conversation.heard_ms = awake_ms();
  conversation.partial += bytes;
  std::size_t start = 0;
  while (conversation.partial.size() - start >= kHeaderBytes) {
    std::uint32_t length = 0;
    std::memcpy(&length, conversation.partial.data() + start, sizeof(length));
    if (conversation.partial.size() - start - kHeaderBytes < length) break;
    ask(conversation, conversation.partial.substr(start + kHeaderBytes, length));
    start += kHeaderBytes + length;
  }
  conversation.partial.erase(0, start);
}

void Witness::resumed(ConnectionId id) {
  Conversation& conversation = conversations_[id];
  conversation.paused = false;
  conversation.heard_ms = awake_ms();
}

void Witness::ask(Conversation& conversation, std::string frame) {
  if (!is_request(frame)) {
    conversation.doomed = true;
    return;
  }
  Asked asked{.durable = model_.sequence(), .number = ++last_number_, .frame = std::move(frame)};
  const wire::Request& request = asked.request();
  asked.correlation_id = request.correlation_id();
  coverage_.request(static_cast<std::size_t>(request.body_type()));
  if (const wire::Detach* detach = request.body_as_Detach()) {
    joins_[{detach->group()->str(), detach->member_id()->str()}].last_lost = asked.number;
  }
  const bool twice = std::ranges::any_of(conversation.asked, [&](const Asked& other) {
    return other.correlation_id == asked.correlation_id;
  });
  conversation.doomed |= twice || asked.correlation_id == 0;
  if (asked.correlation_id != 0) conversation.asked.push_back(std::move(asked));
}

void Witness::wrote(ConnectionId id, std::string_view frame) {
  const wire::ServerMessage* written = message_in(frame);
  if (written == nullptr) return;
  const wire::ServerMessage& message = *written;
  trace_.say(schedule_.now_us(), "connection ", id,
             " is told: ", wire::EnumNameServerBody(message.body_type()));
  const Sequence at = message.sequence();
  Conversation& conversation = conversations_[id];
  coverage_.message(static_cast<std::size_t>(message.body_type()));
  verdict_.require(at <= disk_->durable_sequence(), "durable-before-visible", "A ",
                   wire::EnumNameServerBody(message.body_type()), " that reflects ", at,
                   " leaves while ", disk_->durable_sequence(), " is durable.");
  verdict_.require(at >= conversation.last_sequence, "messages-in-order", "A ",
                   wire::EnumNameServerBody(message.body_type()), " that reflects ", at,
                   " follows one that reflects ", conversation.last_sequence, ".");
  if (verdict_.violated()) return;
  conversation.last_sequence = at;
  if (message.correlation_id() == 0) return check_push(id, message);

  const auto asked =
      std::ranges::find(conversation.asked, message.correlation_id(), &Asked::correlation_id);
  const bool known = asked != conversation.asked.end();
  verdict_.require(known, "one-reply", "A reply to correlation id ", message.correlation_id(),
                   " that was not asked, or answered before.");
  if (!known) return;
  const Asked answered = std::move(*asked);
  conversation.asked.erase(asked);
  verdict_.require(at >= answered.durable, "reads-are-fresh", "A reply reflects ", at, " although ",
                   answered.durable, " was durable when it was asked.");
  check_reply(id, answered, message);
}

void Witness::connection_ended(ConnectionId id) {
  for (auto& [seat, watch] : watches_) {
    if (watch.connection != id) continue;
    watch = {.incarnation = watch.incarnation, .ended = true, .since_ms = awake_ms()};
  }
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) return;
  for (const Asked& asked : found->second.asked) {
    if (const wire::Join* join = asked.request().body_as_Join()) {
      joins_[{join->group()->str(), join->member_id()->str()}].last_lost = last_number_;
    }
  }
  conversations_.erase(found);
}

// ---- deadlines ---------------------------------------------------------------------------------

bool Witness::is_certain(const MemberName& member) const {
  const auto found = joins_.find(member);
  // Where reading was paused, a request is carried out after others that came later: only what was
  // asked when nothing was to come any more has the last word.
  return found == joins_.end() || found->second.last_answered > found->second.last_lost;
}

std::uint64_t Witness::silence_ms(const Watch& watch) const {
  std::uint64_t since_ms = watch.since_ms;
  if (watch.connection != 0) {
    const auto conversation = conversations_.find(watch.connection);
    if (conversation != conversations_.end()) {
      since_ms = std::max(since_ms, conversation->second.heard_ms);
    }
  }
  return awake_ms() - since_ms;
}

void Witness::staged(const StagedUnit& unit, bool storage_full) {
  for (const domain::Event& event : unit.events) {
    verdict_.require(!storage_full || may_use_reserve(event), "storage-full", "A ",
                     domain::event_name(event.body), " was decided while the disk is full.");
    const bool leaves = std::holds_alternative<domain::MemberLeft>(event.body) ||
                        std::holds_alternative<domain::MemberExpired>(event.body);
    if (leaves) left_ms_[std::string(domain::event_group(event.body))] = awake_ms();
    if (const auto* expired = std::get_if<domain::MemberExpired>(&event.body)) {
      check_expiry(*expired);
    } else if (const auto* replaced = std::get_if<domain::MemberReplaced>(&event.body)) {
      check_replacement(*replaced);
      note_seated({replaced->group, replaced->member_id}, replaced->incarnation);
    } else if (const auto* joined = std::get_if<domain::MemberJoined>(&event.body)) {
      note_seated({joined->group, joined->member_id}, joined->incarnation);
    } else if (const auto* fenced = std::get_if<domain::PartitionsFenced>(&event.body)) {
      check_fencing(*fenced);
    } else if (const auto* expiry = std::get_if<domain::OffsetsExpired>(&event.body)) {
      check_retention(*expiry);
    } else if (std::holds_alternative<domain::QuietTimeEnded>(event.body)) {
      check_quiet_time();
    } else if (const auto* plan = std::get_if<domain::PlanMade>(&event.body)) {
      check_plan(unit, *plan);
    }
  }
}

void Witness::check_expiry(const domain::MemberExpired& event) {
  const auto watch = watches_.find(event.seat);
  const GroupFacts* group = model_.group_now(event.group);
  if (watch == watches_.end() || group == nullptr || !group->live.contains(event.seat)) return;
  if (!is_certain({event.group, event.member_id})) return;
  const Occupant& occupant = group->seats.at(event.seat).occupant.now();
  const std::uint32_t timeout_ms =
      watch->second.ended ? occupant.disconnect_grace_ms : occupant.session_timeout_ms;
  const std::uint64_t silent_ms = silence_ms(watch->second);
  verdict_.require(silent_ms + 1 >= timeout_ms, "patient-coordinator", "Member ", event.member_id,
                   " of group ", event.group, " expired after ", silent_ms, " ms of silence, ",
                   watch->second.ended ? "disconnected" : "connected", "; it has ", timeout_ms,
                   " ms.");
}

/// "At once if the old connection was seen to end in this run, otherwise when the old lease can
/// have ended, or on the operator's word."
void Witness::check_replacement(const domain::MemberReplaced& event) {
  const auto watch = watches_.find(event.seat);
  const GroupFacts* group = model_.group_now(event.group);
  if (watch == watches_.end() || group == nullptr || !group->live.contains(event.seat)) return;
  const MemberName member{event.group, event.member_id};
  const std::vector<const Asked*> replacing = outstanding_joins(member, event.incarnation);
  const bool takes_over = std::ranges::any_of(
      replacing, [](const Asked* asked) { return asked->request().body_as_Join()->takeover(); });
  if (takes_over) return coverage_.fault(Fault::kTakeover);
  if (replacing.empty()) return;
  // Whoever was seated a moment ago, and has not even been told, holds a fresh lease.
  const auto seated = seated_by_.find({member, event.former_incarnation});
  const bool untold =
      seated != seated_by_.end() &&
      std::ranges::any_of(outstanding_joins(member, event.former_incarnation),
                          [&](const Asked* former) { return former->number == seated->second; });
  const bool fresh = watch->second.incarnation != event.former_incarnation && untold &&
                     seated->second < replacing.front()->number;
  verdict_.require(!fresh, "lease-before-replacement", "Member ", event.member_id, " of group ",
                   event.group, ", incarnation ", event.former_incarnation,
                   ", was replaced by incarnation ", event.incarnation,
                   " before it was told that it has the seat.");
  if (watch->second.incarnation != event.former_incarnation) return;
  if (watch->second.ended || !is_certain(member)) return;
  const std::uint32_t lease_ms = group->seats.at(event.seat).occupant.now().lease_ms();
  const std::uint64_t silent_ms = silence_ms(watch->second);
  verdict_.require(silent_ms + 1 >= lease_ms, "lease-before-replacement", "Member ",
                   event.member_id, " of group ", event.group, " was replaced after ", silent_ms,
                   " ms of silence; its lease is ", lease_ms, " ms.");
}

std::vector<const Witness::Asked*> Witness::outstanding_joins(const MemberName& member,
                                                              Incarnation incarnation) const {
  std::vector<const Asked*> joins;
  for (const auto& [id, conversation] : conversations_) {
    for (const Asked& asked : conversation.asked) {
      const wire::Join* join = asked.request().body_as_Join();
      if (join == nullptr || join->incarnation() != incarnation) continue;
      if (join->group()->str() == member.first && join->member_id()->str() == member.second) {
        joins.push_back(&asked);
      }
    }
  }
  return joins;
}

/// One of several may have been refused before, and wait for its reply.
void Witness::note_seated(const MemberName& member, Incarnation incarnation) {
  const std::vector<const Asked*> joins = outstanding_joins(member, incarnation);
  if (joins.size() == 1) {
    seated_by_[{member, incarnation}] = joins.front()->number;
  } else {
    seated_by_.erase({member, incarnation});
  }
}

void Witness::check_fencing(const domain::PartitionsFenced& event) {
  const GroupFacts* group = model_.group_now(event.group);
  if (group == nullptr || !group->live.contains(event.seat)) return;
  const std::uint32_t timeout_ms = group->seats.at(event.seat).occupant.now().rebalance_timeout_ms;
  for (const domain::TokenRef& token : event.tokens) {
    const auto since = asked_back_ms_.find({token.fence, token.at});
    verdict_.require(since != asked_back_ms_.end(), "fenced-after-revoke", "Partition ",
                     token.at.partition, " is fenced before its plan is durable.");
    if (since == asked_back_ms_.end()) return;
    const std::uint64_t passed_ms = awake_ms() - since->second;
    verdict_.require(passed_ms + 1 >= timeout_ms, "patient-coordinator", "Member ", event.member_id,
                     " had ", passed_ms, " ms to release partition ", token.at.partition,
                     " of group ", event.group, "; it has ", timeout_ms, " ms.");
  }
}

void Witness::durable(const StagedUnit& unit) {
  note_round(unit);
  for (std::size_t i = 0; i < unit.events.size(); ++i) {
    const domain::EventBody& body = unit.events[i].body;
    if (const auto* joined = std::get_if<domain::MemberJoined>(&body)) {
      watches_[unit.first + i] = {.incarnation = joined->incarnation, .since_ms = awake_ms()};
    } else if (const auto* left = std::get_if<domain::MemberLeft>(&body)) {
      watches_.erase(left->seat);
    } else if (const auto* expired = std::get_if<domain::MemberExpired>(&body)) {
      watches_.erase(expired->seat);
    } else if (const auto* plan = std::get_if<domain::PlanMade>(&body)) {
      note_asked_back(plan->group, plan->revoking);
    }
    note_offsets(body);
  }
}

}  // namespace muster::sim
