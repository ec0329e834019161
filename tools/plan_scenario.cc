#include "tools/plan_scenario.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "domain/message.h"
#include "domain/names.h"

namespace muster::tools {
namespace {

using domain::quotable;
using domain::sentence;

Rejection rejection(ErrorCode code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

/// Of members that do not exist yet: as the first member by id, or all topics when there is none.
domain::Subscription usual_subscription(const Scenario& scenario) {
  if (!scenario.members.empty()) return scenario.members.begin()->second.subscription;
  std::vector<std::string> topics;
  topics.reserve(scenario.topics.size());
  for (const auto& [name, count] : scenario.topics) topics.push_back(name);
  return domain::Subscription(std::move(topics));
}

std::optional<Rejection> remove_member(const std::string& member_id, Scenario& scenario) {
  if (scenario.members.erase(member_id) > 0) return std::nullopt;
  return rejection(ErrorCode::kUnknownMember,
                   sentence("There is no member '", quotable(member_id),
                            "' to remove: name one that is there, each once."));
}

std::optional<Rejection> grow_topic(const std::string& name, std::int32_t count,
                                    const Limits& limits, Scenario& scenario) {
  const auto topic = scenario.topics.find(name);
  if (topic == scenario.topics.end()) {
    return rejection(ErrorCode::kUnknownResource,
                     sentence("There is no topic '", quotable(name),
                              "' to give more partitions: name one that is there."));
  }
  if (count < topic->second || count > limits.partitions_per_topic_max) {
    return rejection(
        ErrorCode::kInvalidPartitionCount,
        sentence("Topic '", name, "' has ", topic->second, " partitions and can't get ", count,
                 ": topics only grow, up to ", limits.partitions_per_topic_max, " partitions."));
  }
  topic->second = count;
  return std::nullopt;
}

std::optional<Rejection> add_members(std::uint32_t count, const domain::Subscription& subscription,
                                     const Limits& limits, Scenario& scenario) {
  if (count == 0) return std::nullopt;  // a group may have more than it would be allowed anew
  const std::size_t members = scenario.members.size() + count;
  if (members > limits.members_per_group_max) {
    return rejection(ErrorCode::kLimitReached,
                     sentence("With ", count, " more the group would have ", members,
                              " members: a group has at most ", limits.members_per_group_max, "."));
  }
  if (scenario.max_members != 0 && members > scenario.max_members) {
    return rejection(ErrorCode::kGroupFull,
                     sentence("With ", count, " more the group would have ", members,
                              " members: it is configured to at most ", scenario.max_members,
                              ", which muster group configure --max-members can raise."));
  }
  for (std::uint32_t number = 1; scenario.members.size() < members; ++number) {
    scenario.members.try_emplace(sentence("new-", number), subscription, false);
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t NameTable::number_of(std::string_view name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(names_.size());
  numbers_.emplace(names_.emplace_back(name), number);
  return number;
}

void sort_holdings(Scenario& scenario) {
  const NameTable& names = scenario.names;
  std::vector<std::uint32_t> by_name(names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::ranges::sort(by_name, {}, [&](std::uint32_t number) { return names.name(number); });
  std::vector<std::uint32_t> ranks(names.size());
  for (std::uint32_t rank = 0; rank < by_name.size(); ++rank) ranks[by_name[rank]] = rank;
  std::ranges::sort(scenario.holdings, {}, [&](const Holding& holding) {
    return std::tuple(ranks[holding.topic], holding.partition, holding.owner);
  });
}

std::optional<Rejection> refuse_strategy(std::string_view strategy) {
  if (strategy == domain::kLeaderStrategy) {
    return rejection(ErrorCode::kInvalidStrategy,
                     "Strategy 'leader' can't be planned here: the plan is made by the group's "
                     "leader, in its own process. Ask with --strategy sticky, which stands in for "
                     "a leader that makes none.");
  }
  if (domain::find_strategy(strategy) != nullptr) return std::nullopt;
  return rejection(ErrorCode::kInvalidStrategy,
                   sentence("There is no strategy '", quotable(strategy),
                            "': use round_robin, range or sticky."));
}

std::expected<void, Rejection> apply(const Changes& changes, const Limits& limits,
                                     Scenario& scenario) {
  if (changes.strategy) scenario.strategy = *changes.strategy;
  if (auto refused = refuse_strategy(scenario.strategy)) return std::unexpected(*refused);
  const domain::Subscription usual = usual_subscription(scenario);
  for (const std::string& member_id : changes.remove_members) {
    if (auto refused = remove_member(member_id, scenario)) return std::unexpected(*refused);
  }
  std::set<std::string_view> grown;
  for (const auto& [topic, count] : changes.partitions) {
    if (!grown.insert(topic).second) {
      return std::unexpected(rejection(
          ErrorCode::kInvalidArgument,
          sentence("Topic '", quotable(topic), "' is given two partition counts: give it one.")));
    }
    if (auto refused = grow_topic(topic, count, limits, scenario)) {
      return std::unexpected(*refused);
    }
  }
  if (auto refused = add_members(changes.add_members, usual, limits, scenario)) {
    return std::unexpected(*refused);
  }
  return {};
}

}  // namespace muster::tools
