// What operators set on a group, what patterns match, and the plans that leaders are asked for, in
// the model.

#include <algorithm>

#include "tests/sim/model.h"

namespace muster::sim {

bool GroupFacts::drains(const std::string& member_id, Sequence sequence) const {
  const auto found = draining.find(member_id);
  return found != draining.end() && found->second.at(sequence);
}

bool GroupFacts::subscribes(const std::string& topic, Sequence sequence) const {
  return std::ranges::any_of(members_at(sequence), [&](SeatId seat) {
    return seats.at(seat).wishes.at(sequence).includes(topic);
  });
}

std::string GroupFacts::pin_of(TopicPartition at, Sequence sequence) const {
  const auto found = pins.find(at);
  return found == pins.end() ? std::string() : found->second.at(sequence);
}

std::vector<SeatId> GroupFacts::members_at(Sequence sequence) const {
  std::vector<SeatId> members;
  for (const auto& [member_id, taken] : seats_of) {
    SeatId seat = kNobody;
    if (seat_at(member_id, sequence, &seat) != nullptr) members.push_back(seat);
  }
  return members;
}

std::optional<SeatId> GroupFacts::fixed(TopicPartition at, const std::string& topic,
                                        Sequence sequence) const {
  const std::string pin = pin_of(at, sequence);
  if (pin.empty()) return std::nullopt;
  SeatId id = kNobody;
  const SeatFacts* seat = seat_at(pin, sequence, &id);
  if (seat == nullptr) return kNobody;
  const bool can = !drains(pin, sequence) && seat->wishes.at(sequence).includes(topic);
  return can ? std::optional(id) : std::nullopt;
}

void Model::on(const domain::GroupConfigured& event) {
  GroupFacts& group = group_or_new(event.group);
  GroupSettings settings = group.settings.now();
  settings.strategy = event.strategy;
  settings.max_members = event.max_members;
  settings.offset_retention_ms = event.offset_retention_ms;
  group.settings.set(sequence_, settings);
}

void Model::on(const domain::GroupFrozen& event) {
  GroupFacts* group = group_now(event.group);
  const bool changes = group != nullptr && group->settings.now().frozen != event.frozen;
  verdict_.require(changes, "outcomes-not-intents", "Event ", sequence_, " freezes or unfreezes ",
                   event.group, " in vain.");
  if (!changes) return;
  GroupSettings settings = group->settings.now();
  settings.frozen = event.frozen;
  group->settings.set(sequence_, settings);
  if (event.frozen) group->wanted.set(sequence_, {});
}

void Model::on(const domain::MemberDrained& event) {
  GroupFacts* group = group_now(event.group);
  const bool changes = group != nullptr && group->draining[event.member_id].now() != event.draining;
  verdict_.require(changes, "outcomes-not-intents", "Event ", sequence_, " drains or undrains ",
                   event.member_id, " in vain.");
  if (changes) group->draining[event.member_id].set(sequence_, event.draining);
}

void Model::on(const domain::PartitionPinned& event) {
  GroupFacts* group = group_now(event.group);
  const TopicFacts* topic = topic_by_id(event.at.topic);
  const bool there = group != nullptr && topic != nullptr && event.at.partition >= 0 &&
                     event.at.partition < topic->partitions.now() &&
                     group->pin_of(event.at, sequence_) != event.member_id;
  verdict_.require(there, "outcomes-not-intents", "Event ", sequence_,
                   " pins in vain, or what is not there.");
  if (there) group->pins[event.at].set(sequence_, event.member_id);
}

void Model::on(const domain::TopicsMatched& event) {
  GroupFacts* group = group_now(event.group);
  if (group == nullptr) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " matches topics for a group that is not there.");
  }
  for (const domain::PatternTopics& match : event.matches) {
    for (const TopicId id : match.topics) {
      const TopicFacts* topic = topic_by_id(id);
      verdict_.require(topic != nullptr && topic->partitions.now() > 0 &&
                           pattern_matches(match.pattern, topic->name),
                       "outcomes-not-intents", "Event ", sequence_, " says that pattern ",
                       match.pattern, " matches topic ", id, ".");
      verdict_.require(group->matched.emplace(match.pattern, id).second, "outcomes-not-intents",
                       "Event ", sequence_, " says again that pattern ", match.pattern,
                       " matches topic ", id, ".");
    }
  }
}

/// After each unit: what the events say is what the patterns of the present members match. Matches
/// of a pattern that nobody has any more are over without an event.
void Model::check_matches() {
  for (const auto& group : order_) {
    if (group->died != 0) continue;
    std::set<std::pair<std::string, TopicId>> right;
    for (const SeatId seat : group->live) {
      for (const std::string& pattern : group->seats.at(seat).wishes.now().patterns) {
        for (const auto& [name, incarnations] : topics_) {
          if (!pattern_matches(pattern, name)) continue;
          if (const TopicFacts* topic = topic_at(name, sequence_))
            right.emplace(pattern, topic->id);
        }
      }
    }
    for (const auto& [pattern, topic] : right) {
      verdict_.require(group->matched.contains({pattern, topic}), "no-orphan", "No event until ",
                       sequence_, " says that pattern ", pattern, " of group ", group->name,
                       " matches topic ", topic, ".");
    }
    group->matched = std::move(right);
  }
}

void Model::on(const domain::PlanRequested& event) {
  require_no_quiet_time("asks for a plan");
  GroupFacts* group = group_now(event.group);
  SeatFacts* seat = group == nullptr ? nullptr : live_seat(*group, event.seat, event.member_id);
  if (seat == nullptr) {
    return verdict_.require(false, "outcomes-not-intents", "Event ", sequence_,
                            " asks nobody for a plan.");
  }
  const GroupSettings& settings = group->settings.now();
  verdict_.require(settings.strategy == "leader" && !settings.frozen &&
                       event.seat == group->leader.now() && seat->wishes.now().computes_plans,
                   "leader-plans", "Event ", sequence_, " asks ", event.member_id,
                   " for a plan of group ", group->name, ", which is not its to make.");
  const Ground about = ground(*group, sequence_);
  bool same = event.planned.size() == about.topics.size();
  for (const domain::PlannedTopic& planned : event.planned) {
    const auto topic = std::ranges::find(about.topics, planned.topic, &Ground::Topic::id);
    same &= topic != about.topics.end() && topic->partitions == planned.partition_count;
  }
  verdict_.require(same, "leader-plans", "Event ", sequence_,
                   " asks for a plan of other topics than group ", group->name, " subscribes to.");
  group->wanted.set(sequence_, {.sequence = sequence_, .seat = event.seat});
}

}  // namespace muster::sim
