#include "tests/sim/model.h"

#include <algorithm>
#include <variant>

#include "domain/assert.h"

namespace muster::sim {
namespace {

constexpr std::size_t kRememberedIncarnations = 8;

}  // namespace

const PartitionFacts& GroupFacts::partition(TopicPartition at) const {
  static const PartitionFacts kUntouched;
  const auto found = partitions.find(at);
  return found == partitions.end() ? kUntouched : found->second;
}

const SeatFacts* GroupFacts::seat_at(const std::string& member_id, Sequence sequence,
                                     SeatId* id) const {
  const auto found = seats_of.find(member_id);
  if (found == seats_of.end()) return nullptr;
  for (auto seat = found->second.rbegin(); seat != found->second.rend(); ++seat) {
    if (*seat > sequence) continue;
    const SeatFacts& facts = seats.at(*seat);
    if (facts.occupant.at(sequence).incarnation == 0) return nullptr;
    if (id != nullptr) *id = *seat;
    return &facts;
  }
  return nullptr;
}

bool pattern_matches(const std::string& pattern, const std::string& name) {
  std::string_view body(pattern);
  if (body.starts_with('^')) body.remove_prefix(1);
  if (body.ends_with('$')) body.remove_suffix(1);
  if (!body.ends_with(".*")) return body == name;
  body.remove_suffix(2);
  return name.starts_with(body);
}

bool Wishes::includes(const std::string& topic) const {
  return std::ranges::find(topics, topic) != topics.end() ||
         std::ranges::any_of(
             patterns, [&](const std::string& pattern) { return pattern_matches(pattern, topic); });
}

const TopicFacts* Model::topic_at(const std::string& name, Sequence sequence) const {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return nullptr;
  for (auto topic = found->second.rbegin(); topic != found->second.rend(); ++topic) {
    if (topic->id > sequence) continue;
    return topic->partitions.at(sequence) > 0 ? &*topic : nullptr;
  }
  return nullptr;
}

const TopicFacts* Model::topic_by_id(TopicId id) const {
  const auto name = topic_names_.find(id);
  if (name == topic_names_.end()) return nullptr;
  for (const TopicFacts& topic : topics_.at(name->second)) {
    if (topic.id == id) return &topic;
  }
  return nullptr;
}

const GroupFacts* Model::group_at(const std::string& name, Sequence sequence) const {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return nullptr;
  for (auto group = found->second.rbegin(); group != found->second.rend(); ++group) {
    if ((*group)->born > sequence) continue;
    return (*group)->died == 0 || (*group)->died > sequence ? *group : nullptr;
  }
  return nullptr;
}

GroupFacts* Model::group_now(const std::string& name) {
  return const_cast<GroupFacts*>(group_at(name, sequence_));
}

std::size_t Model::living_groups(Sequence sequence) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      groups_, [&](const auto& group) { return group_at(group.first, sequence) != nullptr; }));
}

std::size_t Model::living_topics(Sequence sequence) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      topics_, [&](const auto& topic) { return topic_at(topic.first, sequence) != nullptr; }));
}

void Model::apply(Sequence first, std::span<const domain::Event> unit) {
  freed_.clear();
  planned_ = nullptr;
  slice_.reset();
  matches_changed_ = false;
  MUSTER_ASSERT(first == sequence_ + 1);  // the disk's numbers, not the product's
  for (const domain::Event& event : unit) {
    ++sequence_;
    time_ms_ = event.time_ms;
    std::visit([this](const auto& body) { on(body); }, event.body);
    if (verdict_.violated()) return;
  }
  check_unit();
}

/// "A partition that becomes free leaves free in the same unit if a live member is its target."
void Model::check_unit() {
  for (const auto& [group, at] : freed_) {
    const PartitionFacts& partition = group->partition(at);
    const bool wanted = group->live.contains(partition.target) &&
                        topic_by_id(at.topic)->partitions.now() > 0 &&
                        !group->reset.now().wanted.contains(at);
    verdict_.require(!wanted || partition.ownership.now().owner == partition.target,
                     "one-command-one-unit", "Partition ", at.partition, " of topic ", at.topic,
                     " of group ", group->name, " was left free by the unit that ends at ",
                     sequence_, " although seat ", partition.target, " is its target.");
  }
  if (planned_ != nullptr) {
    check_slice(*planned_, *slice_);
    check_hand_over(*planned_);
  }
  if (matches_changed_) check_matches();
}

void Model::changed(GroupFacts& group) {
  if (group.live.empty() && group.member_count.now() > 0) group.emptied_ms = time_ms_;
  group.leader.set(sequence_, group.live.empty() ? kNobody : *group.live.begin());
  group.member_count.set(sequence_, static_cast<std::uint32_t>(group.live.size()));
  matches_changed_ = true;
}

GroupFacts& Model::group_or_new(const std::string& name) {
  if (GroupFacts* group = group_now(name)) return *group;
  GroupFacts& group = *order_.emplace_back(std::make_unique<GroupFacts>());
  group.name = name;
  group.born = sequence_;
  group.emptied_ms = time_ms_;
  groups_[name].push_back(&group);
  return group;
}

SeatFacts* Model::live_seat(GroupFacts& group, SeatId seat, const std::string& member_id) {
  const bool live = group.live.contains(seat) && group.seats.at(seat).member_id == member_id;
  verdict_.require(live, "outcomes-not-intents", "Event ", sequence_, " speaks of seat ", seat,
                   " of member ", member_id, " in group ", group.name, ", which is not there.");
  return live ? &group.seats.at(seat) : nullptr;
}

void Model::end_token(GroupFacts& group, TopicPartition at) {
  PartitionFacts& partition = group.partitions[at];
  const SeatId owner = partition.ownership.now().owner;
  SeatFacts& seat = group.seats.at(owner);
  seat.held.set(sequence_, seat.held.now() - 1);
  partition.ownership.set(sequence_, {});
  freed_.emplace_back(&group, at);
}

void Model::end_tokens_of(GroupFacts& group, SeatId seat) {
  for (auto& [at, partition] : group.partitions) {
    if (partition.ownership.now().owner == seat) end_token(group, at);
  }
}

void Model::end_seat(const std::string& name, SeatId id, const std::string& member_id,
                     bool removed) {
  GroupFacts* group = group_now(name);
  verdict_.require(group != nullptr, "outcomes-not-intents", "Event ", sequence_,
                   " ends a seat of group ", name, ", which is not there.");
  if (group == nullptr) return;
  SeatFacts* seat = live_seat(*group, id, member_id);
  if (seat == nullptr) return;
  if (removed) {
    group->ended[member_id].push_back(seat->occupant.now().incarnation);
    seat->last_unsafe_end = sequence_;
  }
  end_tokens_of(*group, id);
  seat->occupant.set(sequence_, {});
  group->live.erase(id);
  changed(*group);
}

void Model::end_named_tokens(const std::string& name, SeatId id, Incarnation incarnation,
                             const std::vector<domain::TokenRef>& tokens, bool fenced) {
  GroupFacts* group = group_now(name);
  if (group == nullptr || !group->live.contains(id)) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " ends tokens of seat ", id, " of group ", name,
                            ", which is not there.");
  }
  const Occupant& occupant = group->seats.at(id).occupant.now();
  verdict_.require(occupant.incarnation == incarnation, "outcomes-not-intents", "Event ", sequence_,
                   " ends tokens of another incarnation than the one that has seat ", id, ".");
  for (const domain::TokenRef& token : tokens) {
    const Ownership& now = group->partition(token.at).ownership.now();
    const bool right = now.owner == id && now.token == token.fence && (!fenced || now.revoking);
    verdict_.require(right, fenced ? "fenced-after-revoke" : "single-owner", "Event ", sequence_,
                     " ends token ", token.fence, " of partition ", token.at.partition,
                     " of topic ", token.at.topic, " in group ", name, "; current are token ",
                     now.token, " and owner ", now.owner, ".");
    if (!right) return;
    end_token(*group, token.at);
  }
}

void Model::check_former(const GroupFacts& group, TopicId topic,
                         const std::vector<domain::OffsetValue>& former) {
  std::size_t listed = 0;
  for (const domain::OffsetValue& value : former) {
    if (value.at.topic != topic) continue;
    ++listed;
    const Committed& committed = group.partition(value.at).commits.now();
    verdict_.require(committed.offset == value.offset && committed.metadata == value.metadata,
                     "outcomes-not-intents", "Event ", sequence_, " keeps the former offset ",
                     value.offset, " where ", committed.offset, " was committed.");
  }
  std::size_t known = 0;
  for (const auto& [at, partition] : group.partitions) {
    if (at.topic == topic && partition.commits.now().offset >= 0) ++known;
  }
  verdict_.require(listed == known, "outcomes-not-intents", "Event ", sequence_, " keeps ", listed,
                   " former offsets of topic ", topic, " in group ", group.name, " out of ", known,
                   ".");
}

// ---- topics ------------------------------------------------------------------------------------

void Model::on(const domain::TopicCreated& event) {
  verdict_.require(topic_at(event.name, sequence_) == nullptr, "outcomes-not-intents", "Event ",
                   sequence_, " creates topic ", event.name, ", which exists.");
  TopicFacts& topic = topics_[event.name].emplace_back();
  topic.name = event.name;
  topic.id = sequence_;
  topic.partitions.set(sequence_, event.partition_count);
  topic_names_[sequence_] = event.name;
  matches_changed_ = true;
}

void Model::on(const domain::TopicExpanded& event) {
  auto* topic = const_cast<TopicFacts*>(topic_by_id(event.topic));
  const bool grows = topic != nullptr && topic->partitions.now() > 0 &&
                     event.partition_count > topic->partitions.now();
  verdict_.require(grows, "outcomes-not-intents", "Event ", sequence_, " makes topic ", event.topic,
                   " no larger.");
  if (grows) topic->partitions.set(sequence_, event.partition_count);
}

void Model::on(const domain::TopicDeleted& event) {
  auto* topic = const_cast<TopicFacts*>(topic_by_id(event.topic));
  const bool there = topic != nullptr && topic->partitions.now() > 0 && topic->name == event.name;
  verdict_.require(there, "outcomes-not-intents", "Event ", sequence_, " deletes topic ",
                   event.topic, ", which is not there.");
  if (!there) return;
  topic->partitions.set(sequence_, 0);
  for (const auto& group : order_) {
    if (group->died != 0) continue;
    const bool matched = std::ranges::any_of(
        group->matched, [&](const auto& match) { return match.second == event.topic; });
    verdict_.require(!matched, "one-command-one-unit", "Topic ", event.name, " is deleted at ",
                     sequence_, " while a pattern of group ", group->name, " matches it.");
    for (const auto& [at, partition] : group->partitions) {
      if (at.topic != event.topic) continue;
      verdict_.require(
          partition.ownership.now().owner == kNobody && partition.commits.now().offset < 0,
          "one-command-one-unit", "Topic ", event.name, " is deleted at ", sequence_,
          " while group ", group->name, " still has its partition ", at.partition, ".");
    }
  }
}

void Model::on(const domain::GroupTopicDropped& event) {
  GroupFacts* group = group_now(event.group);
  if (group == nullptr) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " is of no living group.");
  }
  check_former(*group, event.topic, event.former);
  std::size_t listed = 0;
  for (const domain::MemberPartitions& member : event.held) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) {
        const Ownership& now = group->partition({event.topic, index}).ownership.now();
        verdict_.require(list.topic == event.topic && now.owner == member.seat, "single-owner",
                         "Event ", sequence_, " takes a partition from seat ", member.seat,
                         " that it does not hold.");
        ++listed;
      }
    }
  }
  std::size_t dropped = 0;
  for (auto& [at, partition] : group->partitions) {
    if (at.topic != event.topic) continue;
    if (partition.ownership.now().owner != kNobody) {
      end_token(*group, at);
      ++dropped;
    }
    partition.target = kNobody;
    partition.commits.set(sequence_, {});
  }
  std::erase_if(group->matched, [&](const auto& match) { return match.second == event.topic; });
  Resetting reset = group->reset.now();
  std::erase_if(reset.wanted, [&](const auto& one) { return one.first.topic == event.topic; });
  if (reset.begun != 0) group->reset.set(sequence_, reset.wanted.empty() ? Resetting() : reset);
  for (auto& [at, pin] : group->pins) {
    if (at.topic == event.topic && !pin.now().empty()) pin.set(sequence_, {});
  }
  verdict_.require(listed == dropped, "outcomes-not-intents", "Event ", sequence_, " lists ",
                   listed, " holdings of topic ", event.topic, " out of ", dropped, ".");
}

// ---- members -----------------------------------------------------------------------------------

namespace {

Occupant occupant_of(Incarnation incarnation, const domain::MemberSettings& settings) {
  return {.incarnation = incarnation,
          .session_timeout_ms = settings.session_timeout_ms,
          .disconnect_grace_ms = settings.disconnect_grace_ms,
          .rebalance_timeout_ms = settings.rebalance_timeout_ms};
}

Wishes wishes_of(const domain::MemberSettings& settings) {
  return {.topics = settings.subscription.topics(),
          .patterns = settings.subscription.patterns(),
          .metadata = settings.metadata,
          .computes_plans = settings.computes_plans};
}

/// Whether it was replaced or removed, among the last that are remembered.
bool is_fenced_for_good(const GroupFacts& group, const std::string& member_id,
                        Incarnation incarnation) {
  const auto found = group.ended.find(member_id);
  if (found == group.ended.end()) return false;
  const std::vector<Incarnation>& ended = found->second;
  const std::size_t first =
      ended.size() > kRememberedIncarnations ? ended.size() - kRememberedIncarnations : 0;
  return std::find(ended.begin() + static_cast<std::ptrdiff_t>(first), ended.end(), incarnation) !=
         ended.end();
}

}  // namespace

void Model::on(const domain::MemberJoined& event) {
  GroupFacts& group = group_or_new(event.group);
  verdict_.require(group.seat_at(event.member_id, sequence_, nullptr) == nullptr, "one-seat",
                   "Event ", sequence_, " gives member ", event.member_id, " a second seat.");
  verdict_.require(!is_fenced_for_good(group, event.member_id, event.incarnation),
                   "fenced-for-good", "Event ", sequence_, " seats an incarnation of ",
                   event.member_id, " that was replaced or removed.");
  const std::uint32_t most = group.settings.now().max_members;
  verdict_.require(most == 0 || group.live.size() < most, "bounded", "Event ", sequence_,
                   " seats one more than the ", most, " members of group ", group.name, ".");
  SeatFacts& seat = group.seats[sequence_];
  seat.member_id = event.member_id;
  seat.wishes.set(sequence_, wishes_of(event.settings));
  seat.occupant.set(sequence_, occupant_of(event.incarnation, event.settings));
  seat.held.set(sequence_, 0);
  group.live.insert(sequence_);
  group.seats_of[event.member_id].push_back(sequence_);
  changed(group);
}

void Model::on(const domain::MemberReplaced& event) {
  GroupFacts* group = group_now(event.group);
  SeatFacts* seat = group == nullptr ? nullptr : live_seat(*group, event.seat, event.member_id);
  if (seat == nullptr) return;
  verdict_.require(seat->occupant.now().incarnation == event.former_incarnation &&
                       event.incarnation != event.former_incarnation,
                   "outcomes-not-intents", "Event ", sequence_,
                   " replaces an incarnation that does not have the seat.");
  verdict_.require(!is_fenced_for_good(*group, event.member_id, event.incarnation),
                   "fenced-for-good", "Event ", sequence_, " seats an incarnation of ",
                   event.member_id, " that was replaced or removed.");
  group->ended[event.member_id].push_back(event.former_incarnation);
  end_tokens_of(*group, event.seat);
  seat->last_unsafe_end = sequence_;
  seat->wishes.set(sequence_, wishes_of(event.settings));
  seat->occupant.set(sequence_, occupant_of(event.incarnation, event.settings));
  changed(*group);
}

void Model::on(const domain::MemberSubscribed& event) {
  GroupFacts* group = group_now(event.group);
  SeatFacts* seat = group == nullptr ? nullptr : live_seat(*group, event.seat, event.member_id);
  if (seat == nullptr) return;
  seat->wishes.set(sequence_, {.topics = event.subscription.topics(),
                               .patterns = event.subscription.patterns(),
                               .metadata = event.metadata,
                               .computes_plans = event.computes_plans});
  changed(*group);
}

void Model::on(const domain::MemberLeft& event) {
  end_seat(event.group, event.seat, event.member_id, event.removed);
}

void Model::on(const domain::MemberExpired& event) {
  end_seat(event.group, event.seat, event.member_id, false);
}

}  // namespace muster::sim
