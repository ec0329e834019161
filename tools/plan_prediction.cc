#include "tools/plan_prediction.h"

#include <algorithm>
#include <map>
#include <utility>

#include "domain/assert.h"
#include "domain/fold.h"
#include "domain/grants.h"
#include "domain/message.h"
#include "domain/patterns.h"
#include "domain/plan_input.h"

namespace muster::tools {
namespace {

using domain::AssignmentInput;
using domain::Group;
using domain::MemberIndex;
using domain::State;

constexpr std::string_view kGroup = "scenario";

/// The scenario as the events that would have brought a group into it. Owners are targets of the
/// last plan: a strategy is told of these, not of grants.
class Folder {
 public:
  explicit Folder(const Scenario& scenario) : scenario_(scenario) {}

  State fold() {
    for (const auto& [name, count] : scenario_.topics) {
      add(domain::TopicCreated{.name = name, .partition_count = count});
    }
    for (const auto& [member_id, member] : scenario_.members) add_member(member_id, member);
    if (state_.group(kGroup) != nullptr) add_pins();
    return std::move(state_);
  }

  /// The plan that the group has. Apart from the rest, which tells how large it is.
  static void add_plan(const Scenario& scenario, State& state) {
    const Group& group = *state.group(kGroup);
    domain::PlanMade plan{.group = group.name,
                          .generation = 1,
                          .strategy = scenario.strategy,
                          .planned = domain::planned_topics(state, group)};
    domain::PartitionsBySeat targets;
    for (const Holding& holding : scenario.holdings) {
      const domain::Member* owner = group.member(scenario.names.name(holding.owner));
      const domain::Topic* topic = state.topic(scenario.names.name(holding.topic));
      const bool exists =
          topic != nullptr && holding.partition >= 0 && holding.partition < topic->partition_count;
      if (owner == nullptr || !exists || !group.subscriptions.contains(topic->name)) continue;
      targets.add(owner->seat, {.topic = topic->id, .partition = holding.partition});
    }
    plan.targets = targets.take(group);
    add(state, std::move(plan));
  }

 private:
  static void add(State& state, domain::EventBody body) {
    const auto folded = domain::fold(state, state.sequence + 1, {.body = std::move(body)});
    MUSTER_ASSERT(folded.has_value());
  }
  void add(domain::EventBody body) { add(state_, std::move(body)); }

  void add_member(const std::string& member_id, const Scenario::Member& member) {
    std::vector<domain::EventBody> unit;
    unit.emplace_back(domain::MemberJoined{.group = std::string(kGroup),
                                           .member_id = member_id,
                                           .incarnation = 1,
                                           .settings = {.subscription = member.subscription}});
    domain::append_matches(state_, state_.group(kGroup), kGroup, member.subscription, unit);
    if (member.draining) {
      unit.emplace_back(domain::MemberDrained{
          .group = std::string(kGroup), .member_id = member_id, .draining = true});
    }
    for (domain::EventBody& body : unit) add(std::move(body));
  }

  void add_pins() {
    for (const auto& [at, member_id] : scenario_.pins) {
      const domain::Topic* topic = state_.topic(at.first);
      if (topic == nullptr || at.second >= topic->partition_count) continue;
      add(domain::PartitionPinned{.group = std::string(kGroup),
                                  .at = {.topic = topic->id, .partition = at.second},
                                  .member_id = member_id});
    }
  }

  const Scenario& scenario_;
  State state_;
};

void append(std::vector<TopicShare>& topics, std::string_view topic, PartitionIndex partition) {
  if (topics.empty() || topics.back().topic != topic) topics.push_back({topic, {}});
  topics.back().partitions.push_back(partition);
}

/// Who gets each partition, by the scenario's name of its topic.
using Owners = std::map<std::string_view, const std::vector<MemberIndex>*>;

Owners owners_by_topic(const Scenario& scenario, const State& state, const AssignmentInput& input,
                       const domain::Assignment& assignment) {
  Owners owners;
  for (std::size_t i = 0; i < input.topics.size(); ++i) {
    const auto topic = scenario.topics.find(state.topic(input.topics[i].id)->name);
    owners[topic->first] = &assignment[i];
  }
  return owners;
}

void share_out(const Owners& owners, Prediction& prediction) {
  for (const auto& [topic, members] : owners) {
    for (std::size_t i = 0; i < members->size(); ++i) {
      const MemberIndex member = (*members)[i];
      const auto partition = static_cast<PartitionIndex>(i);
      if (member == domain::kUnassigned) {
        append(prediction.unowned, topic, partition);
        continue;
      }
      append(prediction.members[member].topics, topic, partition);
      ++prediction.members[member].partitions;
    }
  }
}

void note_moves(const Scenario& scenario, const Owners& owners, Prediction& prediction) {
  for (const Holding& holding : scenario.holdings) {
    const std::string_view topic = scenario.names.name(holding.topic);
    const auto index = static_cast<std::size_t>(holding.partition);
    const auto members = owners.find(topic);
    MemberIndex member = domain::kUnassigned;
    if (members != owners.end() && index < members->second->size()) {
      member = (*members->second)[index];
    }
    const std::string_view from = scenario.names.name(holding.owner);
    const bool nobody = member == domain::kUnassigned;
    const std::string_view to = nobody ? std::string_view() : prediction.members[member].member_id;
    if (from != to) {
      prediction.moves.push_back(
          {.topic = topic, .partition = holding.partition, .from = from, .to = to});
    }
  }
}

/// Pins to members that are there and still can't have the partition.
void note_idle_pins(const Scenario& scenario, const State& state, const Group& group,
                    Prediction& prediction) {
  for (const auto& [at, member_id] : scenario.pins) {
    const domain::Member* member = group.member(member_id);
    const domain::Topic* topic = state.topic(at.first);
    if (member == nullptr || topic == nullptr) continue;
    const bool subscribed = domain::subscribes(group, *member, *topic);
    const bool draining = group.draining.contains(member_id);
    if (subscribed && !draining) continue;
    prediction.idle_pins.push_back({.topic = at.first,
                                    .partition = at.second,
                                    .member_id = member_id,
                                    .draining = draining,
                                    .subscribed = subscribed});
  }
}

/// A group without members subscribes to nothing: what was owned is what it leaves unowned.
void note_left_behind(const Scenario& scenario, Prediction& prediction) {
  for (const Holding& holding : scenario.holdings) {
    const auto topic = scenario.topics.find(scenario.names.name(holding.topic));
    if (topic == scenario.topics.end() || holding.partition >= topic->second) continue;
    append(prediction.unowned, topic->first, holding.partition);
  }
}

Balance balance_of(const std::vector<MemberShare>& members) {
  Balance balance;
  bool first = true;
  for (const MemberShare& member : members) {
    if (member.draining) continue;
    balance.min = first ? member.partitions : std::min(balance.min, member.partitions);
    balance.max = std::max(balance.max, member.partitions);
    first = false;
  }
  balance.spread = balance.max - balance.min;
  return balance;
}

}  // namespace

std::expected<Prediction, Rejection> predict(const Scenario& scenario) {
  Prediction prediction{.strategy = scenario.strategy, .frozen = scenario.frozen};
  for (const auto& [member_id, member] : scenario.members) {
    prediction.members.push_back({.member_id = member_id, .draining = member.draining});
  }
  State state = Folder(scenario).fold();
  const Group* group = state.group(kGroup);
  if (group == nullptr) {  // without members: nobody gets anything
    note_moves(scenario, {}, prediction);
    note_left_behind(scenario, prediction);
    return prediction;
  }
  const std::size_t planned = domain::subscribed_partitions(state, *group);
  if (planned > kPlannedPartitionsMax) {
    return std::unexpected(Rejection{
        .code = ErrorCode::kLimitReached,
        .message =
            domain::sentence("The members subscribe to ", planned, " partitions: plan at most ",
                             kPlannedPartitionsMax, " at once.")});
  }
  Folder::add_plan(scenario, state);
  const domain::PlanInput plan = domain::plan_input(state, *group);
  const domain::Assignment assignment =
      domain::find_strategy(scenario.strategy)->assign(plan.input);
  const Owners owners = owners_by_topic(scenario, state, plan.input, assignment);
  share_out(owners, prediction);
  note_moves(scenario, owners, prediction);
  note_idle_pins(scenario, state, *group, prediction);
  prediction.balance = balance_of(prediction.members);
  return prediction;
}

}  // namespace muster::tools
