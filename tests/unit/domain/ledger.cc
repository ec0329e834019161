#include "tests/unit/domain/ledger.h"

#include <doctest/doctest.h>

namespace muster::domain {

void Ledger::granted(const State& state, Sequence sequence, const PartitionsGranted& event) {
  const FencingToken fence = event.fence_base + sequence;
  for (const MemberPartitions& grant : event.grants) {
    for (const PartitionList& list : grant.topics) {
      for (const PartitionIndex index : list.partitions) {
        const Place place{event.group, {.topic = list.topic, .partition = index}};
        REQUIRE_MESSAGE(!holders_.contains(place), "single-owner");
        FencingToken& highest = highest_[{event.group, state.topic(list.topic)->name, index}];
        REQUIRE_MESSAGE(fence > highest, "fence-rises");
        highest = fence;
        holders_[place] = {.seat = grant.seat, .incarnation = grant.incarnation, .fence = fence};
      }
    }
  }
}

void Ledger::ended(const std::string& group, SeatId seat, const std::vector<TokenRef>& tokens) {
  for (const TokenRef& token : tokens) {
    const auto found = holders_.find({group, token.at});
    REQUIRE(found != holders_.end());
    REQUIRE(found->second.seat == seat);
    REQUIRE(found->second.fence == token.fence);
    holders_.erase(found);
  }
}

void Ledger::seat_ended(const std::string& group, SeatId seat) {
  std::erase_if(holders_, [&](const auto& entry) {
    return entry.first.first == group && entry.second.seat == seat;
  });
}

void Ledger::dropped(const GroupTopicDropped& event) {
  std::size_t listed = 0;
  for (const MemberPartitions& member : event.held) {
    for (const PartitionList& list : member.topics) {
      REQUIRE(list.topic == event.topic);
      for (const PartitionIndex index : list.partitions) {
        const auto found = holders_.find({event.group, {.topic = event.topic, .partition = index}});
        REQUIRE(found != holders_.end());
        REQUIRE(found->second.seat == member.seat);
        ++listed;
      }
    }
  }
  const auto erased = std::erase_if(holders_, [&](const auto& entry) {
    return entry.first.first == event.group && entry.first.second.topic == event.topic;
  });
  REQUIRE_MESSAGE(erased == listed, "outcomes-not-intents: the event names all that is lost");
}

void Ledger::committed(const std::string& group, const std::vector<OffsetValue>& offsets) const {
  for (const OffsetValue& value : offsets) {
    const auto found = holders_.find({group, value.at});
    const FencingToken current = found == holders_.end() ? 0 : found->second.fence;
    REQUIRE_MESSAGE(value.fence == current, "fenced-commit");
  }
}

bool Ledger::holds_any(const std::string& group) const {
  for (const auto& [place, holder] : holders_) {
    if (place.first == group) return true;
  }
  return false;
}

void Ledger::record(const State& state, Sequence sequence, const EventBody& body) {
  if (const auto* event = std::get_if<PartitionsGranted>(&body)) granted(state, sequence, *event);
  if (const auto* event = std::get_if<PartitionsReleased>(&body)) {
    ended(event->group, event->seat, event->tokens);
  }
  if (const auto* event = std::get_if<PartitionsFenced>(&body)) {
    ended(event->group, event->seat, event->tokens);
  }
  if (const auto* event = std::get_if<MemberLeft>(&body)) seat_ended(event->group, event->seat);
  if (const auto* event = std::get_if<MemberExpired>(&body)) seat_ended(event->group, event->seat);
  if (const auto* event = std::get_if<MemberReplaced>(&body)) seat_ended(event->group, event->seat);
  if (const auto* event = std::get_if<GroupTopicDropped>(&body)) dropped(*event);
  if (const auto* event = std::get_if<OffsetsCommitted>(&body)) {
    committed(event->group, event->offsets);
  }
  if (const auto* event = std::get_if<OffsetsReset>(&body)) {
    committed(event->group, event->offsets);
  }
  if (const auto* event = std::get_if<GroupDeleted>(&body)) REQUIRE(!holds_any(event->group));
}

void Ledger::require_agrees(const State& state) const {
  std::size_t owned = 0;
  for (const auto& [name, group] : state.groups) owned += group.owned_count;
  REQUIRE(owned == holders_.size());
  for (const auto& [place, holder] : holders_) {
    const Group& group = *state.group(place.first);
    const PartitionState& partition = *group.partition(place.second);
    REQUIRE(partition.owner == holder.seat);
    REQUIRE(partition.fence == holder.fence);
    REQUIRE(group.member(holder.seat)->incarnation == holder.incarnation);
  }
}

}  // namespace muster::domain
