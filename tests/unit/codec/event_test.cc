// Events as bytes: nothing is lost on the way, and no bytes can do harm.
#include "codec/event.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "codec/export_line.h"

namespace muster::codec {
namespace {

using namespace muster::domain;  // NOLINT(google-build-using-namespace): every event by its name

constexpr auto kMost64 = std::numeric_limits<std::uint64_t>::max();
constexpr auto kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr auto kLeastI32 = std::numeric_limits<std::int32_t>::min();
constexpr auto kMostI32 = std::numeric_limits<std::int32_t>::max();
constexpr auto kLeastI64 = std::numeric_limits<std::int64_t>::min();
constexpr auto kMostI64 = std::numeric_limits<std::int64_t>::max();

const std::string kLong(70'000, 'm');
const std::string kBinary("\0\xff\x80z", 4);

std::vector<MemberPartitions> some_partitions() {
  return {{.seat = kMost64,
           .member_id = "größe",
           .incarnation = kMost64,
           .topics = {{.topic = kMost64, .partitions = {0, 1, kMostI32}},
                      {.topic = 0, .partitions = {}}}},
          {.seat = 0, .member_id = "", .incarnation = 0, .topics = {}}};
}

std::vector<FormerPin> some_pins() {
  return {{.at = {.topic = kMost64, .partition = kMostI32}, .member_id = kLong},
          {.at = {.topic = 0, .partition = kLeastI32}, .member_id = ""}};
}

std::vector<OffsetValue> some_offsets() {
  return {{.at = {.topic = kMost64, .partition = kMostI32},
           .offset = kMostI64,
           .fence = kMost64,
           .metadata = kLong,
           .commit_time_ms = kMostI64},
          {.at = {.topic = 0, .partition = kLeastI32},
           .offset = kLeastI64,
           .fence = 0,
           .metadata = kBinary,
           .commit_time_ms = kLeastI64},
          {}};
}

std::vector<TokenRef> some_tokens() {
  return {{.at = {.topic = kMost64, .partition = kMostI32}, .fence = kMost64}, {}};
}

MemberSettings some_settings() {
  return {.client_id = "client",
          .host = "[::1]:7461",
          .subscription = Subscription({"", "t", kLong}, {"^orders-.*", ".*"}),
          .session_timeout_ms = kMost32,
          .disconnect_grace_ms = 0,
          .rebalance_timeout_ms = 1,
          .metadata = kBinary,
          .computes_plans = true};
}

/// Each event with extreme values, and each with none.
std::vector<Event> all_events() {
  const std::vector<EventBody> bodies{
      TopicCreated{.name = kBinary, .partition_count = kMostI32},
      TopicExpanded{.topic = kMost64, .partition_count = kLeastI32},
      TopicDeleted{.topic = kMost64, .name = "t", .former_partition_count = kMostI32},
      GroupTopicDropped{.group = "g",
                        .topic = kMost64,
                        .held = some_partitions(),
                        .former = some_offsets(),
                        .former_pins = some_pins()},
      MemberJoined{
          .group = kLong, .member_id = "m", .incarnation = kMost64, .settings = some_settings()},
      MemberReplaced{.group = "g",
                     .seat = kMost64,
                     .member_id = "m",
                     .former_incarnation = 1,
                     .incarnation = kMost64,
                     .settings = some_settings()},
      MemberSubscribed{.group = "g",
                       .seat = 1,
                       .member_id = "m",
                       .subscription = Subscription({"a", "", "b"}, {"p"}),
                       .metadata = kBinary,
                       .computes_plans = true},
      MemberLeft{.group = "g", .seat = kMost64, .member_id = "m", .removed = true},
      MemberExpired{.group = "g", .seat = 1, .member_id = "m", .reason = ExpiryReason::kDisconnect},
      PlanMade{.group = "g",
               .generation = kMost64,
               .strategy = "round_robin",
               .planned = {{.topic = kMost64, .partition_count = kMostI32}, {}},
               .targets = some_partitions(),
               .unassigned = {{.topic = 1, .partitions = {3, 4}}},
               .revoking = some_partitions(),
               .instead_of_leader = "it left",
               .membership = 40,
               .more = true,
               .outdated = true},
      PartitionsGranted{.group = "g", .fence_base = kMost64, .grants = some_partitions()},
      PartitionsReleased{.group = "g",
                         .seat = 1,
                         .member_id = "m",
                         .incarnation = kMost64,
                         .tokens = some_tokens()},
      PartitionsFenced{.group = "g",
                       .seat = kMost64,
                       .member_id = "m",
                       .incarnation = 1,
                       .tokens = some_tokens()},
      OffsetsCommitted{.group = "g", .offsets = some_offsets()},
      GroupDeleted{.group = "g",
                   .former = some_offsets(),
                   .former_strategy = "range",
                   .former_max_members = kMost32,
                   .former_frozen = true,
                   .former_draining = {"m", ""},
                   .former_pins = some_pins(),
                   .former_offset_retention_ms = kMost64},
      TopicsMatched{
          .group = "g",
          .matches = {{.pattern = ".*", .topics = {1, kMost64}}, {.pattern = "", .topics = {}}}},
      PlanRequested{.group = "g",
                    .seat = kMost64,
                    .member_id = "m",
                    .planned = {{.topic = kMost64, .partition_count = kMostI32}, {}}},
      GroupConfigured{.group = "g",
                      .strategy = "sticky",
                      .max_members = kMost32,
                      .offset_retention_ms = kMost64},
      GroupFrozen{.group = "g", .frozen = true},
      MemberDrained{.group = "g", .member_id = "m", .draining = true},
      PartitionPinned{
          .group = "g", .at = {.topic = kMost64, .partition = kMostI32}, .member_id = "m"},
      JournalRestored{.former_journal_id = kLong,
                      .former_last_sequence = kMost64,
                      .fence_base = kMost64,
                      .quiet_time_ms = kMost32},
      QuietTimeEnded{},
      OffsetsReset{.group = "g",
                   .offsets = some_offsets(),
                   .former = some_offsets(),
                   .begun = kMost64,
                   .undoes = 1},
      OffsetsResetBegun{.group = "g",
                        .offsets = some_offsets(),
                        .revoking = some_partitions(),
                        .undoes = kMost64},
      OffsetsDeleted{.group = "g", .former = some_offsets()},
      OffsetsExpired{.group = "g", .former = some_offsets()},
      TopicCreated{},
      TopicExpanded{},
      TopicDeleted{},
      GroupTopicDropped{},
      MemberJoined{},
      MemberReplaced{},
      MemberSubscribed{},
      MemberLeft{},
      MemberExpired{},
      PlanMade{},
      PartitionsGranted{},
      PartitionsReleased{},
      PartitionsFenced{},
      OffsetsCommitted{},
      GroupDeleted{},
      TopicsMatched{},
      PlanRequested{},
      GroupConfigured{},
      GroupFrozen{},
      MemberDrained{},
      PartitionPinned{},
      JournalRestored{},
      OffsetsReset{},
      OffsetsResetBegun{},
      OffsetsDeleted{},
      OffsetsExpired{},
  };
  std::vector<Event> events;
  for (const EventBody& body : bodies) {
    events.push_back({.time_ms = kMostI64,
                      .cause = {.kind = CauseKind::kDeadline, .who = "session", .from = kLong},
                      .body = body});
    events.push_back({.time_ms = kLeastI64, .cause = {.kind = CauseKind::kClient}, .body = body});
  }
  return events;
}

TEST_CASE("Every event comes back from its bytes as it was, with extreme values too") {
  const std::vector<Event> events = all_events();
  std::vector<bool> seen(std::variant_size_v<EventBody>);
  for (const Event& event : events) {
    INFO(event_name(event.body));
    seen[event.body.index()] = true;
    const auto read = decode_event(encode_event(event));
    REQUIRE(read.has_value());
    CHECK(*read == event);
  }
  CHECK(std::find(seen.begin(), seen.end(), false) == seen.end());
}

TEST_CASE("Every event comes back from an export's line as the same bytes") {
  ExportText text;
  for (const Event& event : all_events()) {
    INFO(event_name(event.body));
    const std::string bytes = encode_event(event);
    const auto line = text.line(ExportEvent{.sequence = 7, .bytes = bytes});
    REQUIRE(line.has_value());
    CHECK(line->find('\n') == std::string::npos);
    const auto read = text.parse(*line);
    REQUIRE_MESSAGE(read.has_value(), read.error().message);
    CHECK(std::get<ExportEvent>(*read).sequence == 7);
    CHECK(std::get<ExportEvent>(*read).bytes == bytes);
  }
}

TEST_CASE("A commit's metadata may be any bytes, in an export too") {
  const std::string bytes = encode_event(
      {.time_ms = 1,
       .cause = {},
       .body = OffsetsCommitted{
           .group = "g",
           .offsets = {{.at = {1, 2}, .offset = 3, .metadata = "\xff\"\\\n\t\x01 größe \x80"}}}});
  ExportText text;
  const auto line = text.line(ExportEvent{.sequence = 1, .bytes = bytes});
  REQUIRE(line.has_value());
  const auto read = text.parse(*line);
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(std::get<ExportEvent>(*read).bytes == bytes);
}

TEST_CASE("The other lines of an export come back as they were") {
  ExportText text;
  const std::string id(32, 'a');
  const auto head = text.parse(*text.line(ExportHead{.journal_id = id,
                                                     .fence_base = kMost64,
                                                     .boot = 2,
                                                     .first_sequence = 3,
                                                     .last_sequence = kMost64 - 1}));
  REQUIRE(head.has_value());
  CHECK(std::get<ExportHead>(*head).journal_id == id);
  CHECK(std::get<ExportHead>(*head).fence_base == kMost64);
  CHECK(std::get<ExportHead>(*head).last_sequence == kMost64 - 1);
  const auto chunk =
      text.parse(*text.line(ExportChunk{.snapshot = 2, .number = 1, .bytes = kBinary}));
  REQUIRE(chunk.has_value());
  CHECK(std::get<ExportChunk>(*chunk).bytes == kBinary);
  const auto snapshot = text.parse(*text.line(ExportSnapshot{
      .sequence = 2, .chunks = 1, .bytes = 4, .digest = kMost64, .time_ms = kLeastI64}));
  REQUIRE(snapshot.has_value());
  CHECK(std::get<ExportSnapshot>(*snapshot).digest == kMost64);
  CHECK(std::get<ExportSnapshot>(*snapshot).time_ms == kLeastI64);
}

TEST_CASE("What is no line of an export is an error that says why") {
  ExportText text;
  const std::string topic =
      R"("event":{"cause":{},"body_type":"TopicCreated","body":{"name":"t","partitions":1}})";
  REQUIRE(text.parse(R"({"sequence":1,)" + topic + "}").has_value());
  for (const std::string& wrong : std::vector<std::string>{
           "",
           "{}",
           "null",
           "[1]",
           R"({"sequence":1})",
           "{" + topic + "}",
           R"({"sequence":-1,)" + topic + "}",
           R"({"sequence":1,"sequence":1,)" + topic + "}",
           R"({"sequence":1,"color":"red",)" + topic + "}",
           R"({"sequence":1,)" + topic,
           R"({"sequence":1,)" + topic + "}}",
           R"({"sequence":1,)" + topic + "} x",
           R"({"sequence":1,"event":{"cause":{},"body_type":"NoSuchEvent","body":{}}})",
           R"({"sequence":1,"event":{"cause":{},"body_type":"TopicCreated","body":{}}})",
           R"({"sequence":1,"event":{"body_type":"GroupFrozen","body":{"group":"g"}}})",
           R"({"chunk":{"snapshot":1,"base64":"%"}})",
           R"({"snapshot":{"sequence":1,"digest":"zz"}})",
           R"({"journal":{"format":"something else","version":1,"journal_id":""}})",
           R"({"journal":{"format":"muster journal","version":2,"journal_id":""}})",
           std::string("{\"sequence\":1\0}", 15)}) {
    CAPTURE(wrong);
    const auto read = text.parse(wrong);
    REQUIRE_FALSE(read.has_value());
    CHECK_FALSE(read.error().message.empty());
  }
}

TEST_CASE("Bytes at any alignment can be read, as LMDB gives them") {
  const Event event = all_events().front();
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string moved = std::string(shift, '#') + encode_event(event);
    const auto read = decode_event(std::string_view(moved).substr(shift));
    REQUIRE(read.has_value());
    CHECK(*read == event);
  }
}

TEST_CASE("A truncated event is an error or an event, never a crash") {
  for (const Event& event : all_events()) {
    const std::string bytes = encode_event(event);
    const std::size_t step = bytes.size() > 2'000 ? bytes.size() / 50 : 1;
    for (std::size_t length = 0; length < bytes.size(); length += step) {
      const auto read = decode_event(std::string_view(bytes).substr(0, length));
      if (!read) CHECK_FALSE(read.error().message.empty());
    }
  }
  CHECK_FALSE(decode_event("").has_value());
}

TEST_CASE("A flipped bit gives an error or an event that can be written again, never a crash") {
  std::mt19937_64 random(1);
  for (const Event& event : all_events()) {
    std::string bytes = encode_event(event);
    if (bytes.size() > 5'000) continue;  // long texts have nothing to break
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      const char flip = static_cast<char>(1 << (random() % 8));
      bytes[byte] = static_cast<char>(bytes[byte] ^ flip);
      if (const auto read = decode_event(bytes)) {
        const auto again = decode_event(encode_event(*read));
        REQUIRE(again.has_value());
        CHECK(*again == *read);
      }
      bytes[byte] = static_cast<char>(bytes[byte] ^ flip);
    }
  }
}

TEST_CASE("Random bytes are an error") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    CHECK_FALSE(decode_event(bytes).has_value());
  }
}

TEST_CASE("A value that the format does not know is an error, not a guess") {
  const Event wrong_reason{
      .time_ms = 0,
      .cause = {},
      .body = MemberExpired{
          .group = "g", .seat = 1, .member_id = "m", .reason = static_cast<ExpiryReason>(7)}};
  CHECK_FALSE(decode_event(encode_event(wrong_reason)).has_value());
  const Event wrong_cause{.time_ms = 0,
                          .cause = {.kind = static_cast<CauseKind>(9)},
                          .body = TopicCreated{.name = "t", .partition_count = 1}};
  const auto read = decode_event(encode_event(wrong_cause));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().message.find("use the version of muster that wrote the journal") !=
        std::string::npos);
}

}  // namespace
}  // namespace muster::codec
