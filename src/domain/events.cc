#include "domain/events.h"

#include <array>
#include <type_traits>

namespace muster::domain {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<EventBody>> kNames{
    "TopicCreated",      "TopicExpanded",    "TopicDeleted",      "GroupTopicDropped",
    "MemberJoined",      "MemberReplaced",   "MemberSubscribed",  "MemberLeft",
    "MemberExpired",     "PlanMade",         "PartitionsGranted", "PartitionsReleased",
    "PartitionsFenced",  "OffsetsCommitted", "GroupDeleted",      "TopicsMatched",
    "PlanRequested",     "GroupConfigured",  "GroupFrozen",       "MemberDrained",
    "PartitionPinned",   "JournalRestored",  "QuietTimeEnded",    "OffsetsReset",
    "OffsetsResetBegun", "OffsetsDeleted",   "OffsetsExpired"};

}  // namespace

std::string_view event_name(const EventBody& body) noexcept { return kNames[body.index()]; }

std::span<const std::string_view> event_names() noexcept { return kNames; }

std::string_view event_group(const EventBody& body) noexcept {
  return std::visit(
      [](const auto& event) -> std::string_view {
        if constexpr (requires { event.group; }) {
          return event.group;
        } else {
          return {};
        }
      },
      body);
}

}  // namespace muster::domain
