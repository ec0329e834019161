// Replies, held against the model at the sequence that they reflect.

#include <algorithm>
#include <utility>

#include "domain/errors.h"
#include "domain/state.h"
#include "tests/sim/asked_offsets.h"
#include "tests/sim/witness.h"

namespace muster::sim {

const PartitionFacts* Witness::partition_at(const GroupFacts& group, const std::string& topic,
                                            PartitionIndex index, Sequence at) const {
  const TopicFacts* facts = model_.topic_at(topic, at);
  if (facts == nullptr || index < 0 || index >= facts->partitions.at(at)) return nullptr;
  return &group.partition({facts->id, index});
}

void Witness::check_reply(ConnectionId id, const Asked& asked, const wire::ServerMessage& message) {
  const Sequence at = message.sequence();
  const wire::Request& request = asked.request();
  if (const wire::Join* join = request.body_as_Join()) {
    const MemberName member{join->group()->str(), join->member_id()->str()};
    Joins& joins = joins_[member];
    if (const wire::JoinReply* reply = message.body_as_JoinReply()) {
      joins.last_answered = asked.number;
      check(*reply, *join, at);
      const GroupFacts* group = model_.group_at(member.first, at);
      SeatId seat = kNobody;
      if (group != nullptr) (void)group->seat_at(member.second, at, &seat);
      const auto watch = watches_.find(seat);
      if (watch != watches_.end()) {
        watch->second = {
            .connection = id, .incarnation = join->incarnation(), .since_ms = awake_ms()};
      }
      return;
    }
  }
  if (const wire::Detach* detach = request.body_as_Detach()) {
    joins_[{detach->group()->str(), detach->member_id()->str()}].last_lost = last_number_;
  }
  switch (message.body_type()) {
    case wire::ServerBody::Error:
      return check_refusal(*message.body_as_Error(), request, at);
    case wire::ServerBody::Done:
      return check_done(request, at);
    case wire::ServerBody::HelloReply:
      return;
    case wire::ServerBody::TopicReply:
      return check_topic(*message.body_as_TopicReply()->topic(), at);
    case wire::ServerBody::TopicsReply:
      for (const wire::TopicInfo* topic : *message.body_as_TopicsReply()->topics()) {
        check_topic(*topic, at);
      }
      return;
    case wire::ServerBody::JoinReply: {
      const wire::Holdings* holdings = request.body_as_Holdings();
      const GroupFacts* group = model_.group_at(holdings->group()->str(), at);
      SeatId seat = kNobody;
      if (group != nullptr) (void)group->seat_at(holdings->member_id()->str(), at, &seat);
      if (seat != kNobody) check_held(*message.body_as_JoinReply(), *group, seat, at, false);
      return;
    }
    case wire::ServerBody::HeartbeatReply: {
      const wire::Heartbeat* beat = request.body_as_Heartbeat();
      const GroupFacts* group = model_.group_at(beat->group()->str(), at);
      const SeatFacts* seat =
          group == nullptr ? nullptr : group->seat_at(beat->member_id()->str(), at, nullptr);
      return verdict_.require(
          seat != nullptr && seat->occupant.at(at).incarnation == beat->incarnation(),
          "durable-before-visible", "A heartbeat of ", beat->member_id()->str(),
          " is acknowledged, who is durably no member.");
    }
    case wire::ServerBody::ReleaseReply:
      return check(*message.body_as_ReleaseReply(), *request.body_as_Release(), at);
    case wire::ServerBody::CommitReply:
      return check(*message.body_as_CommitReply(), *request.body_as_Commit(), at);
    case wire::ServerBody::OffsetsChangedReply:
      return check(*message.body_as_OffsetsChangedReply(), request, at);
    case wire::ServerBody::OffsetsReply:
      return check(*message.body_as_OffsetsReply(), *request.body_as_FetchOffsets(), at);
    case wire::ServerBody::FenceReply:
      return check(*message.body_as_FenceReply(), *request.body_as_CheckFence(), at);
    case wire::ServerBody::GroupsReply:
      for (const wire::GroupInfo* group : *message.body_as_GroupsReply()->groups()) {
        check_group(*group, at);
      }
      return;
    case wire::ServerBody::GroupReply:
      return check(*message.body_as_GroupReply(), at);
    case wire::ServerBody::MembersReply:
      return check_members(*message.body_as_MembersReply(), *request.body_as_ListMembers(), at);
    case wire::ServerBody::PartitionsReply:
      return check(*message.body_as_PartitionsReply(), *request.body_as_ListPartitions(), at);
    case wire::ServerBody::EventsReply:
      return check(*message.body_as_EventsReply(), *request.body_as_ListEvents(), at);
    case wire::ServerBody::StatusReply:
      return check(*message.body_as_StatusReply(), at);
    default:
      verdict_.require(false, "one-reply", "A ", wire::EnumNameServerBody(message.body_type()),
                       " answers a request.");
  }
}

void Witness::check(const wire::JoinReply& reply, const wire::Join& request, Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  SeatId id = kNobody;
  const SeatFacts* seat =
      group == nullptr ? nullptr : group->seat_at(request.member_id()->str(), at, &id);
  const bool seated = seat != nullptr && seat->occupant.at(at).incarnation == request.incarnation();
  verdict_.require(seated, "no-loss", "A join of ", request.member_id()->str(), " to ",
                   request.group()->str(), " is granted at ", at, ", but no such seat is durable.");
  if (!seated) return;
  const Occupant& occupant = seat->occupant.at(at);
  verdict_.require(reply.lease_ms() == occupant.lease_ms() &&
                       reply.session_timeout_ms() == occupant.session_timeout_ms &&
                       reply.heartbeat_interval_ms() * 3 <= reply.lease_ms(),
                   "one-lease", "The lease of ", request.member_id()->str(), " is said to be ",
                   reply.lease_ms(), " ms, not ", occupant.lease_ms(), ".");
  verdict_.require(reply.generation() == group->generation.at(at) &&
                       reply.member_count() == group->member_count.at(at) &&
                       reply.leader()->str() == group->seats.at(group->leader.at(at)).member_id,
                   "replies-are-true", "The reply to a join at ", at,
                   " has another generation, leader or number of members than the group.");
  check_held(reply, *group, id, at, !reply.more());
}

void Witness::check_held(const wire::JoinReply& reply, const GroupFacts& group, SeatId seat,
                         Sequence at, bool whole) {
  std::uint32_t held = 0;
  for (const wire::GrantedTopic* topic : *reply.held()) {
    for (const wire::GrantedPartition* granted : *topic->partitions()) {
      ++held;
      const PartitionFacts* facts =
          partition_at(group, topic->topic()->str(), granted->partition(), at);
      const Ownership now = facts == nullptr ? Ownership() : facts->ownership.at(at);
      verdict_.require(now.owner == seat && now.token == granted->fence() &&
                           now.revoking == granted->revoking() &&
                           facts->commits.at(at).offset == granted->committed(),
                       "replies-are-true", "A join's reply at ", at, " lists token ",
                       granted->fence(), " of ", topic->topic()->str(), "/", granted->partition(),
                       "; the model has token ", now.token, " of seat ", now.owner, ".");
    }
  }
  verdict_.require(!whole || held == group.seats.at(seat).held.at(at), "replies-are-true",
                   "A join's reply at ", at, " lists ", held, " partitions of ",
                   group.seats.at(seat).held.at(at), ".");
}

void Witness::check_committed(const GroupFacts* group, const std::string& topic,
                              PartitionIndex index, std::int64_t offset, FencingToken fence,
                              bool superseded, Sequence at) {
  const PartitionFacts* facts = group == nullptr ? nullptr : partition_at(*group, topic, index, at);
  const bool durable = facts != nullptr && facts->commits.any_until(at, [&](const Committed& one) {
    return one.fence == fence && (superseded ? one.offset > offset : one.offset == offset);
  });
  verdict_.require(durable, "no-loss", "A commit of ", offset, " for ", topic, "/", index,
                   " under token ", fence, " is acknowledged at ", at, " and is not durable.");
}

void Witness::check(const wire::CommitReply& reply, const wire::Commit& request, Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  const std::vector<AskedOffset> asked = asked_offsets(request);
  verdict_.require(reply.outcomes()->size() == asked.size(), "one-reply", "A commit of ",
                   asked.size(), " offsets has ", reply.outcomes()->size(), " outcomes.");
  if (verdict_.violated()) return;
  for (flatbuffers::uoffset_t i = 0; i < asked.size(); ++i) {
    const auto outcome = static_cast<wire::CommitOutcome>(reply.outcomes()->Get(i));
    check_committed(group, asked[i].topic, asked[i].partition, asked[i].offset, asked[i].fence,
                    outcome == wire::CommitOutcome::superseded, at);
  }
}

void Witness::check(const wire::ReleaseReply& reply, const wire::Release& request, Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  if (group == nullptr) return;
  for (flatbuffers::uoffset_t i = 0; i < request.items()->size(); ++i) {
    const wire::ReleaseItem& item = *request.items()->Get(i);
    const wire::ReleaseResult& result = *reply.results()->Get(i);
    const PartitionFacts* facts = partition_at(*group, item.topic()->str(), item.partition(), at);
    const FencingToken current = facts == nullptr ? 0 : facts->ownership.at(at).token;
    // A replaced or absent member may present a token that is another's by now.
    SeatId id = kNobody;
    const SeatFacts* seat = group->seat_at(request.member_id()->str(), at, &id);
    const bool own = seat != nullptr && facts != nullptr &&
                     seat->occupant.at(at).incarnation == request.incarnation() &&
                     facts->ownership.at(at).owner == id;
    verdict_.require(item.fence() == 0 || current != item.fence() || !own, "no-loss",
                     "A release of ", item.topic()->str(), "/", item.partition(),
                     " is answered at ", at, " while its token is still current.");
    const bool committed =
        result.released() && (result.commit() == wire::CommitOutcome::applied ||
                              result.commit() == wire::CommitOutcome::superseded);
    if (committed) {
      check_committed(group, item.topic()->str(), item.partition(), item.offset(), item.fence(),
                      result.commit() == wire::CommitOutcome::superseded, at);
    }
  }
}

void Witness::check(const wire::OffsetsReply& reply, const wire::FetchOffsets& request,
                    Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  verdict_.require(group != nullptr, "replies-are-true", "Offsets of group ",
                   request.group()->str(), " are told, which is not there at ", at, ".");
  if (group == nullptr) return;
  for (const wire::CommittedOffset* told : *reply.offsets()) {
    const PartitionFacts* facts = partition_at(*group, told->topic()->str(), told->partition(), at);
    const Committed committed = facts == nullptr ? Committed() : facts->commits.at(at);
    const std::string metadata = told->metadata() == nullptr ? "" : told->metadata()->str();
    verdict_.require(committed.offset == told->offset() && committed.metadata == metadata &&
                         (told->offset() < 0 || committed.fence == told->fence()),
                     "replies-are-true", "Offset ", told->offset(), " of ", told->topic()->str(),
                     "/", told->partition(), " is told at ", at, "; committed is ",
                     committed.offset, ".");
  }
}

void Witness::check(const wire::FenceReply& reply, const wire::CheckFence& request, Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  const PartitionFacts* facts =
      group == nullptr ? nullptr
                       : partition_at(*group, request.topic()->str(), request.partition(), at);
  const FencingToken token = facts == nullptr ? 0 : facts->ownership.at(at).token;
  verdict_.require(
      reply.current_fence() == token && reply.current() == (token != 0 && token == request.fence()),
      "replies-are-true", "Token ", request.fence(), " is said to be ",
      reply.current() ? "current" : "ended", " at ", at, "; current is ", token, ".");
}

void Witness::check(const wire::StatusReply& reply, Sequence at) {
  verdict_.require(reply.sequence() == at, "replies-are-true", "Status at ", at,
                   " speaks of sequence ", reply.sequence(), ".");
  const std::uint64_t digest = disk_->digest_at(at);
  verdict_.require(at == 0 || reply.state_digest()->str() == domain::digest_text(digest),
                   "one-fold", "Status at ", at, " has another digest than the second fold had.");
}

void Witness::check_group(const wire::GroupInfo& info, Sequence at) {
  const GroupFacts* group = model_.group_at(info.name()->str(), at);
  verdict_.require(group != nullptr, "replies-are-true", "Group ", info.name()->str(),
                   " is told of at ", at, ", which is not there.");
  if (group == nullptr) return;
  const GroupSettings& settings = group->settings.at(at);
  const SeatId leader = group->leader.at(at);
  const std::string name = leader == kNobody ? std::string() : group->seats.at(leader).member_id;
  verdict_.require(
      info.generation() == group->generation.at(at) &&
          info.members() == group->member_count.at(at) && info.leader()->str() == name &&
          (info.members() == 0) == (info.state() == wire::GroupState::empty) &&
          info.strategy()->str() == settings.strategy &&
          info.max_members() == settings.max_members && info.frozen() == settings.frozen &&
          info.offset_retention_ms() == settings.offset_retention_ms,
      "replies-are-true", "Group ", info.name()->str(), " is described otherwise than it is at ",
      at, ".");
}

void Witness::check(const wire::GroupReply& reply, Sequence at) {
  check_group(*reply.group(), at);
  const GroupFacts* group = model_.group_at(reply.group()->name()->str(), at);
  if (group == nullptr) return;
  const Resetting& reset = group->reset.at(at);
  verdict_.require(
      reply.resetting() == reset.wanted.size() && reply.reset_sequence() == reset.begun,
      "replies-are-true", "Group ", group->name, " is said to reset ", reply.resetting(),
      " partitions at ", at, "; it resets ", reset.wanted.size(), ".");
  std::vector<std::string> told;
  for (const auto* name : *reply.draining()) told.push_back(name->str());
  std::vector<std::string> draining;
  for (const auto& [name, drains] : group->draining) {
    if (drains.at(at)) draining.push_back(name);
  }
  verdict_.require(told == draining, "replies-are-true", "Group ", group->name, " is said to have ",
                   told.size(), " draining members at ", at, "; it has ", draining.size(), ".");
}

void Witness::check(const wire::EventsReply& reply, const wire::ListEvents& request, Sequence at) {
  Sequence last = request.after_sequence();
  for (const wire::JournalEvent* event : *reply.events()) {
    verdict_.require(event->sequence() > last && event->sequence() <= reply.reached() &&
                         event->sequence() <= model_.sequence(),
                     "durable-before-visible", "Event ", event->sequence(), " is listed after ",
                     last, " at ", at, ", up to ", reply.reached(), ".");
    last = event->sequence();
  }
  if (request.after_sequence() + 1 < model_.first_sequence() && reply.events()->size() > 0) {
    coverage_.fault(Fault::kTrimmedListed);
  }
}

void Witness::check_topic(const wire::TopicInfo& info, Sequence at) {
  const TopicFacts* topic = model_.topic_at(info.name()->str(), at);
  verdict_.require(
      topic != nullptr && topic->id == info.id() && topic->partitions.at(at) == info.partitions(),
      "replies-are-true", "Topic ", info.name()->str(), " is described otherwise than it is at ",
      at, ".");
}

void Witness::check(const wire::PartitionsReply& reply, const wire::ListPartitions& request,
                    Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  for (const wire::PartitionInfo* info : *reply.partitions()) {
    const PartitionFacts* facts =
        group == nullptr ? nullptr
                         : partition_at(*group, info->topic()->str(), info->partition(), at);
    const Ownership now = facts == nullptr ? Ownership() : facts->ownership.at(at);
    const Committed committed = facts == nullptr ? Committed() : facts->commits.at(at);
    const TopicFacts* topic = model_.topic_at(info->topic()->str(), at);
    const std::string pin = group == nullptr || topic == nullptr
                                ? std::string()
                                : group->pin_of({topic->id, info->partition()}, at);
    const std::string owner = now.owner == kNobody ? "" : group->seats.at(now.owner).member_id;
    verdict_.require(info->fence() == now.token && info->revoking() == now.revoking &&
                         info->owner()->str() == owner && info->committed() == committed.offset &&
                         info->pinned_to()->str() == pin,
                     "replies-are-true", "Partition ", info->topic()->str(), "/", info->partition(),
                     " is listed otherwise than it is at ", at, ".");
  }
}

void Witness::check_members(const wire::MembersReply& reply, const wire::ListMembers& request,
                            Sequence at) {
  const GroupFacts* group = model_.group_at(request.group()->str(), at);
  for (const wire::MemberInfo* info : *reply.members()) {
    SeatId id = kNobody;
    const SeatFacts* seat =
        group == nullptr ? nullptr : group->seat_at(info->member_id()->str(), at, &id);
    const bool same = seat != nullptr && seat->occupant.at(at).incarnation == info->incarnation();
    std::uint32_t held = 0;
    for (const auto* lists : {info->owned(), info->revoking()}) {
      for (const wire::TopicPartitions* list : *lists) held += list->partitions()->size();
    }
    const auto lists = [](const auto& told, const std::vector<std::string>& names) {
      return std::ranges::equal(told, names, {}, [](const auto* one) { return one->str(); });
    };
    const Wishes wishes = same ? seat->wishes.at(at) : Wishes();
    const bool wants = lists(*info->topics(), wishes.topics) &&
                       lists(*info->patterns(), wishes.patterns) &&
                       info->computes_plans() == wishes.computes_plans;
    verdict_.require(same && held == seat->held.at(at) && wants &&
                         info->draining() == group->drains(info->member_id()->str(), at),
                     "replies-are-true", "Member ", info->member_id()->str(),
                     " is described otherwise than it is at ", at, ".");
  }
}

}  // namespace muster::sim
