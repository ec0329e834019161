// What made a group's next plan due: the events since its last plan, in words, and where the time
// until the plan went. A plan is the group's, a story one partition's: what does not concern the
// partition's topic is not told, unless nothing else is there to tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/events.h"
#include "tools/event_view.h"
#include "tools/why_group.h"

namespace muster::tools {

/// A part of the time that a hand-over took.
struct Leg {
  std::string what;
  std::int64_t took_ms = 0;
};

class PlanCauses {
 public:
  /// Whose story it is: the partition, its topic's name, and who subscribes to it.
  struct Concern {
    const GroupFacts& facts;
    TopicPartition at;
    const std::string& topic_name;
  };
  /// An event that explains a plan well enough for a line of its own.
  struct Line {
    Sequence sequence = 0;
    std::int64_t time_ms = 0;
    std::string kind;
    std::string what;
  };
  /// A moment on the way to the plan, and what the time until then was spent on.
  struct Mark {
    std::string until_then;
    std::int64_t time_ms = 0;
  };

  /// Takes in an event of the group or of a topic; `facts` are those before it.
  void take(Sequence sequence, const domain::Event& event, const GroupFacts& facts,
            const TopicNames& names);

  /// "pod-0 and pod-1 joined; topic outbox was expanded to 8 partitions". Empty: nothing is known.
  std::string text(const domain::PlanMade& plan, const Concern& concern) const;
  std::vector<Line> lines(const domain::PlanMade& plan, const Concern& concern) const;
  /// When the first of them happened; nothing: none is known.
  std::optional<std::int64_t> first_ms(const domain::PlanMade& plan, const Concern& concern) const;
  /// Whether one of them was done to the partition of this name, "outbox/3": it was pinned.
  bool name(const std::string& at) const;
  /// In order; the last is the plan, made at `plan_ms`.
  std::vector<Mark> marks(std::int64_t plan_ms) const;
  /// Of the leader that was asked for the plan; empty: none was.
  const std::string& leader() const { return leader_; }
  /// Whether a plan seems to be due.
  bool any() const;

  /// The plan was made.
  void clear(const domain::PlanMade& plan);

 private:
  struct Change {
    Sequence sequence = 0;
    std::string subject;
    std::string predicate;
    std::int64_t time_ms = 0;
    TopicId topic = 0;  // a change of a topic, which counts if the group plans it
    /// A change of a member, with what it subscribed to before and after; of one that is not known
    /// any more it is anybody's guess.
    std::vector<domain::Subscription> subscriptions;
    std::optional<TopicPartition> pinned;  // or unpinned: a change of this partition
    std::optional<Line> line;
  };
  struct Chosen {
    std::vector<const Change*> changes;
    bool concern = true;  // false: there are only those that do not concern the partition
  };
  bool planned_before(TopicId topic) const;
  bool counts(const Change& change, const domain::PlanMade& plan) const;
  static bool concerns(const Change& change, const Concern& concern);
  Chosen chosen(const domain::PlanMade& plan, const Concern& concern) const;
  Change& add(const domain::Event& event, std::string subject, std::string predicate);
  Change& add_urgent(Sequence sequence, const domain::Event& event, const char* kind,
                     std::string subject, std::string predicate, std::string line_predicate = {});
  void add_topic(const domain::Event& event, TopicId topic, const std::string& name,
                 std::string predicate);
  void mark(const domain::Event& event, std::string until_then);
  std::string spent_on(bool urgent) const;

  void take_member(Sequence sequence, const domain::Event& event, const GroupFacts& facts);
  void take_match(const domain::Event& event, const TopicNames& names);
  void take_setting(Sequence sequence, const domain::Event& event, const GroupFacts& facts,
                    const TopicNames& names);
  void take_topic(Sequence sequence, const domain::Event& event, const GroupFacts& facts,
                  const TopicNames& names);

  struct Created {
    TopicId id = 0;
    std::int64_t time_ms = 0;
  };

  Sequence sequence_ = 0;  // of the event that is taken in
  Created created_;        // the latest topic
  std::vector<Change> changes_;
  std::optional<Line> asked_;  // the leader
  std::vector<Mark> marks_;
  std::vector<TopicId> planned_;  // by the last plan, ascending
  std::string leader_;
  bool urgent_ = false;
};

}  // namespace muster::tools
