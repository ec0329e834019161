#include "tools/plan_input.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

#include "domain/message.h"
#include "domain/names.h"
#include "domain/patterns.h"
#include "tools/json_shape.h"

namespace muster::tools {
namespace {

using domain::quotable;
using domain::sentence;

/// Names in all lists of topics that differ from each other: what they take is bounded by this.
constexpr std::size_t kListedNamesMax = 10'000'000;

enum Shape : std::size_t {
  kDocument,
  kStrategy,
  kTopics,
  kPartitionCount,
  kMembers,
  kMember,
  kMemberId,
  kTopicNames,
  kTopicName,
  kPatterns,
  kPattern,
  kDraining,
  kOwned,
  kPartitions,
  kPartition,
  kPins,
  kPinsOfTopic,
  kPin,
  kOwners,
};

constexpr std::array<JsonField, 5> kDocumentFields{{{"strategy", kStrategy},
                                                    {"topics", kTopics, true},
                                                    {"members", kMembers, true},
                                                    {"owned", kOwners},
                                                    {"pins", kPins}}};
constexpr std::array<JsonField, 5> kMemberFields{{{"id", kMemberId, true},
                                                  {"topics", kTopicNames},
                                                  {"patterns", kPatterns},
                                                  {"owned", kOwned},
                                                  {"draining", kDraining}}};

// In the order of Shape.
constexpr std::array<JsonShape, 19> kShapes{{
    {JsonKind::kObject, "{\"topics\":{…},\"members\":[…]}", kDocumentFields},
    {JsonKind::kString, "round_robin, range, sticky or leader"},
    {JsonKind::kObject, "the topics, as {\"NAME\":PARTITIONS}", {}, kPartitionCount},
    {JsonKind::kInteger, "how many partitions the topic has"},
    {JsonKind::kArray, "the members, as [{\"id\":\"NAME\",\"topics\":[…]}]", {}, kMember},
    {JsonKind::kObject, "a member, as {\"id\":\"NAME\",\"topics\":[…]}", kMemberFields},
    {JsonKind::kString, "the member's id"},
    {JsonKind::kArray, "names of topics that it subscribes to", {}, kTopicName},
    {JsonKind::kString, "the name of a topic"},
    {JsonKind::kArray, "patterns of topics that it subscribes to", {}, kPattern},
    {JsonKind::kString, "a regular expression for whole names of topics"},
    {JsonKind::kBoolean, "whether the member drains"},
    {JsonKind::kObject, "what it owns now, as {\"TOPIC\":[PARTITIONS]}", {}, kPartitions},
    {JsonKind::kArray, "the numbers of partitions", {}, kPartition},
    {JsonKind::kInteger, "the number of a partition"},
    {JsonKind::kObject, "the pins, as {\"TOPIC\":{\"PARTITION\":\"MEMBER\"}}", {}, kPinsOfTopic},
    {JsonKind::kObject, "pins of one topic, as {\"PARTITION\":\"MEMBER\"}", {}, kPin},
    {JsonKind::kString, "the id of the member that the partition is pinned to"},
    {JsonKind::kObject, "who owns what, as {\"OWNER\":{\"TOPIC\":[PARTITIONS]}}", {}, kOwned},
}};

Rejection invalid(std::string message, ErrorCode code = ErrorCode::kInvalidArgument) {
  return {.code = code, .message = std::move(message)};
}

Rejection too_many(std::string_view what, std::size_t most) {
  return invalid(sentence("more than ", most, " ", what, ": the coordinator allows no more."),
                 ErrorCode::kLimitReached);
}

/// "3" as a partition's number; "03" is none.
std::optional<PartitionIndex> partition_number(std::string_view text) {
  PartitionIndex number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number < 0 || std::to_string(number) != text) return std::nullopt;
  return number;
}

/// Fills the scenario with what each value says by itself. Whether the values fit each other shows
/// when all are there, since their order is free.
class Filling final : public JsonSink {
 public:
  Filling(const Limits& limits, Scenario& scenario) : limits_(limits), scenario_(scenario) {}

  /// Where the named owner's partitions stand in the input.
  std::string place_of_owner(std::string_view owner) const {
    const auto member = std::ranges::find(member_ids_, owner);
    if (member == member_ids_.end()) return place_below("/owned", owner);
    const auto index = std::to_string(member - member_ids_.begin());
    return place_below("/members", index) + "/owned";
  }
  /// The first member that subscribes so.
  std::size_t first_subscriber(const domain::Subscription& subscription) const {
    const auto list = std::ranges::find_if(lists_, [&](const auto& known) {
      return known.second.subscription.identity() == subscription.identity();
    });
    return list->second.first_member;
  }

  Refusal begin(std::size_t shape, std::string_view key) override {
    switch (shape) {
      case kMember:
        if (scenario_.members.size() >= limits_.members_per_group_max) {
          return too_many("members", limits_.members_per_group_max);
        }
        member_ = {};
        first_holding_ = scenario_.holdings.size();
        return std::nullopt;
      case kOwned:
        return in_owners_ ? begin_owner(key) : std::nullopt;  // a member's id may stand behind it
      case kPartitions:
        topic_ = scenario_.names.number_of(key);
        return domain::refuse_name("topic", key, limits_);
      case kPinsOfTopic:
        pinned_topic_ = key;
        return domain::refuse_name("topic", key, limits_);
      case kOwners:
        in_owners_ = true;
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  Refusal end(std::size_t shape) override {
    if (shape == kMember) return end_member();
    if (shape == kOwners) in_owners_ = false;
    return std::nullopt;
  }

  Refusal text(std::size_t shape, std::string_view key, std::string_view value) override {
    switch (shape) {
      case kStrategy:
        scenario_.strategy = value;
        // A leader's group may be asked about with another strategy: apply() refuses what remains.
        if (value == domain::kLeaderStrategy) return std::nullopt;
        return refuse_strategy(value);
      case kMemberId:
        member_.id = value;
        return domain::refuse_name("member", value, limits_);
      case kTopicName:
        if (member_.topics.size() >= limits_.topics_per_member_max) {
          return too_many("topics of one member", limits_.topics_per_member_max);
        }
        member_.topics.push_back(listed_.number_of(value));
        return std::nullopt;
      case kPattern:
        return add_pattern(value);
      case kPin:
        return add_pin(key, value);
      default:
        return std::nullopt;
    }
  }

  Refusal whole(std::size_t shape, std::string_view key, std::int64_t value) override {
    if (shape == kPartitionCount) return add_topic(key, value);
    if (value < 0 || value >= limits_.partitions_per_topic_max) {
      return invalid(sentence("a topic has no partition ", value, ": its partitions are 0 to ",
                              limits_.partitions_per_topic_max - 1, " at most."));
    }
    scenario_.holdings.push_back(
        {.topic = topic_, .partition = static_cast<PartitionIndex>(value), .owner = owner_});
    return std::nullopt;
  }

  Refusal truth(std::size_t, std::string_view, bool value) override {
    if (value && ++draining_ > limits_.draining_per_group_max) {
      return too_many("draining members", limits_.draining_per_group_max);
    }
    member_.draining = value;
    return std::nullopt;
  }

 private:
  struct MemberInput {
    std::string id;
    std::vector<std::uint32_t> topics;  // numbers in listed_
    std::vector<std::uint32_t> patterns;
    bool draining = false;
  };
  struct List {
    domain::Subscription subscription;
    std::size_t first_member = 0;
  };

  Refusal begin_owner(std::string_view name) {
    owner_ = scenario_.names.number_of(name);
    return domain::refuse_name("owner", name, limits_);
  }

  Refusal add_topic(std::string_view name, std::int64_t count) {
    if (auto refused = domain::refuse_name("topic", name, limits_)) return refused;
    if (count < 1 || count > limits_.partitions_per_topic_max) {
      return invalid(sentence("a topic can't have ", count, " partitions: give 1 to ",
                              limits_.partitions_per_topic_max, "."),
                     ErrorCode::kInvalidPartitionCount);
    }
    if (scenario_.topics.size() >= limits_.topics_max)
      return too_many("topics", limits_.topics_max);
    if (!scenario_.topics.try_emplace(std::string(name), static_cast<std::int32_t>(count)).second) {
      return invalid("this topic is given twice: give it once.");
    }
    return std::nullopt;
  }

  Refusal add_pattern(std::string_view pattern) {
    if (member_.patterns.size() >= limits_.patterns_per_member_max) {
      return too_many("patterns of one member", limits_.patterns_per_member_max);
    }
    const auto number = listed_.number_of(pattern);
    member_.patterns.push_back(number);
    if (!valid_patterns_.insert(number).second) return std::nullopt;
    return domain::refuse_pattern(pattern, limits_);
  }

  Refusal add_pin(std::string_view partition, std::string_view member) {
    if (auto refused = domain::refuse_name("member", member, limits_)) return refused;
    const auto number = partition_number(partition);
    if (!number) return invalid("the key is no partition: give its number, as in \"3\".");
    if (scenario_.pins.size() >= limits_.pins_per_group_max) {
      return too_many("pins", limits_.pins_per_group_max);
    }
    if (!scenario_.pins.try_emplace({pinned_topic_, *number}, member).second) {
      return invalid("this partition is pinned twice: pin it once.");
    }
    return std::nullopt;
  }

  Refusal end_member() {
    const auto subscription = subscription_of(member_);
    if (!subscription) {
      return invalid(sentence("the lists of topics that differ have more than ", kListedNamesMax,
                              " names together: use patterns."),
                     ErrorCode::kLimitReached);
    }
    const auto owner = scenario_.names.number_of(member_.id);
    for (std::size_t i = first_holding_; i < scenario_.holdings.size(); ++i) {
      scenario_.holdings[i].owner = owner;
    }
    member_ids_.push_back(member_.id);
    const Scenario::Member member{.subscription = *subscription, .draining = member_.draining};
    if (!scenario_.members.try_emplace(member_.id, member).second) {
      return invalid(sentence("there are two members '", member_.id, "': give each its own id."));
    }
    return std::nullopt;
  }

  /// One Subscription for all members that list the same. Nothing when the lists grow too large.
  std::optional<domain::Subscription> subscription_of(const MemberInput& member) {
    const auto [list, fresh] = lists_.try_emplace({member.topics, member.patterns});
    if (!fresh) return list->second.subscription;
    listed_names_ += member.topics.size();
    if (listed_names_ > kListedNamesMax) return std::nullopt;
    const auto names = [&](const std::vector<std::uint32_t>& numbers) {
      std::vector<std::string> all;
      all.reserve(numbers.size());
      for (const std::uint32_t number : numbers) all.emplace_back(listed_.name(number));
      return all;
    };
    list->second = {
        .subscription = domain::Subscription(names(member.topics), names(member.patterns)),
        .first_member = member_ids_.size()};
    return list->second.subscription;
  }

  const Limits& limits_;
  Scenario& scenario_;
  MemberInput member_;             // being read
  std::size_t first_holding_ = 0;  // of it
  std::uint32_t topic_ = 0;        // of the partitions being read
  std::uint32_t owner_ = 0;        // of them, outside of members
  bool in_owners_ = false;
  std::string pinned_topic_;
  std::size_t draining_ = 0;
  std::vector<std::string> member_ids_;  // in the input's order
  NameTable listed_;                     // topics and patterns that members list
  std::unordered_set<std::uint32_t> valid_patterns_;
  std::size_t listed_names_ = 0;
  std::map<std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>>, List> lists_;
};

Rejection at_place(std::string_view place, std::string_view why,
                   ErrorCode code = ErrorCode::kInvalidArgument) {
  return invalid(sentence("Input, at ", place, ": ", why), code);
}

/// A member lists only topics that exist, as when it joins.
std::optional<Rejection> refuse_unknown_topics(const Scenario& scenario, const Filling& filling) {
  std::unordered_set<const void*> checked;
  for (const auto& [member_id, member] : scenario.members) {
    if (!checked.insert(member.subscription.identity()).second) continue;
    for (const std::string& topic : member.subscription.topics()) {
      if (scenario.topics.contains(topic)) continue;
      const auto index = std::to_string(filling.first_subscriber(member.subscription));
      return at_place(place_below("/members", index) + "/topics",
                      sentence("there is no topic '", quotable(topic),
                               "': give it in \"topics\" at the top, with its partition count."),
                      ErrorCode::kUnknownResource);
    }
  }
  return std::nullopt;
}

/// Each owned partition exists, unless its whole topic is gone, and has one owner. The holdings
/// are sorted.
std::optional<Rejection> refuse_holdings(const Scenario& scenario, const Filling& filling) {
  const NameTable& names = scenario.names;
  const auto topic = scenario.topics.end();
  auto known = topic;
  for (std::size_t i = 0; i < scenario.holdings.size(); ++i) {
    const Holding& holding = scenario.holdings[i];
    const std::string_view name = names.name(holding.topic);
    const bool same_topic = i > 0 && scenario.holdings[i - 1].topic == holding.topic;
    if (!same_topic) known = scenario.topics.find(name);
    const auto refuse = [&](std::string_view why) {
      return at_place(place_below(filling.place_of_owner(names.name(holding.owner)), name), why);
    };
    if (known != topic && holding.partition >= known->second) {
      return refuse(sentence("topic '", name, "' has no partition ", holding.partition,
                             ": its partitions are 0 to ", known->second - 1, "."));
    }
    if (!same_topic || scenario.holdings[i - 1].partition != holding.partition) continue;
    if (scenario.holdings[i - 1].owner == holding.owner) {
      return refuse(sentence("partition ", holding.partition, " is listed twice: list it once."));
    }
    return refuse(sentence("partition ", holding.partition, " of topic '", name, "' is owned by '",
                           names.name(scenario.holdings[i - 1].owner), "' and by '",
                           names.name(holding.owner),
                           "': a partition has one owner, leave it to the one that has it."));
  }
  return std::nullopt;
}

std::optional<Rejection> refuse_pins(const Scenario& scenario) {
  for (const auto& [at, member_id] : scenario.pins) {
    const auto topic = scenario.topics.find(at.first);
    if (topic == scenario.topics.end()) {
      return at_place(place_below("/pins", at.first),
                      sentence("there is no topic '", at.first, "' in \"topics\": pin another."),
                      ErrorCode::kUnknownResource);
    }
    if (at.second < topic->second) continue;
    return at_place(place_below(place_below("/pins", at.first), std::to_string(at.second)),
                    sentence("topic '", at.first, "' has no partition ", at.second,
                             ": its partitions are 0 to ", topic->second - 1, "."),
                    ErrorCode::kUnknownResource);
  }
  return std::nullopt;
}

}  // namespace

std::expected<Scenario, Rejection> read_plan_input(std::string_view json, const Limits& limits) {
  if (json.size() > kPlanInputBytesMax) {
    return std::unexpected(invalid(sentence("The input has more than ", kPlanInputBytesMax,
                                            " bytes: use patterns in place of long lists."),
                                   ErrorCode::kLimitReached));
  }
  Scenario scenario;
  Filling filling(limits, scenario);
  if (auto refused = read_json(json, kShapes, filling)) return std::unexpected(*refused);
  sort_holdings(scenario);
  if (auto refused = refuse_unknown_topics(scenario, filling)) return std::unexpected(*refused);
  if (auto refused = refuse_holdings(scenario, filling)) return std::unexpected(*refused);
  if (auto refused = refuse_pins(scenario)) return std::unexpected(*refused);
  return scenario;
}

}  // namespace muster::tools
