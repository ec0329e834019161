// `why`: the story of one partition in one group, told from the events in order: who owned it, what
// moved it, and where the time of each hand-over went. Where the events come from, a server or a
// directory, is of no concern here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/events.h"
#include "muster/error.hpp"
#include "tools/event_view.h"
#include "tools/why_causes.h"
#include "tools/why_group.h"
#include "tools/why_memory.h"

namespace muster::tools {

/// Something that happened to the partition, or explains what did.
struct StoryEntry {
  Sequence sequence = 0;
  std::int64_t time_ms = 0;
  std::string kind;          // "granted", for programs
  std::string what;          // "granted to pod-0 under token 6"
  std::string why;           // "pod-1 expired"; empty: it says itself
  std::string member_id;     // whom it concerns; empty: nobody in particular
  std::string former_owner;  // of a grant; empty: there was none before
  FencingToken fence = 0;
  bool trimmed = false;  // told from memory: the event is gone
  /// Of a grant that ends a hand-over: how long that took, and what on.
  std::optional<std::int64_t> took_ms;
  std::vector<Leg> legs;
  /// How long the former owner had been silent or gone before it was given up.
  std::int64_t given_up_after_ms = 0;
};

/// How it is with the partition after the last event.
struct Standing {
  enum class Phase { kNoGroup, kNoTopic, kNoPartition, kFree, kOwned, kRevoking };
  Phase phase = Phase::kFree;
  std::string owner;
  FencingToken fence = 0;
  std::string target;  // whom the plan gives it to
  Sequence since_sequence = 0;
  std::int64_t since_ms = 0;
  std::optional<std::int64_t> committed;
  std::string pinned_to;
  std::string pin;  // "It is pinned to z, …" unless `why` says it
  bool frozen = false;
  std::string why;  // why nobody owns it, or whom it waits for
};

class Story {
 public:
  Story(std::string group, std::string topic, PartitionIndex partition);

  /// To be called before the first event, if those before it were trimmed.
  void recall(const Memory& memory);
  /// Takes in the next event; those of other groups are of no interest, but do no harm.
  void take(Sequence sequence, const domain::Event& event);

  /// kUnknownResource when there never was such a group, topic or partition.
  std::optional<Error> unknown() const;

  const std::string& group() const { return group_; }
  const std::string& topic() const { return topic_name_; }
  PartitionIndex partition() const { return partition_; }
  /// Of the oldest event that the journal has; 1: nothing was trimmed.
  Sequence first_sequence() const { return first_sequence_; }
  std::vector<StoryEntry> entries() const;
  Standing standing() const;

 private:
  /// A hand-over on its way.
  struct HandOver {
    bool under_way = false;
    std::int64_t began_ms = 0;
    std::int64_t reached_ms = 0;
    std::int64_t given_up_after_ms = 0;
    std::vector<Leg> legs;

    void begin(std::int64_t time_ms);
    /// What the time from the step before was spent on.
    void step(const std::string& spent_on, std::int64_t time_ms);
  };
  /// How it is, as far as events that were trimmed may have set it.
  struct Present {
    bool frozen = false;
    bool revoking = false;
    FencingToken fence = 0;
    std::optional<std::int64_t> committed;
    std::string pinned_to;
  };
  /// Commits since the last other entry.
  struct Commits {
    std::uint64_t count = 0;
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
    FencingToken fence = 0;
    Sequence sequence = 0;  // of the last
    std::int64_t time_ms = 0;
    std::string by;
  };

  // why_memory.cc: what was before.
  void recall_members(const Memory& memory);
  void recall_grant(const wire::PartitionInfoT& now, const wire::GrantInfoT& grant);
  void introduce(const domain::EventBody& body);

  // why_partition.cc: what an event does to the partition.
  void tell(const domain::TopicCreated& event);
  void tell(const domain::TopicExpanded& event);
  void tell(const domain::TopicDeleted& event);
  void tell(const domain::MemberReplaced& event);
  void tell(const domain::MemberLeft& event);
  void tell(const domain::MemberExpired& event);
  void tell(const domain::OffsetsCommitted& event);
  void tell(const domain::OffsetsReset& event);
  void tell(const domain::OffsetsDeleted& event);
  void tell(const domain::OffsetsExpired& event);
  void tell_forgotten(const std::vector<domain::OffsetValue>& former, const char* kind,
                      const std::string& why);
  void tell(const domain::GroupDeleted& event);
  void tell(const domain::GroupFrozen& event);
  void tell(const domain::PartitionPinned& event);
  void tell(const domain::JournalRestored& event);
  void tell(const domain::QuietTimeEnded&) { quiet_ = false; }
  void tell(const auto&) {}
  void forget_partition();

  // why_hand_over.cc: how it goes from one owner to the next.
  void tell(const domain::PlanMade& event);
  void tell(const domain::PartitionsGranted& event);
  void tell(const domain::OffsetsResetBegun& event);
  void tell(const domain::PartitionsReleased& event);
  void tell(const domain::PartitionsFenced& event);
  void add_causes(const domain::PlanMade& plan);
  void plan_hand_over(const domain::PlanMade& plan);
  /// Its owner lost it otherwise than by a release; `spent_on` as HandOver::step has it.
  void freed(const std::string& spent_on);
  bool takes_from_owner(SeatId seat, const std::string& member_id,
                        const std::vector<domain::TokenRef>& tokens);
  std::string plan_text(const domain::PlanMade& plan, const std::string& target,
                        bool asked_back) const;

  // Words that they share.
  bool lists(const std::vector<domain::PartitionList>& lists) const;
  /// The member among them that has the partition; null: none.
  const domain::MemberPartitions* holder(
      const std::vector<domain::MemberPartitions>& members) const;
  bool exists() const { return topic_ != 0 && partition_ < partition_count_; }
  PlanCauses::Concern concern() const {
    return {.facts = facts_,
            .at = {.topic = topic_, .partition = partition_},
            .topic_name = topic_name_};
  }
  std::string at() const;
  std::string by() const;
  std::string name_of(SeatId seat) const;

  StoryEntry& add(const char* kind, std::string what);
  StoryEntry commits_entry() const;
  void close_commits();
  void group_begins();

  // why.cc
  bool frozen() const { return present_ ? present_->frozen : facts_.frozen(); }
  const std::string& pinned_to() const { return present_ ? present_->pinned_to : pinned_to_; }
  std::string pin_text() const;
  std::string why_free() const;

  std::string group_;
  std::string topic_name_;
  PartitionIndex partition_;

  Sequence first_sequence_ = 1;
  std::optional<Present> present_;  // nothing: the events tell all of it
  bool born_ = true;                // false: the partition is older than the oldest event

  Sequence sequence_ = 0;  // the event that is being told
  const domain::Event* event_ = nullptr;
  TopicNames topic_names_;
  GroupFacts facts_;
  PlanCauses causes_;

  bool group_exists_ = false;
  bool group_ever_ = false;
  TopicId topic_ = 0;  // the present one of that name; 0: none
  bool topic_ever_ = false;
  std::int32_t partition_count_ = 0;
  std::int32_t most_partitions_ = 0;

  SeatId owner_ = kNobody;
  FencingToken fence_ = 0;
  bool revoking_ = false;
  std::int64_t asked_back_ms_ = 0;
  std::string last_owner_;  // who owned it last, or does
  SeatId target_ = kNobody;
  std::string pinned_to_;
  std::optional<std::int64_t> committed_;
  Sequence since_sequence_ = 0;
  std::int64_t since_ms_ = 0;

  bool quiet_ = false;       // after a restore: no plan is made
  bool awaits_pin_ = false;  // the last plan gives it to nobody until its pin's member joins
  HandOver hand_over_;
  Commits commits_;
  std::vector<StoryEntry> entries_;
};

}  // namespace muster::tools
