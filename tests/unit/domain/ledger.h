// Who has what, kept from the events alone and without the fold: a second witness for single-owner,
// fence-rises and fenced-commit.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "domain/events.h"
#include "domain/state.h"

namespace muster::domain {

class Ledger {
 public:
  /// Fails the test when the event breaks an invariant. `state` is the one before the event.
  void record(const State& state, Sequence sequence, const EventBody& body);

  /// Fails the test when the state sees other owners or tokens.
  void require_agrees(const State& state) const;

 private:
  struct Holder {
    SeatId seat = kNobody;
    Incarnation incarnation = 0;
    FencingToken fence = 0;
  };
  using Place = std::pair<std::string, TopicPartition>;  // group and partition

  void granted(const State& state, Sequence sequence, const PartitionsGranted& event);
  void ended(const std::string& group, SeatId seat, const std::vector<TokenRef>& tokens);
  void seat_ended(const std::string& group, SeatId seat);
  void dropped(const GroupTopicDropped& event);
  void committed(const std::string& group, const std::vector<OffsetValue>& offsets) const;
  bool holds_any(const std::string& group) const;

  std::map<Place, Holder> holders_;
  // By names, since tokens rise across deletions of topics and groups too.
  std::map<std::tuple<std::string, std::string, PartitionIndex>, FencingToken> highest_;
};

}  // namespace muster::domain
