// The life of a topic, a group and its members, as the events of a journal.
#pragma once

#include <utility>
#include <vector>

#include "domain/events.h"

namespace muster::fuzz {

inline std::vector<domain::EventBody> life() {
  using namespace domain;  // NOLINT(google-build-using-namespace)
  const MemberSettings settings{.client_id = "c",
                                .host = "h",
                                .subscription = Subscription({"t"}),
                                .session_timeout_ms = 30'000,
                                .disconnect_grace_ms = 10'000,
                                .rebalance_timeout_ms = 60'000};
  const MemberPartitions all{.seat = 2,
                             .member_id = "a",
                             .incarnation = 1,
                             .topics = {{.topic = 1, .partitions = {0, 1}}}};
  const std::vector<TokenRef> tokens{{.at = {1, 0}, .fence = 4}};
  const std::vector<OffsetValue> offsets{
      {.at = {1, 1}, .offset = 9, .fence = 4, .metadata = "m", .commit_time_ms = 0}};
  return {
      TopicCreated{.name = "t", .partition_count = 2},
      MemberJoined{.group = "g", .member_id = "a", .incarnation = 1, .settings = settings},
      PlanMade{.group = "g",
               .generation = 1,
               .strategy = "round_robin",
               .planned = {{1, 2}},
               .targets = {all},
               .unassigned = {},
               .revoking = {}},
      PartitionsGranted{.group = "g", .fence_base = 0, .grants = {all}},
      OffsetsCommitted{.group = "g", .offsets = offsets},
      PartitionsReleased{
          .group = "g", .seat = 2, .member_id = "a", .incarnation = 1, .tokens = tokens},
      MemberReplaced{.group = "g",
                     .seat = 2,
                     .member_id = "a",
                     .former_incarnation = 1,
                     .incarnation = 2,
                     .settings = settings},
      TopicExpanded{.topic = 1, .partition_count = 4},
      MemberLeft{.group = "g", .seat = 2, .member_id = "a", .removed = true},
      OffsetsReset{.group = "g",
                   .offsets = {{.at = {1, 1}, .offset = 2}},
                   .former = {{.at = {1, 1}, .offset = 9}}},
      OffsetsDeleted{.group = "g", .former = {{.at = {1, 1}, .offset = 2}}},
      GroupDeleted{.group = "g", .former = {}},
  };
}

inline domain::Event event_of(domain::EventBody body) {
  return {.time_ms = 1, .cause = {}, .body = std::move(body)};
}

}  // namespace muster::fuzz
