#include "domain/rebuild.h"

#include <memory>

#include "domain/folding.h"
#include "domain/largest_topic.h"
#include "domain/limits.h"

namespace muster::domain {

Rebuild::Rebuild(Sequence sequence, std::uint32_t quiet_time_ms) {
  state_.sequence = sequence;
  state_.quiet_time_ms = quiet_time_ms;
  state_.digest = hash_of_quiet_time(quiet_time_ms);
}

template <typename... Pieces>
std::string Rebuild::in_group(const Pieces&... pieces) const {
  return sentence("group '", group_ == nullptr ? std::string() : group_->name, "': ", pieces...);
}

bool Rebuild::exists(TopicPartition at) const {
  const Topic* topic = state_.topic(at.topic);
  return topic != nullptr && at.partition >= 0 && at.partition < topic->partition_count;
}

Member* Rebuild::member_of(SeatId seat) const {
  const auto found = members_.find(seat);
  return found == members_.end() ? nullptr : found->second;
}

Rebuild::Contradiction Rebuild::topic(const Topic& topic) {
  if (group_ != nullptr) return sentence("topic '", topic.name, "' comes after a group");
  if (!is_past(topic.id)) return sentence("topic '", topic.name, "' has id ", topic.id);
  if (topic.partition_count < 1 || topic.partition_count > kPartitionsPerTopicMost) {
    return sentence("topic '", topic.name, "' has ", topic.partition_count, " partitions");
  }
  const std::string name = topic.name;
  const auto [place, fresh] = state_.topics.try_emplace(name, Topic(topic));
  if (!fresh) return sentence("topic '", name, "' is there twice");
  const Topic& added = place->second;
  if (!state_.topics_by_id.emplace(added.id, &added).second) {
    return sentence("topic '", name, "' has the id of another, ", added.id);
  }
  state_.digest += hash_of(added);
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::group(Group settings) {
  if (auto wrong = end_group()) return wrong;
  const std::string name = settings.name;
  const auto [made, fresh] = state_.groups.try_emplace(name, std::move(settings));
  group_ = made;
  if (!fresh) return in_group("it is there twice");
  if (!is_past(group_->id) || !group_ids_.insert(group_->id).second) {
    return in_group("its id ", group_->id, " is another's or to come");
  }
  if (!is_strategy_name(group_->strategy)) {
    return in_group("there is no strategy '", group_->strategy, "'");
  }
  if (group_->plan_urgent && !group_->plan_outdated) return in_group("its plan is due and is not");
  if (group_->request && !is_past(group_->request->sequence)) {
    return in_group("its plan was requested by ", group_->request->sequence);
  }
  if (group_->reset && !is_past(group_->reset->sequence)) {
    return in_group("its reset was begun by ", group_->reset->sequence);
  }
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::member(Member member) {
  if (group_ == nullptr) return "a member is in no group";
  if (!is_past(member.seat) || !is_past(member.incarnation_sequence)) {
    return in_group("seat ", member.seat, " is to come");
  }
  if (!group_->seats.emplace(member.member_id, member.seat).second) {
    return in_group("member '", member.member_id, "' has two seats");
  }
  const SeatId seat = member.seat;
  const auto [place, fresh] = group_->members.try_emplace(seat, std::move(member));
  if (!fresh) return in_group("two members have seat ", seat);
  Member& added = place->second;
  members_.emplace(seat, &added);
  subscribe(state_, *group_, added.settings.subscription);
  ++state_.member_count;
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::ended(const std::string& member_id,
                                      std::deque<EndedIncarnation> ended) {
  if (group_ == nullptr) return "an ended incarnation is in no group";
  if (ended.empty() || ended.size() > kEndedIncarnationsPerMember) {
    return in_group("member '", member_id, "' has ", ended.size(), " ended incarnations");
  }
  for (const EndedIncarnation& one : ended) {
    const bool known = one.how == TokenEnd::kReplaced || one.how == TokenEnd::kRemoved;
    if (known && is_past(one.sequence)) continue;
    return in_group("an incarnation of '", member_id, "' was ended by ", one.sequence);
  }
  if (!group_->ended.emplace(member_id, std::move(ended)).second) {
    return in_group("the ended incarnations of '", member_id, "' are there twice");
  }
  if (group_->ended.size() > kEndedMemberIdsPerGroup) {
    return in_group("more than ", kEndedMemberIdsPerGroup, " members have ended incarnations");
  }
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::draining(std::string member_id) {
  if (group_ == nullptr) return "a member drains in no group";
  if (group_->draining.insert(std::move(member_id)).second) return std::nullopt;
  return in_group("a member drains twice");
}

Rebuild::Contradiction Rebuild::pin(TopicPartition at, std::string member_id) {
  if (group_ == nullptr) return "a pin is in no group";
  if (!exists(at) || member_id.empty()) return in_group(at_text(at), " can't be pinned");
  if (group_->pins.emplace(at, std::move(member_id)).second) return std::nullopt;
  return in_group(at_text(at), " is pinned twice");
}

/// The last plan may be of topics that are gone.
Rebuild::Contradiction Rebuild::planned(PlannedTopic topic) {
  if (group_ == nullptr) return "a planned topic is in no group";
  if (group_->planned.emplace(topic.topic, topic.partition_count).second) return std::nullopt;
  return in_group("topic ", topic.topic, " is planned twice");
}

Rebuild::Contradiction Rebuild::requested(PlannedTopic topic) {
  if (group_ == nullptr || !group_->request) return in_group("no plan was requested");
  if (group_->request->topics.emplace(topic.topic, topic.partition_count).second) {
    return std::nullopt;
  }
  return in_group("a plan of topic ", topic.topic, " was requested twice");
}

Rebuild::Contradiction Rebuild::match(const std::string& pattern, TopicId id) {
  if (group_ == nullptr) return "a pattern is in no group";
  const auto known = group_->patterns.find(pattern);
  if (known == group_->patterns.end()) {
    return in_group("nobody subscribes to pattern '", pattern, "'");
  }
  const Topic* topic = state_.topic(id);
  if (topic == nullptr || !known->second.topics.insert(id).second) {
    return in_group("pattern '", pattern, "' can't match topic ", id);
  }
  count_name(*group_, topic->name);
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::grant(FencingToken fence, GrantNote note) {
  if (group_ == nullptr) return "a grant is in no group";
  note.partitions = 0;
  if (fence != 0 && group_->grants.emplace(fence, std::move(note)).second) return std::nullopt;
  return in_group("the grant of token ", fence, " is there twice");
}

Rebuild::Contradiction Rebuild::resetting(TopicPartition at, PendingOffset pending) {
  if (group_ == nullptr || !group_->reset) return in_group("no reset was begun");
  const bool possible = pending.offset >= 0 || (pending.offset == -1 && pending.metadata.empty());
  if (!exists(at) || !possible) return in_group(at_text(at), " can't be reset");
  if (group_->reset->offsets.emplace(at, std::move(pending)).second) return std::nullopt;
  return in_group(at_text(at), " is reset twice");
}

/// What no life of a partition can come to (§4).
Rebuild::Contradiction Rebuild::refuse_partition(const PartitionState& partition) const {
  if (partition.phase > Phase::kRevoking || partition.ended_how > TokenEnd::kRestored) {
    return "is in no phase that there is";
  }
  const bool free = partition.phase == Phase::kFree;
  if (free != (partition.owner == kNobody) || free != (partition.fence == 0)) {
    return "has a phase that does not fit its owner and token";
  }
  if (!free && member_of(partition.owner) == nullptr) {
    return sentence("is owned by seat ", partition.owner, ", which nobody has");  // single-owner
  }
  if (!free && partition.fence <= partition.ended_fence) {  // fence-rises
    return sentence("is owned under token ", partition.fence, " after ", partition.ended_fence);
  }
  if (partition.committed < -1 || (!partition.has_commit() && partition.metadata)) {
    return sentence("has offset ", partition.committed, " committed");
  }
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::count_grant(FencingToken fence) {
  if (fence == 0) return std::nullopt;
  if (grant_.second == nullptr || grant_.first != fence) {
    const auto note = group_->grants.find(fence);
    if (note == group_->grants.end()) return sentence("has token ", fence, ", which no grant gave");
    grant_ = {fence, &note->second};
  }
  ++grant_.second->partitions;
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::partition(TopicPartition at, PartitionState&& partition) {
  if (group_ == nullptr) return "a partition is in no group";
  if (!exists(at)) return in_group("there is no ", at_text(at));
  if (is_first_state(partition)) return in_group(at_text(at), " says nothing");
  PartitionState& place = group_->partitions[at.topic].at(at.partition);
  if (!is_first_state(place)) return in_group(at_text(at), " is there twice");
  if (auto wrong = refuse_partition(partition)) return in_group(at_text(at), " ", *wrong);
  if (auto wrong = count_grant(partition.last_fence())) return in_group(at_text(at), " ", *wrong);
  if (partition.phase != Phase::kFree) {
    Member& owner = *member_of(partition.owner);
    owner.held.insert(owner.held.end(), at);
    ++group_->owned_count;
    ++(partition.phase == Phase::kRevoking ? group_->revoking_count : owner.owned);
  }
  if (Member* target = member_of(partition.target)) ++target->targeted;
  place = std::move(partition);
  return std::nullopt;
}

Rebuild::Contradiction Rebuild::end_group() {
  if (group_ == nullptr) return std::nullopt;
  if (const auto& request = group_->request; request && !request->outdated) {
    const Member* leader = member_of(request->leader);
    if (leader == nullptr || leader->member_id != request->member_id) {
      return in_group("the plan is asked of '", request->member_id, "', who is no member");
    }
  }
  if (group_->reset && group_->reset->offsets.empty()) return in_group("its reset is of nothing");
  for (const auto& [fence, note] : group_->grants) {
    if (note.partitions == 0) return in_group("no partition has token ", fence);
  }
  state_.digest += hash_of_all(*group_);
  members_.clear();
  grant_ = {};
  return std::nullopt;
}

std::expected<State, std::string> Rebuild::finish() {
  if (auto wrong = end_group()) return std::unexpected(std::move(*wrong));
  return std::move(state_);
}

}  // namespace muster::domain
