#include "golden_events.h"

#include <utility>

namespace muster::golden {
namespace {

using namespace muster::domain;  // NOLINT(google-build-using-namespace): every event by its name

constexpr std::int64_t kTimeMs = 1'700'000'000'123;
constexpr TopicId kOrders = 1;
constexpr SeatId kSeat = 7;
constexpr Incarnation kIncarnation = 0x0123'4567'89ab'cdef;
constexpr FencingToken kFence = (1ULL << 40) + 9;

std::vector<PartitionList> some_lists() {
  return {{.topic = kOrders, .partitions = {0, 3}}, {.topic = 2, .partitions = {99'999}}};
}

std::vector<MemberPartitions> some_members() {
  return {
      {.seat = kSeat, .member_id = "pod-0", .incarnation = kIncarnation, .topics = some_lists()},
      {.seat = 8, .member_id = "größe", .incarnation = 2, .topics = {}}};
}

std::vector<OffsetValue> some_values() {
  return {{.at = {.topic = kOrders, .partition = 3},
           .offset = 100,
           .fence = kFence,
           .metadata = "processed",
           .commit_time_ms = kTimeMs - 1},
          {.at = {.topic = 2, .partition = 0},
           .offset = 5'000'000'000,
           .fence = 0,
           .metadata = "",
           .commit_time_ms = 0}};
}

std::vector<TokenRef> some_refs() {
  return {{.at = {.topic = kOrders, .partition = 3}, .fence = kFence}};
}

MemberSettings settings() {
  return {.client_id = "billing 2.1",
          .host = "10.0.0.7:40000",
          .subscription = Subscription({"orders", "refunds"}, {"audit-.*"}),
          .session_timeout_ms = 30'000,
          .disconnect_grace_ms = 10'000,
          .rebalance_timeout_ms = 60'000,
          .metadata = "zone=a",
          .computes_plans = true};
}

std::vector<EventBody> membership_bodies() {
  return {
      MemberJoined{.group = "billing",
                   .member_id = "pod-0",
                   .incarnation = kIncarnation,
                   .settings = settings()},
      MemberReplaced{.group = "billing",
                     .seat = kSeat,
                     .member_id = "pod-0",
                     .former_incarnation = kIncarnation,
                     .incarnation = 2,
                     .settings = settings()},
      MemberSubscribed{.group = "billing",
                       .seat = kSeat,
                       .member_id = "pod-0",
                       .subscription = Subscription({"orders"}, {"audit-.*"}),
                       .metadata = "zone=b",
                       .computes_plans = true},
      MemberLeft{.group = "billing", .seat = kSeat, .member_id = "pod-0", .removed = true},
      MemberExpired{.group = "billing",
                    .seat = kSeat,
                    .member_id = "pod-0",
                    .reason = ExpiryReason::kDisconnect},
  };
}

std::vector<EventBody> ownership_bodies() {
  return {
      PlanMade{.group = "billing",
               .generation = 4,
               .strategy = "sticky",
               .planned = {{.topic = kOrders, .partition_count = 4}},
               .targets = some_members(),
               .unassigned = some_lists(),
               .revoking = some_members(),
               .instead_of_leader = "the leader took too long"},
      PartitionsGranted{.group = "billing", .fence_base = 1ULL << 40, .grants = some_members()},
      PartitionsReleased{.group = "billing",
                         .seat = kSeat,
                         .member_id = "pod-0",
                         .incarnation = kIncarnation,
                         .tokens = some_refs()},
      PartitionsFenced{.group = "billing",
                       .seat = kSeat,
                       .member_id = "pod-0",
                       .incarnation = kIncarnation,
                       .tokens = some_refs()},
      OffsetsCommitted{.group = "billing", .offsets = some_values()},
      GroupDeleted{.group = "billing", .former = some_values()},
  };
}

std::vector<EventBody> settings_bodies() {
  return {
      TopicsMatched{.group = "billing", .matches = {{.pattern = "audit-.*", .topics = {3, 4}}}},
      PlanRequested{.group = "billing",
                    .seat = kSeat,
                    .member_id = "pod-0",
                    .planned = {{.topic = kOrders, .partition_count = 4}}},
      GroupConfigured{.group = "billing", .strategy = "leader", .max_members = 12},
      GroupFrozen{.group = "billing", .frozen = true},
      MemberDrained{.group = "billing", .member_id = "pod-0", .draining = true},
      PartitionPinned{
          .group = "billing", .at = {.topic = kOrders, .partition = 3}, .member_id = "pod-0"},
      JournalRestored{.former_journal_id = "000102030405060708090a0b0c0d0eff",
                      .former_last_sequence = 999'999,
                      .fence_base = 1ULL << 51,
                      .quiet_time_ms = 30'000},
      QuietTimeEnded{},
      OffsetsReset{.group = "billing",
                   .offsets = some_values(),
                   .former = some_values(),
                   .begun = 11,
                   .undoes = 9},
      OffsetsResetBegun{
          .group = "billing", .offsets = some_values(), .revoking = some_members(), .undoes = 9},
      OffsetsDeleted{.group = "billing", .former = some_values()},
      OffsetsExpired{.group = "billing", .former = some_values()},
  };
}

}  // namespace

std::vector<Event> golden_events() {
  std::vector<EventBody> bodies{
      TopicCreated{.name = "orders", .partition_count = 4},
      TopicExpanded{.topic = kOrders, .partition_count = 100'000},
      TopicDeleted{.topic = kOrders, .name = "orders"},
      GroupTopicDropped{
          .group = "billing", .topic = kOrders, .held = some_members(), .former = some_values()},
  };
  for (auto more : {membership_bodies(), ownership_bodies(), settings_bodies()}) {
    bodies.insert(bodies.end(), more.begin(), more.end());
  }
  std::vector<Event> events;
  for (EventBody& body : bodies) {
    events.push_back(
        {.time_ms = kTimeMs,
         .cause = {.kind = CauseKind::kClient, .who = "billing 2.1", .from = "10.0.0.7:40000"},
         .body = std::move(body)});
  }
  return events;
}

}  // namespace muster::golden
