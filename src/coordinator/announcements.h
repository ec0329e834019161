// What members are told of a unit of events: pushes, in sequence order. They are never relied upon:
// a resume repeats everything (§4 rule 7).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "codec/wire.h"
#include "coordinator/pipeline.h"
#include "domain/events.h"
#include "domain/state.h"

namespace muster::coordinator {

/// One push for the connection that the seat is bound to when it is released.
struct Announcement {
  SeatId seat = kNobody;
  wire::ServerBodyUnion body;              // of type NONE: nothing is said
  bool ends_seat = false;                  // the seat's session ends once this has left
  std::vector<domain::TokenRef> revoking;  // asked back by this push: their deadline begins with it
  std::uint32_t rebalance_timeout_ms = 0;
  std::string plan_of;  // not empty: the last push that asks the leader of this group for a plan
  std::string
      untold_plan_of;  // not empty: what the leader of this group would be told is too large
};

/// Collects the announcements of one unit while it is folded.
class Announcements {
 public:
  /// `awaiting_plan`: seats that a plan has counted before, and whose members were told since then
  /// that another one is being made. Those that are told of it are taken out.
  Announcements(const domain::State& state, const Settings& settings,
                std::set<SeatId>& awaiting_plan)
      : state_(state),
        settings_(settings),
        awaiting_plan_(awaiting_plan),
        partitions_a_push_(
            std::max<std::size_t>(settings.max_frame_bytes / 2 / kBytesAPartition, 1)) {}

  /// Before the event is folded: what can't be seen any more afterwards.
  void before(const domain::Event& event);
  /// After the event was folded.
  void after(const domain::Event& event);
  /// The group's leader owes a plan: asks it, again if need be.
  void ask_leader(const domain::Group& group);
  /// After the whole unit was folded; takes them out.
  std::vector<Announcement> take();

 private:
  // Room enough for a partition in a topic of its own with a name of any length.
  static constexpr std::size_t kBytesAPartition = 384;

  void note_waiting(const domain::PlanMade& plan);
  void note_expectant(const domain::PlanMade& plan);
  void note_frozen(const domain::GroupFrozen& event);
  void tell_revoked(const std::string& group_name, const std::vector<domain::MemberPartitions>& all,
                    wire::RevokeReason reason);
  void tell_granted(const domain::PartitionsGranted& event);
  void tell_waiting();
  void tell_fenced(const domain::PartitionsFenced& event);
  void tell_dropped(const domain::GroupTopicDropped& event);
  void tell_seat_ended(const domain::Group& group, const domain::Member& member,
                       domain::TokenEnd reason, bool ends_seat);
  void tell_lost(const domain::Group& group, const domain::Member& member,
                 std::span<const domain::TokenRef> tokens, domain::TokenEnd reason,
                 bool seat_ended);
  wire::AssignedT assigned(const domain::Group& group, const domain::Member& member) const;

  const domain::State& state_;
  const Settings& settings_;
  std::set<SeatId>& awaiting_plan_;
  std::size_t partitions_a_push_;
  std::vector<Announcement> announcements_;
  const domain::Group* planned_ = nullptr;  // the group of this unit's plan
  SeatId replaced_ = kNobody;               // whose connection is about to change
  std::set<SeatId> waiting_;                // seats to be told of the plan even without a grant
};

}  // namespace muster::coordinator
