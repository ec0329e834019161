#include "end_to_end/ownership.h"

#include <doctest/doctest.h>

namespace muster::e2e {

using nlohmann::json;

OwnershipHistory::OwnershipHistory(const std::vector<json>& log)
    : is_whole_(log.empty() || log.front().at("sequence") == 1) {
  for (const json& event : log) take_in(event);
}

void OwnershipHistory::take_in(const json& event) {
  const std::string type = event.at("type");
  if (type == "PartitionsGranted") {
    grant(event);
  } else if (type == "PartitionsReleased" || type == "PartitionsFenced") {
    give_up(event);
  } else if (type == "MemberLeft" || type == "MemberExpired" || type == "MemberReplaced") {
    depart(event.at("group"), event.at("member_id"));
  } else if (type == "OffsetsCommitted") {
    commit(event);
  }
}

void OwnershipHistory::grant(const json& event) {
  const std::string group = event.at("group");
  const std::uint64_t fence =
      event.at("fence_base").get<std::uint64_t>() + event.at("sequence").get<std::uint64_t>();
  for (const json& grant : event.at("grants")) {
    for (const json& topic : grant.at("topics")) {
      for (const json& partition : topic.at("partitions")) {
        const Place place{group, {topic.at("topic").dump(), partition.get<int>()}};
        CAPTURE(event.dump());
        REQUIRE_MESSAGE(!owners_.contains(place), "single-owner");
        REQUIRE_MESSAGE(fence > newest_fence_[place], "fence-rises");
        newest_fence_[place] = fence;
        owners_[place] = {.member_id = grant.at("member_id"), .fence = fence};
        granted_[{place, fence}] = grant.at("member_id");
      }
    }
  }
  note(group);
}

void OwnershipHistory::give_up(const json& event) {
  const std::string group = event.at("group");
  for (const json& token : event.at("tokens")) {
    const Place place{group, {token.at("topic").dump(), token.at("partition").get<int>()}};
    CAPTURE(event.dump());
    if (!is_whole_ && newest_fence_.try_emplace(place, token.at("fence")).second) continue;
    REQUIRE(owners_.contains(place));
    REQUIRE(owners_.at(place).member_id == event.at("member_id").get<std::string>());
    REQUIRE(owners_.at(place).fence == token.at("fence"));
    owners_.erase(place);
  }
  note(group);
}

void OwnershipHistory::commit(const json& event) const {
  for (const json& offset : event.at("offsets")) {
    const Place place{event.at("group"), {offset.at("topic").dump(), offset.at("partition")}};
    if (!is_whole_ && !newest_fence_.contains(place)) continue;
    const auto owner = owners_.find(place);
    CAPTURE(event.dump());
    REQUIRE_MESSAGE(offset.at("fence") == (owner == owners_.end() ? 0 : owner->second.fence),
                    "fenced-commit");
  }
}

void OwnershipHistory::depart(const std::string& group, const std::string& member_id) {
  std::erase_if(owners_, [&](const auto& owned) {
    return owned.first.first == group && owned.second.member_id == member_id;
  });
  note(group);
}

void OwnershipHistory::note(const std::string& group) {
  std::map<std::string, int> counts;
  for (const auto& [place, owner] : owners_) {
    if (place.first == group) ++counts[owner.member_id];
  }
  auto& history = counts_[group];
  if (history.empty() || history.back() != counts) history.push_back(std::move(counts));
}

std::optional<std::string> OwnershipHistory::granted(const std::string& group, int partition,
                                                     std::uint64_t fence) const {
  for (const auto& [what, member_id] : granted_) {
    const auto& [place, token] = what;
    if (token == fence && place.first == group && place.second.second == partition) {
      return member_id;
    }
  }
  return std::nullopt;
}

std::vector<std::map<std::string, int>> OwnershipHistory::counts_of(
    const std::string& group) const {
  const auto found = counts_.find(group);
  return found == counts_.end() ? std::vector<std::map<std::string, int>>() : found->second;
}

}  // namespace muster::e2e
