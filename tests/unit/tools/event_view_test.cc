#include "tools/event_view.h"

#include <doctest/doctest.h>

#include <set>

using namespace muster;
using namespace muster::tools;
using namespace muster::domain;

namespace {

const MemberPartitions kPod{.seat = 3,
                            .member_id = "pod-0",
                            .incarnation = 0xfedcba9876543210,
                            .topics = {{.topic = 1, .partitions = {0, 1, 2, 5}}}};
const OffsetValue kOffset{.at = {.topic = 1, .partition = 2},
                          .offset = 100,
                          .fence = 9,
                          .metadata = "note",
                          .commit_time_ms = 1'700'000'000'123};
const MemberSettings kSettings{.client_id = "app",
                               .host = "10.0.0.7:4711",
                               .subscription = Subscription({"outbox"}, {"orders-.*"}),
                               .session_timeout_ms = 30'000,
                               .disconnect_grace_ms = 10'000,
                               .rebalance_timeout_ms = 60'000};
const std::vector<TokenRef> kTokens{{.at = {.topic = 1, .partition = 2}, .fence = 9}};

/// One of each kind.
std::vector<EventBody> all_bodies() {
  return {
      TopicCreated{.name = "outbox", .partition_count = 6},
      TopicExpanded{.topic = 1, .partition_count = 8},
      TopicDeleted{.topic = 1, .name = "outbox"},
      GroupTopicDropped{.group = "billing", .topic = 1, .held = {kPod}, .former = {kOffset}},
      MemberJoined{
          .group = "billing", .member_id = "pod-0", .incarnation = 7, .settings = kSettings},
      MemberReplaced{.group = "billing",
                     .seat = 3,
                     .member_id = "pod-0",
                     .former_incarnation = 7,
                     .incarnation = 8,
                     .settings = kSettings},
      MemberSubscribed{.group = "billing",
                       .seat = 3,
                       .member_id = "pod-0",
                       .subscription = Subscription({"outbox"})},
      MemberLeft{.group = "billing", .seat = 3, .member_id = "pod-0", .removed = true},
      MemberExpired{
          .group = "billing", .seat = 3, .member_id = "pod-0", .reason = ExpiryReason::kDisconnect},
      PlanMade{.group = "billing",
               .generation = 4,
               .strategy = "round_robin",
               .planned = {{.topic = 1, .partition_count = 6}},
               .targets = {kPod},
               .unassigned = {{.topic = 1, .partitions = {3}}},
               .revoking = {kPod}},
      PartitionsGranted{.group = "billing", .fence_base = 1'000, .grants = {kPod}},
      PartitionsReleased{
          .group = "billing", .seat = 3, .member_id = "pod-0", .incarnation = 7, .tokens = kTokens},
      PartitionsFenced{
          .group = "billing", .seat = 3, .member_id = "pod-0", .incarnation = 7, .tokens = kTokens},
      OffsetsCommitted{.group = "billing", .offsets = {kOffset}},
      GroupDeleted{.group = "billing", .former = {kOffset}},
      TopicsMatched{.group = "billing", .matches = {{.pattern = "out.*", .topics = {1}}}},
      PlanRequested{.group = "billing",
                    .seat = 3,
                    .member_id = "pod-0",
                    .planned = {{.topic = 1, .partition_count = 6}}},
      GroupConfigured{.group = "billing", .strategy = "sticky", .max_members = 4},
      GroupFrozen{.group = "billing", .frozen = true},
      MemberDrained{.group = "billing", .member_id = "pod-0", .draining = true},
      PartitionPinned{.group = "billing", .at = {.topic = 1, .partition = 2}, .member_id = "pod-0"},
      JournalRestored{.former_journal_id = "6f1d",
                      .former_last_sequence = 90,
                      .fence_base = 1ULL << 44,
                      .quiet_time_ms = 30'000},
      QuietTimeEnded{},
      OffsetsReset{
          .group = "billing", .offsets = {kOffset}, .former = {kOffset}, .begun = 17, .undoes = 12},
      OffsetsResetBegun{.group = "billing", .offsets = {kOffset}, .revoking = {kPod}, .undoes = 12},
      OffsetsDeleted{.group = "billing", .former = {kOffset}},
      OffsetsExpired{.group = "billing", .former = {kOffset}},
  };
}

Event event_of(EventBody body) {
  return {.time_ms = 1'767'601'800'112,
          .cause = {.kind = CauseKind::kClient, .who = "app", .from = "10.0.0.7:4711"},
          .body = std::move(body)};
}

TopicNames names() {
  TopicNames names;
  names.take_in(1, event_of(TopicCreated{.name = "outbox", .partition_count = 6}));
  return names;
}

Json json_of(EventBody body) { return event_json(12, event_of(std::move(body)), names()); }

std::set<std::string> keys_of(const Json& json) {
  std::set<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.insert(key);
  for (const char* shared : {"sequence", "time", "type", "group", "cause"}) keys.erase(shared);
  return keys;
}

}  // namespace

TEST_CASE("every kind of event has sequence, time, type and cause, and its group if it has one") {
  CHECK(all_bodies().size() == std::variant_size_v<EventBody>);
  for (const EventBody& body : all_bodies()) {
    const Json json = json_of(body);
    CHECK(json["sequence"] == 12);
    CHECK(json["time"] == "2026-01-05T08:30:00.112Z");
    CHECK(json["type"] == event_name(body));
    CHECK(json.contains("group") == !event_group(body).empty());
    CHECK(json["cause"].dump() == R"({"kind":"client","who":"app","from":"10.0.0.7:4711"})");
  }
}

TEST_CASE("every kind of event has the fields that docs/events.md names") {
  const std::vector<std::set<std::string>> expected{
      {"name", "partitions"},
      {"topic", "topic_id", "partitions"},
      {"topic", "topic_id", "name", "former_partitions"},
      {"topic", "topic_id", "held", "former", "former_pins"},
      {"member_id", "incarnation", "client_id", "host", "topics", "patterns", "computes_plans",
       "session_timeout_ms", "disconnect_grace_ms", "rebalance_timeout_ms"},
      {"seat", "member_id", "former_incarnation", "incarnation", "client_id", "host", "topics",
       "patterns", "computes_plans", "session_timeout_ms", "disconnect_grace_ms",
       "rebalance_timeout_ms"},
      {"seat", "member_id", "topics", "patterns", "computes_plans"},
      {"seat", "member_id", "removed"},
      {"seat", "member_id", "reason"},
      {"generation", "strategy", "planned", "targets", "unassigned", "revoking"},
      {"fence_base", "grants"},
      {"seat", "member_id", "incarnation", "tokens"},
      {"seat", "member_id", "incarnation", "tokens"},
      {"offsets"},
      {"former", "former_strategy", "former_max_members", "former_frozen", "former_draining",
       "former_pins", "former_offset_retention_ms"},
      {"matches"},
      {"seat", "member_id", "planned"},
      {"strategy", "max_members", "offset_retention_ms"},
      {"frozen"},
      {"member_id", "draining"},
      {"topic", "topic_id", "partition", "member_id"},
      {"former_journal_id", "former_last_sequence", "fence_base", "quiet_time_ms"},
      {},
      {"offsets", "former", "begun", "undoes"},
      {"offsets", "revoking", "undoes"},
      {"former"},
      {"former"}};
  const std::vector<EventBody> bodies = all_bodies();
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    CAPTURE(event_name(bodies[i]));
    CHECK(keys_of(json_of(bodies[i])) == expected[i]);
  }
}

TEST_CASE("a topic's name stands beside its id") {
  const Json json = json_of(PartitionsGranted{.group = "g", .fence_base = 1'000, .grants = {kPod}});
  CHECK(json["grants"].dump() ==
        R"([{"seat":3,"member_id":"pod-0","incarnation":"fedcba9876543210",)"
        R"("topics":[{"topic":"outbox","topic_id":1,"partitions":[0,1,2,5]}]}])");
}

TEST_CASE("a topic whose creation was not seen goes by its id") {
  CHECK(event_json(12, event_of(TopicExpanded{.topic = 7, .partition_count = 8}),
                   names())["topic"] == "#7");
}

TEST_CASE("offsets are whole, former ones with their time") {
  CHECK(json_of(OffsetsCommitted{.group = "g", .offsets = {kOffset}})["offsets"].dump() ==
        R"([{"topic":"outbox","topic_id":1,"partition":2,"offset":100,"fence":9,)"
        R"("metadata":"note"}])");
  CHECK(json_of(GroupDeleted{.group = "g", .former = {kOffset}})["former"][0]["commit_time"] ==
        "2023-11-14T22:13:20.123Z");
}

TEST_CASE("every kind of event is a sentence for people") {
  for (const EventBody& body : all_bodies()) {
    const std::string sentence = event_summary(event_of(body), names());
    CAPTURE(sentence);
    CHECK_FALSE(sentence.empty());
    CHECK(sentence.find('\n') == std::string::npos);
    CHECK(sentence.find('#') == std::string::npos);  // the topic has its name
  }
}

TEST_CASE("a long list is shortened for people") {
  PartitionsReleased released{.group = "g", .member_id = "pod-0", .tokens = {}};
  for (std::int32_t i = 0; i < 40; ++i) {
    released.tokens.push_back({.at = {.topic = 1, .partition = i}, .fence = 9});
  }
  CHECK(event_summary(event_of(released), names()).ends_with("and 28 more"));
}

TEST_CASE("every kind of event is explained in a sentence") {
  const std::vector<std::string> expected{
      "topic outbox was created with 6 partitions",
      "topic outbox was expanded to 8 partitions",
      "topic outbox was deleted",
      "topic outbox is being deleted: 4 partitions lost their owners, 1 committed offset went with "
      "it",
      "pod-0 joined, subscribing to outbox, pattern orders-.*",
      "pod-0 was replaced by a new process of that name, at 10.0.0.7:4711: the old one is fenced, "
      "the new one subscribes to outbox, pattern orders-.*",
      "pod-0 changed its subscription, now to outbox",
      "pod-0 was removed by an operator, for good",
      "pod-0 expired: its connection ended, and it did not come back within its disconnect grace",
      "generation 4 by round_robin: 4 partitions of 6 get a new owner, 4 are asked back from "
      "pod-0, 1 is left without one",
      "pod-0 now owns outbox/0, outbox/1, outbox/2, outbox/5, under token 1012",
      "pod-0 handed back outbox/2 (token 9)",
      "pod-0 did not hand back outbox/2 (token 9) within its rebalance timeout: they were taken "
      "from it, and its commits are refused from now on",
      "outbox/2 was committed up to offset 100 under token 9",
      "the group was deleted, with 1 committed offset",
      "pattern out.* now matches outbox",
      "a plan is due, and the leader pod-0 was asked for it",
      "the group's settings: plans by sticky, at most 4 members may join",
      "the group was frozen: its plan does not change until it is unfrozen",
      "pod-0 was told to drain: it hands its partitions over and gets none",
      "outbox/2 was pinned to pod-0",
      "this journal was made of a backup of journal 6f1d, which ended with sequence 90: every "
      "member and token of it has ended, new tokens are above 17592186044416, and nothing is "
      "planned for 30s",
      "the quiet time after the restore is over: groups are planned again",
      "1 offset was rewound by the owner: outbox/2 from 100 to 100. It was begun with 17, and "
      "nobody owned any of them any more. That is as it was before 12",
      "a live reset of 1 partition was begun, 4 are asked back from pod-0. When all are free, they "
      "are rewritten and granted again in one step",
      "1 committed offset was deleted: outbox/2 at 100",
      "1 committed offset expired, since the group was without members for as long as its "
      "retention says: outbox/2 at 100",
  };
  const std::vector<EventBody> bodies = all_bodies();
  REQUIRE(bodies.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(event_explanation(12, event_of(bodies[i]), names()) == expected[i]);
  }
}

TEST_CASE("explanations differ where what happened does") {
  const auto explained = [](EventBody body) {
    return event_explanation(12, event_of(std::move(body)), names());
  };
  const PartitionPinned pinned{
      .group = "g", .at = {.topic = 1, .partition = 3}, .member_id = "pod-9"};
  CHECK(explained(pinned) == "outbox/3 was pinned to pod-9");
  CHECK(explained(PartitionPinned{.group = "g", .at = pinned.at, .member_id = ""}) ==
        "outbox/3 was unpinned: the strategy places it again");
  CHECK(explained(MemberLeft{.group = "g", .member_id = "pod-0"}) == "pod-0 left");
  CHECK(explained(PlanMade{.group = "g",
                           .generation = 5,
                           .strategy = "sticky",
                           .planned = {{.topic = 1, .partition_count = 6}},
                           .instead_of_leader = "It did not answer."}) ==
        "generation 5 by sticky: no partition gets another owner. The coordinator made it instead "
        "of the leader: It did not answer.");
  OffsetValue by_hand = kOffset;
  by_hand.fence = 0;
  CHECK(explained(OffsetsCommitted{.group = "g", .offsets = {by_hand}}) ==
        "outbox/2 was committed up to offset 100 by an administrator");
  CHECK(explained(OffsetsCommitted{.group = "g", .offsets = {kOffset, kOffset}}) ==
        "2 offsets were committed together: outbox/2 at 100, outbox/2 at 100");
}

TEST_CASE("partitions asked back from several members are counted by member") {
  PlanMade plan{.group = "g",
                .generation = 5,
                .strategy = "sticky",
                .planned = {{.topic = 1, .partition_count = 6}}};
  for (int i = 0; i < 6; ++i) {
    plan.revoking.push_back(
        {.member_id = "pod-" + std::to_string(i), .topics = {{.topic = 1, .partitions = {i}}}});
  }
  CHECK(event_explanation(12, event_of(plan), names())
            .ends_with("6 are asked back: 1 from pod-0, 1 from pod-1, 1 from pod-2, 1 from pod-3 "
                       "and 2 from others"));
}

TEST_CASE("a name that was not taken in is looked up, once") {
  int asked = 0;
  const TopicNames looked_up([&asked](TopicId topic) -> std::optional<std::string> {
    ++asked;
    if (topic == 7) return "orders";
    return std::nullopt;
  });
  CHECK(looked_up.of(7) == "orders");
  CHECK(looked_up.of(7) == "orders");
  CHECK(looked_up.of(8) == "#8");
  CHECK(looked_up.of(8) == "#8");
  CHECK(asked == 2);
}

TEST_CASE("who brought an event about is told with where it was") {
  CHECK(cause_text(event_of(TopicCreated{}).cause) == "app at 10.0.0.7:4711 (client)");
  CHECK(cause_text({.kind = CauseKind::kDeadline, .who = "session", .from = ""}) ==
        "session (deadline)");
}
