// Plans held against what their strategies promise. Nothing is computed as the strategies do it:
// what a plan must be follows from its properties.

#include <algorithm>
#include <map>

#include "tests/sim/model.h"

namespace muster::sim {

Ground Model::ground(const GroupFacts& group, Sequence sequence) const {
  Ground ground;
  const std::vector<SeatId> members = group.members_at(sequence);
  for (const auto& [name, incarnations] : topics_) {
    const TopicFacts* topic = topic_at(name, sequence);
    if (topic == nullptr) continue;
    std::vector<SeatId> candidates = members;
    std::erase_if(candidates, [&](SeatId seat) {
      return !group.seats.at(seat).wishes.at(sequence).includes(name);
    });
    if (candidates.empty()) continue;
    std::erase_if(candidates, [&](SeatId seat) {
      return group.drains(group.seats.at(seat).member_id, sequence);
    });
    const std::size_t number = ground.topics.size();
    ground.topics.push_back({.id = topic->id,
                             .name = name,
                             .partitions = topic->partitions.at(sequence),
                             .candidates = std::move(candidates)});
    for (PartitionIndex index = 0; index < topic->partitions.at(sequence); ++index) {
      const TopicPartition at{topic->id, index};
      ground.plots.push_back({.at = at, .fixed = group.fixed(at, name, sequence), .topic = number});
    }
  }
  return ground;
}

/// Whether the plan was the right one's to make.
void Model::check_strategy(const GroupFacts& group, const domain::PlanMade& event) {
  const GroupSettings& settings = group.settings.now();
  const bool instead = !event.instead_of_leader.empty();
  bool right = event.strategy == settings.strategy && !instead;
  if (settings.strategy == "leader") {
    const bool nobody = group.member_count.at(event.membership) == 0;
    right = event.strategy == "leader" ? !instead && group.wanted.now().sequence != 0
                                       : event.strategy == "sticky" && (instead || nobody);
  }
  verdict_.require(right, "right-strategy", "Plan ", sequence_, " of group ", group.name, " is by ",
                   event.strategy, " (", event.instead_of_leader, "); it is configured to ",
                   settings.strategy, ".");
}

/// A new plan, or another slice of the same: generations count plans.
void Model::begin_plan(GroupFacts& group, const domain::PlanMade& event) {
  verdict_.require(!group.settings.now().frozen, "frozen-stays", "Plan ", sequence_,
                   " is of group ", group.name, ", which is frozen.");
  const Generation last = group.generation.now();
  const bool goes_on = group.plan.more && event.generation == last;
  verdict_.require(goes_on || event.generation == last + 1, "generation-rises", "Event ", sequence_,
                   " makes generation ", event.generation, " after ", last, ".");
  if (!goes_on) {
    check_strategy(group, event);
    group.plan = {.strategy = event.strategy,
                  .membership = event.membership,
                  .more = false,
                  .formerly = {},
                  .last_sticky = group.last_sticky};
    for (const auto& [at, partition] : group.partitions) {
      group.plan.formerly[at] = partition.target;
    }
    group.last_sticky.clear();
  }
  const bool same = event.strategy == group.plan.strategy &&
                    event.membership == group.plan.membership && event.membership < sequence_;
  verdict_.require(same, "one-plan", "Slice ", sequence_, " of plan ", event.generation,
                   " of group ", group.name, " is by ", event.strategy, " for membership ",
                   event.membership, ", unlike the first.");
  group.plan.more = event.more;
}

void Model::require_target(const GroupFacts& group, const Plot& plot, bool right, const char* why) {
  verdict_.require(right, "balanced-plan", "The plan at ", sequence_, " of group ", group.name,
                   " by ", group.plan.strategy, " gives partition ", plot.at.partition,
                   " of topic ", plot.at.topic, " to seat ", group.partition(plot.at).target, ": ",
                   why, ".");
}

namespace {

SeatId target_of(const GroupFacts& group, const PartitionFacts& partition) {
  return group.live.contains(partition.target) ? partition.target : kNobody;
}

/// Partitions to which the slice gives a target.
std::set<TopicPartition> given(const domain::PlanMade& event) {
  std::set<TopicPartition> given;
  for (const domain::MemberPartitions& member : event.targets) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) given.insert({list.topic, index});
    }
  }
  return given;
}

/// All that a plan depends on, besides where everything is.
std::string text_of(const Ground& ground) {
  std::string text;
  for (const Ground::Topic& topic : ground.topics) {
    text += "t" + std::to_string(topic.id) + " " + std::to_string(topic.partitions);
    for (const SeatId seat : topic.candidates) text += " " + std::to_string(seat);
  }
  for (const Plot& plot : ground.plots) {
    if (!plot.fixed) continue;
    text += "p" + std::to_string(plot.at.topic) + "/" + std::to_string(plot.at.partition) + " " +
            std::to_string(*plot.fixed);
  }
  return text;
}

bool same_topics(const Ground& one, const Ground& other) {
  return std::ranges::equal(one.topics, other.topics, [](const auto& left, const auto& right) {
    return left.id == right.id && left.partitions == right.partitions;
  });
}

}  // namespace

/// What a slice gives, it gives to one who may have it now, whatever the plan was made for. With
/// the last one of a plan for the group as it is, the plan is what its strategy promises; one for
/// another group says so, or another is due for its topics.
void Model::check_slice(const GroupFacts& facts, const domain::PlanMade& event) {
  GroupFacts& group = *planned_;
  const Ground about = ground(facts, sequence_);
  check_targets(facts, about, given(event));
  if (event.more || event.outdated) return;
  const Ground made_for = ground(facts, event.membership);
  if (text_of(about) == text_of(made_for)) return check_plan(group, about);
  verdict_.require(!same_topics(about, made_for), "no-orphan", "The plan at ", sequence_,
                   " of group ", facts.name,
                   " is for another group than there is, and does not say so.");
}

void Model::check_targets(const GroupFacts& group, const Ground& ground,
                          const std::set<TopicPartition>& which) {
  std::size_t found = 0;
  for (const Plot& plot : ground.plots) {
    if (!which.contains(plot.at)) continue;
    ++found;
    const SeatId target = target_of(group, group.partition(plot.at));
    const std::vector<SeatId>& candidates = ground.candidates(plot);
    if (plot.fixed) {
      require_target(group, plot, target == *plot.fixed, "not as it is pinned");
    } else {
      require_target(group, plot, std::ranges::find(candidates, target) != candidates.end(),
                     "not to one who may have it");
    }
  }
  verdict_.require(found == which.size(), "balanced-plan", "The plan at ", sequence_, " of group ",
                   group.name, " gives partitions of topics that nobody subscribes to.");
}

/// Nothing disturbed that stays, all asked back that goes, all granted that is free.
void Model::check_hand_over(const GroupFacts& group) {
  const auto check = [&](TopicPartition at, const PartitionFacts& partition) {
    const Ownership& now = partition.ownership.now();
    const SeatId target = target_of(group, partition);
    verdict_.require(now.owner == kNobody || now.owner == target || now.revoking,
                     "one-command-one-unit", "The plan at ", sequence_, " leaves partition ",
                     at.partition, " of topic ", at.topic, " with seat ", now.owner,
                     " unasked while seat ", target, " shall have it.");
    const bool waits = group.reset.now().wanted.contains(at);
    verdict_.require(now.owner != kNobody || target == kNobody || waits, "one-command-one-unit",
                     "The plan at ", sequence_, " leaves partition ", at.partition, " of topic ",
                     at.topic, " free although seat ", target, " shall have it.");
  };
  for (const auto& [at, partition] : group.partitions) check(at, partition);
}

/// A whole plan for the group as it is: everything to one who may have it, and as its strategy
/// promises.
void Model::check_plan(GroupFacts& group, const Ground& about) {
  verdict_.require(group.planned.size() == about.topics.size(), "no-orphan", "The plan at ",
                   sequence_, " covers ", group.planned.size(), " topics; subscribed are ",
                   about.topics.size(), ".");
  for (const Ground::Topic& topic : about.topics) {
    const auto planned = group.planned.find(topic.id);
    verdict_.require(planned != group.planned.end() && planned->second == topic.partitions,
                     "no-orphan", "The plan at ", sequence_, " does not cover topic ", topic.name,
                     ".");
  }
  std::set<TopicPartition> covered;
  std::set<TopicPartition> wanted;
  for (const Plot& plot : about.plots) {
    covered.insert(plot.at);
    if (plot.fixed || !about.candidates(plot).empty()) {
      wanted.insert(plot.at);
    } else {
      require_target(group, plot, target_of(group, group.partition(plot.at)) == kNobody,
                     "nobody may have it");
    }
  }
  check_targets(group, about, wanted);
  for (const auto& [at, partition] : group.partitions) {
    const SeatId target = target_of(group, partition);
    verdict_.require(target == kNobody || covered.contains(at), "balanced-plan", "The plan at ",
                     sequence_, " of group ", group.name, " gives partition ", at.partition,
                     " of topic ", at.topic, ", which nobody subscribes to, to seat ", target, ".");
  }
  if (group.plan.strategy == "round_robin") check_deal(group, about);
  if (group.plan.strategy == "range") check_ranges(group, about);
  if (group.plan.strategy == "sticky") check_sticky(group, about);
}

/// One after the other in turn; one cursor for all topics.
void Model::check_deal(const GroupFacts& group, const Ground& ground) {
  const std::vector<SeatId> members = group.members_at(sequence_);
  std::size_t cursor = 0;
  for (const Plot& plot : ground.plots) {
    const std::vector<SeatId>& candidates = ground.candidates(plot);
    if (plot.fixed || candidates.empty()) continue;
    while (std::ranges::find(candidates, members[cursor % members.size()]) == candidates.end()) {
      ++cursor;
    }
    const SeatId dealt = members[cursor++ % members.size()];
    require_target(group, plot, group.partition(plot.at).target == dealt, "out of turn");
  }
}

/// A topic at a time: in one piece each, in the order of the members, one more to the first.
void Model::check_ranges(const GroupFacts& group, const Ground& ground) {
  std::map<std::pair<std::size_t, SeatId>, std::size_t> loads;
  std::vector<std::size_t> free(ground.topics.size());
  std::map<std::size_t, std::size_t> reached;
  for (const Plot& plot : ground.plots) {
    if (plot.fixed || ground.candidates(plot).empty()) continue;
    const std::vector<SeatId>& candidates = ground.candidates(plot);
    const SeatId target = group.partition(plot.at).target;
    const auto rank =
        static_cast<std::size_t>(std::ranges::find(candidates, target) - candidates.begin());
    require_target(group, plot, rank >= reached[plot.topic], "not in one piece");
    reached[plot.topic] = rank;
    ++loads[{plot.topic, target}];
    ++free[plot.topic];
  }
  for (std::size_t i = 0; i < ground.topics.size(); ++i) {
    const std::vector<SeatId>& candidates = ground.topics[i].candidates;
    for (std::size_t rank = 0; rank < candidates.size(); ++rank) {
      const std::size_t share =
          free[i] / candidates.size() + (rank < free[i] % candidates.size() ? 1 : 0);
      const std::size_t load = loads[{i, candidates[rank]}];
      verdict_.require(load == share, "balanced-plan", "The plan at ", sequence_, " of group ",
                       group.name, " gives seat ", candidates[rank], " a range of ", load,
                       " partitions of topic ", ground.topics[i].name, " and not ", share, ".");
    }
  }
}

/// Nothing moves when nothing has changed. With equal subscriptions and no pins loads are within
/// one of each other, and no plan that is so moves less.
void Model::check_sticky(GroupFacts& group, const Ground& ground) {
  const std::string basis = text_of(ground);
  const bool unchanged = basis == group.plan.last_sticky;
  group.last_sticky = basis;
  bool equal = true;
  std::map<SeatId, std::size_t> loads;
  std::map<SeatId, std::size_t> had;
  std::size_t kept = 0;
  for (const Plot& plot : ground.plots) {
    const auto formerly = group.plan.formerly.find(plot.at);
    const SeatId former = formerly == group.plan.formerly.end() ? kNobody : formerly->second;
    const SeatId target = group.partition(plot.at).target;
    require_target(group, plot, !unchanged || target == former || !group.live.contains(former),
                   "moved although nothing has changed");
    equal &= !plot.fixed && ground.candidates(plot) == ground.topics.front().candidates;
    ++loads[target];
    ++had[former];
    if (target == former) ++kept;
  }
  if (!equal || ground.plots.empty() || ground.topics.front().candidates.empty()) return;
  const std::vector<SeatId>& candidates = ground.topics.front().candidates;
  const std::size_t share = ground.plots.size() / candidates.size();
  const std::size_t extras = ground.plots.size() % candidates.size();
  std::size_t could_stay = 0;
  std::size_t above = 0;
  for (const SeatId seat : candidates) {
    verdict_.require(loads[seat] == share || (extras > 0 && loads[seat] == share + 1),
                     "balanced-plan", "The sticky plan at ", sequence_, " of group ", group.name,
                     " gives seat ", seat, " ", loads[seat], " of ", ground.plots.size(),
                     " partitions for ", candidates.size(), " members.");
    could_stay += std::min(had[seat], share);
    if (had[seat] > share) ++above;
  }
  could_stay += std::min(above, extras);
  verdict_.require(kept == could_stay, "fewest-moves", "The sticky plan at ", sequence_,
                   " of group ", group.name, " leaves ", kept, " partitions in place; ", could_stay,
                   " could stay.");
}

}  // namespace muster::sim
