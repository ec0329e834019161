// What an operator, or an owner on purpose, does to offsets.

#include <algorithm>
#include <map>

#include "tests/sim/names.h"
#include "tests/sim/stranger.h"

namespace muster::sim {

/// Under a token or without one; mostly with what is committed, so that it is applied.
void Stranger::compare_and_set(Random& random) {
  const Place place = a_place(random);
  wire::CommitT commit;
  commit.group = place.group;
  wire::CommitItemT& item = *commit.items.emplace_back(std::make_unique<wire::CommitItemT>());
  item.topic = place.topic;
  item.partition = place.partition;
  item.fence = random.chance(700) ? place.fence : 0;
  item.offset = static_cast<std::int64_t>(random.below(300));
  item.expected = static_cast<std::int64_t>(random.below(300)) - 1;
  const GroupFacts* group = model_.group_at(place.group, model_.sequence());
  const TopicFacts* topic = model_.topic_at(place.topic, model_.sequence());
  if (group != nullptr && topic != nullptr && random.chance(800)) {
    item.expected = group->partition({topic->id, place.partition}).commits.now().offset;
  }
  send(std::move(commit));
}

/// All of a group's partitions of some topics, or some; live or not.
void Stranger::reset_offsets(Random& random) {
  const Place place = a_place(random);
  wire::ResetOffsetsT reset;
  reset.group = place.group;
  reset.live = random.chance(700);
  const GroupFacts* group = model_.group_at(place.group, model_.sequence());
  std::map<std::string, std::vector<PartitionIndex>> places;
  if (random.chance(300)) places[place.topic].push_back(place.partition);
  if (group != nullptr) {
    for (const auto& [at, facts] : group->partitions) {
      if (!random.chance(600)) continue;
      places[model_.topic_by_id(at.topic)->name].push_back(at.partition);
    }
  }
  for (auto& [name, partitions] : places) {
    auto& topic = *reset.topics.emplace_back(std::make_unique<wire::ResetTopicT>());
    topic.topic = name;
    std::ranges::sort(partitions);
    const auto doubles = std::ranges::unique(partitions);
    partitions.erase(doubles.begin(), doubles.end());
    for (const PartitionIndex index : partitions) {
      auto& offset = *topic.offsets.emplace_back(std::make_unique<wire::ResetOffsetT>());
      offset.partition = index;
      offset.offset = static_cast<std::int64_t>(random.below(40)) - 1;
      if (offset.offset >= 0 && random.chance(200)) offset.metadata = "reset";
    }
  }
  send(std::move(reset));
}

void Stranger::report_ends(Random& random) {
  wire::ReportEndsT report;
  for (std::uint64_t i = random.between(1, 3); i > 0; --i) {
    const Place place = a_place(random);
    auto& item = *report.items.emplace_back(std::make_unique<wire::EndReportT>());
    item.topic = place.topic;
    item.partition = place.partition;
    item.end = static_cast<std::int64_t>(random.below(1'000)) - 2;
    item.start = static_cast<std::int64_t>(random.below(500)) - 1;
  }
  send(std::move(report));
}

void Stranger::rewrite(std::uint64_t number) {
  Random random(number);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return compare_and_set(random);
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      return reset_offsets(random);
    case 8: {
      const Place place = a_place(random);
      wire::DeleteOffsetsT erase;
      erase.group = place.group;
      erase.topic = random.chance(500) ? place.topic : a_topic(random);
      erase.partition = random.chance(500) ? place.partition : -1;
      return send(std::move(erase));
    }
    case 9:
      return report_ends(random);
    default: {
      wire::ConfigureGroupT configure;
      configure.group = a_group(random);
      configure.offset_retention_ms =
          random.chance(250) ? 0 : static_cast<std::int64_t>(random.between(900, 4'000));
      return send(std::move(configure));
    }
  }
}

}  // namespace muster::sim
