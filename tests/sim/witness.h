// Hears every byte that goes into the coordinator and every message that comes out, and holds each
// message against the model: what it reveals must be durable, and true at its sequence. Keeps its
// own book of who was heard when, so that no deadline comes before its time.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/awake_clock.h"
#include "tests/sim/coverage.h"
#include "tests/sim/disk.h"
#include "tests/sim/model.h"
#include "tests/sim/network.h"
#include "tests/sim/schedule.h"
#include "tests/sim/trace.h"

namespace muster::sim {

class Witness {
 public:
  Witness(Schedule& schedule, Verdict& verdict, Trace& trace, Coverage& coverage, AwakeClock& awake,
          Model& model, std::uint32_t leader_plan_timeout_ms)
      : schedule_(schedule),
        verdict_(verdict),
        trace_(trace),
        coverage_(coverage),
        awake_(awake),
        model_(model),
        leader_plan_timeout_ms_(leader_plan_timeout_ms) {}

  void server_started(const Disk& disk);
  /// The journal is another one: what was known of seats and tokens is of no meaning in it.
  void restored();
  bool knows(ConnectionId id) const { return conversations_.contains(id); }
  void connected(ConnectionId id) { conversations_[id].heard_ms = awake_ms(); }
  void delivered(ConnectionId id, std::string_view bytes);
  void paused(ConnectionId id) { conversations_[id].paused = true; }
  void resumed(ConnectionId id);
  void wrote(ConnectionId id, std::string_view frame);
  /// The coordinator was told of the end, or has closed the connection itself.
  void connection_ended(ConnectionId id);
  void staged(const StagedUnit& unit, bool storage_full);
  void durable(const StagedUnit& unit);

 private:
  struct Asked {
    std::uint64_t correlation_id = 0;
    Sequence durable = 0;  // when it was asked: no answer may be older
    std::uint64_t number = 0;
    std::string frame;
    const wire::Request& request() const;
  };
  struct Conversation {
    std::string partial;
    bool paused = false;  // what it asked may not have been read yet
    bool doomed = false;  // it sent something for which it will be closed: it lives no more
    std::vector<Asked> asked;
    std::vector<wire::PlanWantedT> wanted;  // pages of a push that is not complete yet
    Sequence last_sequence = 0;
    std::uint64_t heard_ms = 0;  // of the awake clock
  };
  /// What is known of the binding of a seat. Once a join may have bound it in secret (its reply
  /// was lost), nothing is certain until the next reply.
  struct Watch {
    ConnectionId connection = 0;
    Incarnation incarnation = 0;
    bool ended = false;
    std::uint64_t since_ms = 0;
  };
  /// Numbers of requests in the order of delivery. What was lost may have been carried out at any
  /// time until then (reading pauses), so only a join that was sent later clears it up.
  struct Joins {
    std::uint64_t last_lost = 0;
    std::uint64_t last_answered = 0;
  };
  using MemberName = std::pair<std::string, std::string>;

  // witness.cc
  const wire::ServerMessage* message_in(std::string_view frame);
  void ask(Conversation& conversation, std::string frame);
  void check_expiry(const domain::MemberExpired& event);
  void check_plan(const StagedUnit& unit, const domain::PlanMade& event);
  bool goes_on(const domain::PlanMade& event);
  void note_plan(Sequence first, const domain::PlanMade& event);
  void check_submitted(const domain::PlanMade& event, const std::vector<std::string>& frames);
  bool is_made_of(const GroupFacts& group, Sequence made, const wire::SubmitPlan& plan) const;
  void note_round(const StagedUnit& unit);
  void check_replacement(const domain::MemberReplaced& event);
  void check_fencing(const domain::PartitionsFenced& event);
  void check_quiet_time();
  bool is_certain(const MemberName& member) const;
  /// Joins of this incarnation that have no reply yet.
  std::vector<const Asked*> outstanding_joins(const MemberName& member,
                                              Incarnation incarnation) const;
  void note_seated(const MemberName& member, Incarnation incarnation);
  std::uint64_t silence_ms(const Watch& watch) const;
  std::uint64_t awake_ms() const { return awake_.now_ms(schedule_.now_ms()); }

  // witness_replies.cc
  void check_reply(ConnectionId id, const Asked& asked, const wire::ServerMessage& message);
  void check(const wire::JoinReply& reply, const wire::Join& request, Sequence at);
  void check_held(const wire::JoinReply& reply, const GroupFacts& group, SeatId seat, Sequence at,
                  bool whole);
  void check(const wire::CommitReply& reply, const wire::Commit& request, Sequence at);
  void check(const wire::ReleaseReply& reply, const wire::Release& request, Sequence at);
  void check(const wire::OffsetsReply& reply, const wire::FetchOffsets& request, Sequence at);
  void check(const wire::FenceReply& reply, const wire::CheckFence& request, Sequence at);
  void check(const wire::StatusReply& reply, Sequence at);
  void check(const wire::EventsReply& reply, const wire::ListEvents& request, Sequence at);
  void check_group(const wire::GroupInfo& info, Sequence at);
  void check_topic(const wire::TopicInfo& info, Sequence at);
  void check(const wire::PartitionsReply& reply, const wire::ListPartitions& request, Sequence at);
  void check(const wire::GroupReply& reply, Sequence at);
  void check_members(const wire::MembersReply& reply, const wire::ListMembers& request,
                     Sequence at);
  bool is_set(const wire::Request& request, Sequence at) const;
  void check_done(const wire::Request& request, Sequence at);
  void check_refusal(const wire::Error& error, const wire::Request& request, Sequence at);
  void check_committed(const GroupFacts* group, const std::string& topic, PartitionIndex index,
                       std::int64_t offset, FencingToken fence, bool superseded, Sequence at);
  const PartitionFacts* partition_at(const GroupFacts& group, const std::string& topic,
                                     PartitionIndex index, Sequence at) const;

  // witness_pushes.cc
  void check_push(ConnectionId id, const wire::ServerMessage& message);
  void check(const wire::Assigned& push, Sequence at);
  void check(const wire::Revoke& push, Sequence at);
  void check(const wire::Lost& push, Sequence at);

  // witness_offsets.cc
  void check_retention(const domain::OffsetsExpired& event);
  void note_offsets(const domain::EventBody& event);
  void note_asked_back(const std::string& group,
                       const std::vector<domain::MemberPartitions>& revoking);
  void check(const wire::OffsetsChangedReply& reply, const wire::Request& request, Sequence at);
  bool conflicts(const wire::Commit& commit, Sequence at) const;

  // witness_plans.cc
  void check_wanted(ConnectionId id, const wire::PlanWanted& page, Sequence at);
  void check_whole(const std::vector<wire::PlanWantedT>& pages, const GroupFacts& group,
                   Sequence at);
  /// Why a submitted plan is not right at that sequence; empty: it is.
  std::string wrong_with(const wire::SubmitPlan& plan, const GroupFacts& group, Sequence at) const;

  Schedule& schedule_;
  Verdict& verdict_;
  Trace& trace_;
  Coverage& coverage_;
  AwakeClock& awake_;
  Model& model_;
  std::uint32_t leader_plan_timeout_ms_;
  const Disk* disk_ = nullptr;
  std::vector<std::uint8_t> message_;  // the one that is being looked at
  std::map<ConnectionId, Conversation> conversations_;
  std::map<SeatId, Watch> watches_;
  std::map<MemberName, Joins> joins_;
  /// The join that seated an incarnation, by its number, if it is known for sure.
  std::map<std::pair<MemberName, Incarnation>, std::uint64_t> seated_by_;
  std::map<std::pair<FencingToken, TopicPartition>, std::uint64_t> asked_back_ms_;
  /// The requests that a leader's plan may have come with.
  std::map<Sequence, std::vector<std::string>> submitted_;
  std::map<std::string, std::vector<std::string>> in_slices_;  // of plans not yet whole, by group
  std::map<std::string, Generation> staged_plans_;  // whose next slice is to follow, by group
  std::map<std::string, Generation> durable_plans_;
  std::map<std::string, std::uint64_t> rounds_ms_;  // since when leaders are waited for, by group
  std::map<std::string, std::uint64_t> left_ms_;    // when somebody left the group last
  std::uint64_t started_ms_ = 0;
  std::uint64_t last_number_ = 0;
};

}  // namespace muster::sim
