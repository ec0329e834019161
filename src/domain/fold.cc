#include "domain/fold.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "domain/digest.h"
#include "domain/limits.h"
#include "domain/message.h"

namespace muster::domain {
namespace {

/// Why an event can't be folded; nothing when it could.
using Contradiction = std::optional<std::string>;

/// Takes an entity's hash out of the digest while it changes, and puts the new one in. Takes only
/// what has a name, since it refers to it until the end of the scope.
template <typename... Entity>
class Changing {
 public:
  explicit Changing(State& state, Entity&... entity) : state_(state), entity_(entity...) {
    state_.digest -= hash();
  }
  ~Changing() { state_.digest += hash(); }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  std::uint64_t hash() const {
    return std::apply([](const auto&... entity) { return hash_of(entity...); }, entity_);
  }
  State& state_;
  std::tuple<Entity&...> entity_;
};

/// One event being folded. Each overload is total: it changes the state or says what the event
/// contradicts, and never chooses (outcomes-not-intents).
class Folding {
 public:
  Folding(State& state, Sequence sequence, std::int64_t time_ms)
      : state_(state), sequence_(sequence), time_ms_(time_ms) {}

  Contradiction operator()(const TopicCreated& event);
  Contradiction operator()(const TopicExpanded& event);
  Contradiction operator()(const TopicDeleted& event);
  Contradiction operator()(const GroupTopicDropped& event);
  Contradiction operator()(const MemberJoined& event);
  Contradiction operator()(const MemberReplaced& event);
  Contradiction operator()(const MemberSubscribed& event);
  Contradiction operator()(const MemberLeft& event);
  Contradiction operator()(const MemberExpired& event);
  Contradiction operator()(const PlanMade& event);
  Contradiction operator()(const PartitionsGranted& event);
  Contradiction operator()(const PartitionsReleased& event);
  Contradiction operator()(const PartitionsFenced& event);
  Contradiction operator()(const OffsetsCommitted& event);
  Contradiction operator()(const GroupDeleted& event);

 private:
  Group* find_group(const std::string& name);
  Group& find_or_create_group(const std::string& name);
  Member* find_member(Group& group, SeatId seat);
  Member* find_member(Group& group, SeatId seat, const std::string& member_id);
  Contradiction unknown(TopicPartition at) const;
  void subscribe(Group& group, const std::vector<std::string>& topics);
  void unsubscribe(Group& group, const std::vector<std::string>& topics);
  void remember_ended(Group& group, const std::string& member_id, Incarnation incarnation,
                      TokenEnd how);
  void end_token(Group& group, TopicPartition at, TokenEnd how);
  void end_all_tokens(Group& group, const Member& member, TokenEnd how);
  Contradiction end_seat(const std::string& group_name, SeatId seat, const std::string& member_id,
                         TokenEnd how);
  template <typename Ended>
  Contradiction end_named_tokens(const Ended& event, TokenEnd how);
  Contradiction set_planned(Group& group, const std::vector<PlannedTopic>& planned);
  Contradiction set_targets(Group& group, SeatId seat, const std::vector<PartitionList>& topics);
  Contradiction revoke(Group& group, const MemberPartitions& revoking);
  Contradiction grant(Group& group, const MemberPartitions& grant, FencingToken fence);

  State& state_;
  Sequence sequence_;
  std::int64_t time_ms_;
};

std::string no_group(const std::string& name) { return sentence("there is no group '", name, "'"); }
std::string no_seat(const std::string& group, SeatId seat, const std::string& member_id) {
  return sentence("group '", group, "' has no seat ", seat, " of member '", member_id, "'");
}
std::string no_incarnation(SeatId seat, Incarnation incarnation) {
  return sentence("seat ", seat, " is not held by incarnation ", incarnation);
}
std::string at_text(TopicPartition at) {
  return sentence("partition ", at.partition, " of topic ", at.topic);
}

// ---- parts ---------------------------------------------------------------------------------

Group* Folding::find_group(const std::string& name) {
  const auto found = state_.groups.find(name);
  return found == state_.groups.end() ? nullptr : &found->second;
}

Group& Folding::find_or_create_group(const std::string& name) {
  if (Group* group = find_group(name)) return *group;
  Group& group = state_.groups[name];
  group.name = name;
  group.id = sequence_;
  state_.digest += hash_of(group);
  return group;
}

Member* Folding::find_member(Group& group, SeatId seat) {
  const auto found = group.members.find(seat);
  return found == group.members.end() ? nullptr : &found->second;
}

/// Null too when the seat is another member's: people read an event by its names.
Member* Folding::find_member(Group& group, SeatId seat, const std::string& member_id) {
  Member* member = find_member(group, seat);
  return member != nullptr && member->member_id == member_id ? member : nullptr;
}

/// Says so when no topic has this partition.
Contradiction Folding::unknown(TopicPartition at) const {
  const Topic* topic = state_.topic(at.topic);
  if (topic != nullptr && at.partition >= 0 && at.partition < topic->partition_count) {
    return std::nullopt;
  }
  return sentence("there is no ", at_text(at));
}

void Folding::subscribe(Group& group, const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) ++group.subscriptions[topic];
}

void Folding::unsubscribe(Group& group, const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) {
    const auto found = group.subscriptions.find(topic);
    if (--found->second == 0) group.subscriptions.erase(found);
  }
}

void Folding::remember_ended(Group& group, const std::string& member_id, Incarnation incarnation,
                             TokenEnd how) {
  auto& ended = group.ended[member_id];
  if (!ended.empty()) state_.digest -= hash_of(group.id, member_id, ended);
  ended.push_back({.incarnation = incarnation, .how = how, .sequence = sequence_});
  if (ended.size() > kEndedIncarnationsPerMember) ended.pop_front();
  state_.digest += hash_of(group.id, member_id, ended);
  if (group.ended.size() <= kEndedMemberIdsPerGroup) return;
  const auto oldest = std::min_element(
      group.ended.begin(), group.ended.end(), [](const auto& left, const auto& right) {
        return left.second.back().sequence < right.second.back().sequence;
      });
  state_.digest -= hash_of(group.id, oldest->first, oldest->second);
  group.ended.erase(oldest);
}

void Folding::end_token(Group& group, TopicPartition at, TokenEnd how) {
  PartitionState& partition = group.partitions[at.topic].at(at.partition);
  const Changing changing(state_, group.id, at, partition);
  if (partition.phase == Phase::kRevoking) --group.revoking_count;
  if (partition.phase == Phase::kOwned) --find_member(group, partition.owner)->owned;
  --group.owned_count;
  partition.owner = kNobody;
  partition.phase = Phase::kFree;
  partition.ended_fence = std::exchange(partition.fence, 0);
  partition.ended_how = how;
  partition.ended_offset = partition.committed;
}

void Folding::end_all_tokens(Group& group, const Member& member, TokenEnd how) {
  for (const TopicPartition& at : member.held) end_token(group, at, how);
}

Contradiction Folding::end_seat(const std::string& group_name, SeatId seat,
                                const std::string& member_id, TokenEnd how) {
  Group* group = find_group(group_name);
  if (group == nullptr) return no_group(group_name);
  Member* member = find_member(*group, seat, member_id);
  if (member == nullptr) return no_seat(group_name, seat, member_id);
  end_all_tokens(*group, *member, how);
  if (how == TokenEnd::kRemoved) {
    remember_ended(*group, member->member_id, member->incarnation, TokenEnd::kRemoved);
  }
  state_.digest -= hash_of(group->id, *member);
  unsubscribe(*group, member->settings.topics);
  group->seats.erase(member->member_id);
  group->members.erase(seat);
  --state_.member_count;
  const Changing changing(state_, *group);
  group->membership_changed = true;
  group->departure_unplanned = true;
  return std::nullopt;
}

/// PartitionsReleased and PartitionsFenced.
template <typename Ended>
Contradiction Folding::end_named_tokens(const Ended& event, TokenEnd how) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  if (member->incarnation != event.incarnation) {
    return no_incarnation(event.seat, event.incarnation);
  }
  for (const TokenRef& token : event.tokens) {
    const PartitionState* partition = group->partition(token.at);
    if (partition == nullptr || partition->owner != event.seat || partition->fence != token.fence) {
      return sentence("seat ", event.seat, " does not hold ", at_text(token.at), " under token ",
                      token.fence);
    }
    end_token(*group, token.at, how);
    member->held.erase(token.at);
  }
  return std::nullopt;
}

// ---- topics --------------------------------------------------------------------------------

Contradiction Folding::operator()(const TopicCreated& event) {
  if (state_.topics.contains(event.name)) return sentence("topic '", event.name, "' exists");
  if (event.partition_count < 1) {
    return sentence("topic '", event.name, "' has ", event.partition_count, " partitions");
  }
  Topic& topic = state_.topics[event.name];
  topic = {.name = event.name, .id = sequence_, .partition_count = event.partition_count};
  state_.topics_by_id[topic.id] = &topic;
  state_.digest += hash_of(topic);
  return std::nullopt;
}

Contradiction Folding::operator()(const TopicExpanded& event) {
  const Topic* known = state_.topic(event.topic);
  if (known == nullptr) return sentence("there is no topic ", event.topic);
  if (event.partition_count <= known->partition_count) {
    return sentence("topic '", known->name, "' has ", known->partition_count,
                    " partitions and can't be made ", event.partition_count);
  }
  Topic& topic = state_.topics[known->name];
  const Changing changing(state_, topic);
  topic.partition_count = event.partition_count;
  return std::nullopt;
}

Contradiction Folding::operator()(const TopicDeleted& event) {
  const Topic* topic = state_.topic(event.topic);
  if (topic == nullptr || topic->name != event.name) {
    return sentence("there is no topic ", event.topic, " named '", event.name, "'");
  }
  state_.digest -= hash_of(*topic);
  state_.topics_by_id.erase(event.topic);
  state_.topics.erase(event.name);
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupTopicDropped& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  const auto table = group->partitions.find(event.topic);
  if (table == group->partitions.end()) {
    return sentence("group '", event.group, "' knows nothing of topic ", event.topic);
  }
  for (auto& [seat, member] : group->members) {
    auto& held = member.held;
    auto at = held.lower_bound({.topic = event.topic, .partition = 0});
    while (at != held.end() && at->topic == event.topic) {
      end_token(*group, *at, TokenEnd::kTopicDeleted);
      at = held.erase(at);
    }
  }
  table->second.for_each([&](PartitionIndex index, const PartitionState& partition) {
    if (Member* target = find_member(*group, partition.target)) --target->targeted;
    state_.digest -= hash_of(group->id, {.topic = event.topic, .partition = index}, partition);
  });
  group->partitions.erase(table);
  return std::nullopt;
}

// ---- members -------------------------------------------------------------------------------

Contradiction Folding::operator()(const MemberJoined& event) {
  Group& group = find_or_create_group(event.group);
  if (group.seats.contains(event.member_id)) {
    return sentence("member '", event.member_id, "' has a seat in group '", event.group, "'");
  }
  Member& member = group.members[sequence_];
  member.seat = sequence_;
  member.member_id = event.member_id;
  member.incarnation = event.incarnation;
  member.incarnation_sequence = sequence_;
  member.settings = event.settings;
  group.seats[event.member_id] = sequence_;
  subscribe(group, member.settings.topics);
  ++state_.member_count;
  state_.digest += hash_of(group.id, member);
  const Changing changing(state_, group);
  group.membership_changed = true;
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberReplaced& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  if (member->incarnation != event.former_incarnation) {
    return no_incarnation(event.seat, event.former_incarnation);
  }
  end_all_tokens(*group, *member, TokenEnd::kReplaced);
  remember_ended(*group, member->member_id, member->incarnation, TokenEnd::kReplaced);
  const bool resubscribed = member->settings.topics != event.settings.topics;
  unsubscribe(*group, member->settings.topics);
  {
    const Changing changing(state_, group->id, *member);
    member->held.clear();
    member->incarnation = event.incarnation;
    member->incarnation_sequence = sequence_;
    member->settings = event.settings;
  }
  subscribe(*group, member->settings.topics);
  const Changing changing(state_, *group);
  if (resubscribed) group->membership_changed = true;
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberSubscribed& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  Member* member = find_member(*group, event.seat, event.member_id);
  if (member == nullptr) return no_seat(event.group, event.seat, event.member_id);
  unsubscribe(*group, member->settings.topics);
  {
    const Changing changing(state_, group->id, *member);
    member->settings.topics = event.topics;
  }
  subscribe(*group, member->settings.topics);
  const Changing changing(state_, *group);
  group->membership_changed = true;
  return std::nullopt;
}

Contradiction Folding::operator()(const MemberLeft& event) {
  return end_seat(event.group, event.seat, event.member_id,
                  event.removed ? TokenEnd::kRemoved : TokenEnd::kLeft);
}

Contradiction Folding::operator()(const MemberExpired& event) {
  return end_seat(event.group, event.seat, event.member_id, TokenEnd::kExpired);
}

// ---- plans and grants ----------------------------------------------------------------------

Contradiction Folding::set_planned(Group& group, const std::vector<PlannedTopic>& planned) {
  for (const auto& [topic, count] : group.planned) state_.digest -= hash_of(group.id, topic, count);
  group.planned.clear();
  for (const PlannedTopic& one : planned) {
    const Topic* topic = state_.topic(one.topic);
    if (topic == nullptr || topic->partition_count != one.partition_count) {
      return sentence("a plan gives topic ", one.topic, " ", one.partition_count, " partitions");
    }
    group.planned[one.topic] = one.partition_count;
    state_.digest += hash_of(group.id, one.topic, one.partition_count);
  }
  return std::nullopt;
}

Contradiction Folding::set_targets(Group& group, SeatId seat,
                                   const std::vector<PartitionList>& topics) {
  for (const PartitionList& list : topics) {
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      if (auto wrong = unknown(at)) return wrong;
      PartitionState& partition = group.partitions[at.topic].at(index);
      const Changing changing(state_, group.id, at, partition);
      if (Member* former = find_member(group, partition.target)) --former->targeted;
      partition.target = seat;
      if (Member* now = find_member(group, seat)) ++now->targeted;
    }
  }
  return std::nullopt;
}

Contradiction Folding::revoke(Group& group, const MemberPartitions& revoking) {
  for (const PartitionList& list : revoking.topics) {
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      const PartitionState* known = group.partition(at);
      if (known == nullptr || known->phase != Phase::kOwned || known->owner != revoking.seat) {
        return sentence(at_text(at), " is asked back from seat ", revoking.seat,
                        ", which does not own it");
      }
      PartitionState& partition = group.partitions[at.topic].at(at.partition);
      const Changing changing(state_, group.id, at, partition);
      partition.phase = Phase::kRevoking;
      ++group.revoking_count;
      --find_member(group, partition.owner)->owned;
    }
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PlanMade& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (event.generation <= group->generation) {
    return sentence("group '", event.group, "' is at generation ", group->generation,
                    " already, the plan says ", event.generation);
  }
  if (auto wrong = set_planned(*group, event.planned)) return wrong;
  if (auto wrong = set_targets(*group, kNobody, event.unassigned)) return wrong;
  for (const MemberPartitions& targets : event.targets) {
    if (find_member(*group, targets.seat, targets.member_id) == nullptr) {
      return no_seat(event.group, targets.seat, targets.member_id);
    }
    if (auto wrong = set_targets(*group, targets.seat, targets.topics)) return wrong;
  }
  for (const MemberPartitions& revoking : event.revoking) {
    if (auto wrong = revoke(*group, revoking)) return wrong;
  }
  for (auto& [seat, member] : group->members) {
    if (member.planned) continue;
    const Changing changing(state_, group->id, member);
    member.planned = true;
  }
  const Changing changing(state_, *group);
  group->generation = event.generation;
  group->strategy = event.strategy;
  group->membership_changed = false;
  group->departure_unplanned = false;
  return std::nullopt;
}

Contradiction Folding::grant(Group& group, const MemberPartitions& grant, FencingToken fence) {
  Member* member = find_member(group, grant.seat, grant.member_id);
  if (member == nullptr) return no_seat(group.name, grant.seat, grant.member_id);
  if (member->incarnation != grant.incarnation) {
    return no_incarnation(grant.seat, grant.incarnation);
  }
  for (const PartitionList& list : grant.topics) {
    for (const PartitionIndex index : list.partitions) {
      const TopicPartition at{list.topic, index};
      if (auto wrong = unknown(at)) return wrong;
      PartitionState& partition = group.partitions[at.topic].at(index);
      if (partition.phase != Phase::kFree) {  // single-owner
        return sentence(at_text(at), " is granted to seat ", grant.seat, " while seat ",
                        partition.owner, " owns it");
      }
      if (fence <= partition.ended_fence) {  // fence-rises
        return sentence(at_text(at), " is granted under token ", fence, " after token ",
                        partition.ended_fence);
      }
      if (partition.target != grant.seat) {
        return sentence(at_text(at), " is granted to seat ", grant.seat,
                        " while the plan gives it to seat ", partition.target);
      }
      const Changing changing(state_, group.id, at, partition);
      partition.owner = grant.seat;
      partition.phase = Phase::kOwned;
      ++group.owned_count;
      ++member->owned;
      partition.fence = fence;
      member->held.insert(at);
    }
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PartitionsGranted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  for (const MemberPartitions& one : event.grants) {
    if (auto wrong = grant(*group, one, event.fence_base + sequence_)) return wrong;
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const PartitionsReleased& event) {
  return end_named_tokens(event, TokenEnd::kReleased);
}

Contradiction Folding::operator()(const PartitionsFenced& event) {
  return end_named_tokens(event, TokenEnd::kFenced);
}

// ---- offsets and groups --------------------------------------------------------------------

Contradiction Folding::operator()(const OffsetsCommitted& event) {
  Group& group = find_or_create_group(event.group);
  for (const OffsetValue& value : event.offsets) {
    if (auto wrong = unknown(value.at)) return wrong;
    if (value.offset < 0) {
      return sentence("offset ", value.offset, " is committed for ", at_text(value.at));
    }
    PartitionState& partition = group.partitions[value.at.topic].at(value.at.partition);
    if (value.fence != partition.fence) {  // fenced-commit
      return sentence(at_text(value.at), " is committed under token ", value.fence,
                      " while its token is ", partition.fence);
    }
    const Changing changing(state_, group.id, value.at, partition);
    partition.committed = value.offset;
    partition.committed_fence = value.fence;
    partition.commit_time_ms = time_ms_;
    if (value.metadata.empty()) {
      partition.metadata.reset();
    } else {
      partition.metadata = std::make_unique<std::string>(value.metadata);
    }
  }
  return std::nullopt;
}

Contradiction Folding::operator()(const GroupDeleted& event) {
  Group* group = find_group(event.group);
  if (group == nullptr) return no_group(event.group);
  if (!group->members.empty()) return sentence("group '", event.group, "' has members");
  for (const auto& [topic, count] : group->planned) {
    state_.digest -= hash_of(group->id, topic, count);
  }
  for (const auto& [member_id, ended] : group->ended) {
    state_.digest -= hash_of(group->id, member_id, ended);
  }
  for (const auto& [topic, table] : group->partitions) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      state_.digest -= hash_of(group->id, {.topic = topic, .partition = index}, partition);
    });
  }
  state_.digest -= hash_of(*group);
  state_.groups.erase(event.group);
  return std::nullopt;
}

}  // namespace

std::expected<void, FoldError> fold(State& state, Sequence sequence, const Event& event) {
  const auto error = [&](std::string message) {
    return std::unexpected(FoldError{.sequence = sequence,
                                     .event = std::string(event_name(event.body)),
                                     .message = std::move(message)});
  };
  if (sequence != state.sequence + 1) {
    return error(sentence("sequence ", state.sequence + 1, " was expected"));
  }
  if (auto wrong = std::visit(Folding(state, sequence, event.time_ms), event.body)) {
    return error(std::move(*wrong));
  }
  state.sequence = sequence;
  return {};
}

}  // namespace muster::domain
