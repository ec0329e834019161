// Bare successes and refusals: each must be true of the state at its sequence.

#include <optional>

#include "domain/errors.h"
#include "tests/sim/asked_offsets.h"
#include "tests/sim/witness.h"

namespace muster::sim {
namespace {

/// Group and member that a request speaks for; an operator's, of whatever incarnation.
struct Speaker {
  std::string group;
  std::string member_id;
  std::optional<Incarnation> incarnation;
};

template <typename Body>
Speaker speaker_of(const Body& body) {
  return {.group = body.group()->str(),
          .member_id = body.member_id()->str(),
          .incarnation = body.incarnation()};
}

Speaker speaker_of(const wire::Request& request) {
  if (const auto* body = request.body_as_Join()) return speaker_of(*body);
  if (const auto* body = request.body_as_Heartbeat()) return speaker_of(*body);
  if (const auto* body = request.body_as_Release()) return speaker_of(*body);
  if (const auto* body = request.body_as_Leave()) return speaker_of(*body);
  if (const auto* body = request.body_as_Detach()) return speaker_of(*body);
  if (const auto* body = request.body_as_Holdings()) return speaker_of(*body);
  if (const auto* body = request.body_as_SubmitPlan()) return speaker_of(*body);
  if (const auto* body = request.body_as_RemoveMember()) {
    return {.group = body->group()->str(), .member_id = body->member_id()->str()};
  }
  if (const auto* body = request.body_as_DrainMember()) {
    return {.group = body->group()->str(), .member_id = body->member_id()->str()};
  }
  return {};
}

}  // namespace

/// What an operator set on a group, and the plan of a leader.
bool Witness::is_set(const wire::Request& request, Sequence at) const {
  if (const auto* configure = request.body_as_ConfigureGroup()) {
    const GroupFacts* group = model_.group_at(configure->group()->str(), at);
    const bool strategy = configure->strategy() != nullptr && configure->strategy()->size() > 0;
    const bool most = configure->max_members() >= 0;
    if (group == nullptr) return false;  // it is created, even when nothing is set
    const GroupSettings& settings = group->settings.at(at);
    const std::int64_t kept_ms = configure->offset_retention_ms();
    return (kept_ms < 0 || settings.offset_retention_ms == static_cast<std::uint64_t>(kept_ms)) &&
           (!strategy || settings.strategy == configure->strategy()->str()) &&
           (!most || settings.max_members == static_cast<std::uint32_t>(configure->max_members()));
  }
  if (const auto* freeze = request.body_as_FreezeGroup()) {
    const GroupFacts* group = model_.group_at(freeze->group()->str(), at);
    return group != nullptr && group->settings.at(at).frozen == freeze->frozen();
  }
  if (const auto* drain = request.body_as_DrainMember()) {
    const GroupFacts* group = model_.group_at(drain->group()->str(), at);
    return group != nullptr && group->drains(drain->member_id()->str(), at) == drain->draining();
  }
  if (const auto* pin = request.body_as_PinPartition()) {
    const GroupFacts* group = model_.group_at(pin->group()->str(), at);
    const TopicFacts* topic = model_.topic_at(pin->topic()->str(), at);
    const std::string member_id = pin->member_id() == nullptr ? "" : pin->member_id()->str();
    return group != nullptr && topic != nullptr &&
           group->pin_of({topic->id, pin->partition()}, at) == member_id;
  }
  if (const auto* plan = request.body_as_SubmitPlan()) {
    const GroupFacts* group = model_.group_at(plan->group()->str(), at);
    return group != nullptr && group->wanted.at(at).sequence == 0 &&
           group->wanted.any_until(
               at, [&](const Wanted& wanted) { return wanted.sequence == plan->membership(); });
  }
  return true;
}

void Witness::check_done(const wire::Request& request, Sequence at) {
  const auto gone = [&](const std::string& group_name, const std::string& member,
                        std::optional<Incarnation> incarnation) {
    const GroupFacts* group = model_.group_at(group_name, at);
    const SeatFacts* seat = group == nullptr ? nullptr : group->seat_at(member, at, nullptr);
    return seat == nullptr || (incarnation && seat->occupant.at(at).incarnation != *incarnation);
  };
  bool done = true;
  if (const auto* leave = request.body_as_Leave()) {
    done = gone(leave->group()->str(), leave->member_id()->str(), leave->incarnation());
  } else if (const auto* remove = request.body_as_RemoveMember()) {
    done = gone(remove->group()->str(), remove->member_id()->str(), std::nullopt);
  } else if (const auto* create = request.body_as_CreateTopic()) {
    const TopicFacts* topic = model_.topic_at(create->name()->str(), at);
    done = topic != nullptr && topic->partitions.at(at) == create->partitions();
  } else if (const auto* expand = request.body_as_ExpandTopic()) {
    const TopicFacts* topic = model_.topic_at(expand->name()->str(), at);
    done = topic != nullptr && topic->partitions.at(at) == expand->partitions();
  } else if (const auto* erase = request.body_as_DeleteTopic()) {
    done = model_.topic_at(erase->name()->str(), at) == nullptr;
  } else if (const auto* disband = request.body_as_DeleteGroup()) {
    done = model_.group_at(disband->group()->str(), at) == nullptr;
  } else {
    done = is_set(request, at);
  }
  verdict_.require(done, "no-loss", "A ", wire::EnumNameRequestBody(request.body_type()),
                   " is acknowledged at ", at, " and is not durable.");
}

/// A refusal is a claim about the state, too.
void Witness::check_refusal(const wire::Error& error, const wire::Request& request, Sequence at) {
  coverage_.refusal(error.code());
  const Speaker speaker = speaker_of(request);
  const GroupFacts* group = model_.group_at(speaker.group, at);
  const SeatFacts* seat =
      group == nullptr ? nullptr : group->seat_at(speaker.member_id, at, nullptr);
  const Incarnation seated = seat == nullptr ? 0 : seat->occupant.at(at).incarnation;
  bool justified = true;
  switch (static_cast<ErrorCode>(error.code())) {
    case ErrorCode::kInternalError:
      justified = false;
      break;
    case ErrorCode::kUnknownResource:
      justified = names_unknown_resource(request, at);
      break;
    case ErrorCode::kLimitReached:
      justified = is_over_limit(request, at);
      break;
    case ErrorCode::kMetadataTooLarge:
      justified = has_too_much_metadata(request);
      break;
    case ErrorCode::kInvalidPartitionCount:
      justified = is_wrong_count(request, at);
      break;
    case ErrorCode::kUnknownMember:
      justified = seated == 0 || (speaker.incarnation && seated != *speaker.incarnation);
      break;
    case ErrorCode::kMemberIdInUse:
      justified = seated != 0 && seated != speaker.incarnation && error.retry_after_ms() > 0 &&
                  error.retry_after_ms() <= seat->occupant.at(at).lease_ms();
      break;
    case ErrorCode::kMemberRemoved:
      justified = seated == 0 || seated != speaker.incarnation;
      break;
    case ErrorCode::kFenced:
      if (const auto* commit = request.body_as_Commit()) {
        const GroupFacts* of = model_.group_at(commit->group()->str(), at);
        justified = false;
        for (const AskedOffset& asked : asked_offsets(*commit)) {
          const PartitionFacts* facts =
              of == nullptr ? nullptr : partition_at(*of, asked.topic, asked.partition, at);
          const FencingToken current = facts == nullptr ? 0 : facts->ownership.at(at).token;
          justified |= current != asked.fence && error.current_fence() == current;
        }
      } else {
        justified = seated == 0 || seated != speaker.incarnation;
      }
      break;
    case ErrorCode::kPartitionOwned:
      if (const auto* commit = request.body_as_Commit()) {
        const GroupFacts* of = model_.group_at(commit->group()->str(), at);
        justified = false;
        for (const AskedOffset& asked : asked_offsets(*commit)) {
          const PartitionFacts* facts =
              of == nullptr ? nullptr : partition_at(*of, asked.topic, asked.partition, at);
          justified |= facts != nullptr && facts->ownership.at(at).owner != kNobody;
        }
      }
      break;
    case ErrorCode::kTopicExists:
      justified = model_.topic_at(request.body_as_CreateTopic()->name()->str(), at) != nullptr;
      break;
    case ErrorCode::kGroupNotEmpty: {
      const wire::ResetOffsets* reset = request.body_as_ResetOffsets();
      const auto* name = reset != nullptr ? reset->group() : request.body_as_DeleteGroup()->group();
      const GroupFacts* of = model_.group_at(name->str(), at);
      justified =
          of != nullptr && of->member_count.at(at) > 0 && (reset == nullptr || !reset->live());
      break;
    }
    case ErrorCode::kOffsetConflict:
      justified = conflicts(*request.body_as_Commit(), at);
      break;
    case ErrorCode::kGroupSubscribed: {
      const wire::DeleteOffsets* erase = request.body_as_DeleteOffsets();
      const GroupFacts* of = model_.group_at(erase->group()->str(), at);
      justified = of != nullptr && of->subscribes(erase->topic()->str(), at);
      break;
    }
    case ErrorCode::kResetUnderWay: {
      const auto* name = request.body_as_ResetOffsets()->group();
      const GroupFacts* of = model_.group_at(name->str(), at);
      justified = of != nullptr && of->reset.at(at).begun != 0;
      break;
    }
    case ErrorCode::kInvalidStrategy:
      justified = request.body_as_ConfigureGroup()->strategy()->str() == "no such strategy";
      break;
    case ErrorCode::kGroupFull:
      justified = seated == 0 && group != nullptr && group->settings.at(at).max_members > 0 &&
                  group->member_count.at(at) >= group->settings.at(at).max_members;
      break;
    case ErrorCode::kNotLeader:
      justified = group != nullptr && group->wanted.at(at).sequence != 0 && seated != 0 &&
                  group->seats.at(group->wanted.at(at).seat).member_id != speaker.member_id;
      break;
    case ErrorCode::kInvalidPlan: {
      const wire::SubmitPlan& plan = *request.body_as_SubmitPlan();
      justified = group != nullptr && group->wanted.at(at).sequence == plan.membership() &&
                  !wrong_with(plan, *group, at).empty();
      break;
    }
    default:
      break;
  }
  verdict_.require(justified, "replies-are-true", "A ",
                   wire::EnumNameRequestBody(request.body_type()), " is refused with ",
                   error.name()->str(), " at ", at, ", which is not so.");
}

}  // namespace muster::sim
