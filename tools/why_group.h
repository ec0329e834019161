// What a group's events say of its members and settings, as far as it decides about one partition.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "domain/assign/strategy.h"
#include "domain/events.h"

namespace muster::tools {

class GroupFacts {
 public:
  struct Member {
    std::string member_id;
    domain::Subscription subscription;
    std::uint32_t session_timeout_ms = 0;
    std::uint32_t disconnect_grace_ms = 0;
    std::uint32_t rebalance_timeout_ms = 0;
    bool known = true;  // false: seated by an event that was trimmed, and gone since
  };

  /// Takes in an event of the group. `topic` is the one whose partition is asked about, 0: none.
  void take(Sequence sequence, const domain::EventBody& body, TopicId topic);
  /// The topic is gone: what patterns matched it is of the past.
  void forget_topic() { matching_.clear(); }

  /// A member that the trimmed events seated, as it is now.
  void recall(SeatId seat, Member member);
  void recall_draining(const std::string& member_id) { draining_.insert(member_id); }
  /// A pattern that matches the topic asked about.
  void recall_match(const std::string& pattern) { matching_.insert(pattern); }
  /// Nothing is known of the strategy, until a plan or a setting names it.
  void forget_strategy() { strategy_.clear(); }
  /// A member of whom an event says no more than this, unless more is known.
  void introduce(SeatId seat, const std::string& member_id);

  /// Null: nobody has the seat.
  const Member* member(SeatId seat) const;
  const Member* member(const std::string& member_id) const;
  /// kNobody: no member has this name.
  SeatId seat_of(const std::string& member_id) const;
  bool empty() const { return members_.empty(); }
  bool subscribes(const domain::Subscription& subscription, const std::string& topic) const;
  /// By name, patterns apart.
  bool anyone_names(const std::string& topic) const;
  bool anyone_subscribes(const std::string& topic) const;
  bool all_subscribers_drain(const std::string& topic) const;
  bool drains(const std::string& member_id) const { return draining_.contains(member_id); }
  /// Empty: not known.
  const std::string& strategy() const { return strategy_; }
  bool frozen() const { return frozen_; }

 private:
  void seat(SeatId seat, const std::string& member_id, const domain::MemberSettings& settings);

  std::map<SeatId, Member> members_;
  std::map<std::string, SeatId, std::less<>> seats_;
  std::set<std::string, std::less<>> draining_;
  std::set<std::string, std::less<>> matching_;  // patterns that match the topic asked about
  std::string strategy_{domain::kDefaultStrategy};
  bool frozen_ = false;
};

}  // namespace muster::tools
