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
      {"topic", "topic_id", "name"},
      {"topic", "topic_id", "held", "former"},
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
      {"former"},
      {"matches"},
      {"seat", "member_id", "planned"},
      {"strategy", "max_members"},
      {"frozen"},
      {"member_id", "draining"},
      {"topic", "topic_id", "partition", "member_id"},
      {"former_journal_id", "former_last_sequence", "fence_base", "quiet_time_ms"},
      {}};
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
    const std::string sentence = event_sentence(event_of(body), names());
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
  CHECK(event_sentence(event_of(released), names()).ends_with("and 28 more"));
}

TEST_CASE("who brought an event about is told with where it was") {
  CHECK(cause_text(event_of(TopicCreated{}).cause) == "app at 10.0.0.7:4711 (client)");
  CHECK(cause_text({.kind = CauseKind::kDeadline, .who = "session", .from = ""}) ==
        "session (deadline)");
}
