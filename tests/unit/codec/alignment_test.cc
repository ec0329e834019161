// Lists that verify, but whose 64-bit numbers lie at a multiple of four only. The sanitized build
// ends when such a number is read where it lies.
#include <doctest/doctest.h>
#include <event_generated.h>
#include <snapshot_generated.h>

#include "codec/event.h"
#include "codec/export_line.h"
#include "codec/frame.h"
#include "codec/snapshot.h"
#include "codec/wire.h"
#include "domain/fold.h"

namespace muster::codec {
namespace {

/// Makes a list begin four bytes later. What was the lower half of its first element is its length
/// then: 1, in these tests.
void shift_list(const auto& table, flatbuffers::voffset_t field) {
  auto* fields = reinterpret_cast<flatbuffers::Table*>(
      const_cast<char*>(reinterpret_cast<const char*>(&table)));
  std::uint8_t* offset = fields->GetAddressOf(field);
  const auto before = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset);
  flatbuffers::WriteScalar<flatbuffers::uoffset_t>(offset, before + 4);
}

std::string event_bytes(domain::EventBody body) {
  return encode_event({.time_ms = 1, .cause = {}, .body = std::move(body)});
}

TEST_CASE("Numbers of an event are read wherever they lie") {
  std::string bytes = event_bytes(
      domain::TopicsMatched{.group = "g", .matches = {{.pattern = "p", .topics = {1, 7}}}});
  const auto* matched = event::GetEvent(bytes.data())->body_as_TopicsMatched();
  shift_list(*matched->matches()->Get(0), event::PatternTopics::VT_TOPICS);
  const auto read = decode_event(bytes);
  REQUIRE(read.has_value());
  CHECK(std::get<domain::TopicsMatched>(read->body).matches[0].topics ==
        std::vector<TopicId>{std::uint64_t{7} << 32});
}

TEST_CASE("Structs of an event are read wherever they lie") {
  const domain::TokenRef token{.at = {.topic = 1, .partition = 2}, .fence = 3};
  std::string bytes = event_bytes(domain::PartitionsFenced{
      .group = "g", .seat = 1, .member_id = "m", .incarnation = 1, .tokens = {token, token}});
  const auto* fenced = event::GetEvent(bytes.data())->body_as_PartitionsFenced();
  shift_list(*fenced, event::PartitionsFenced::VT_TOKENS);
  const auto read = decode_event(bytes);
  REQUIRE(read.has_value());
  const auto& tokens = std::get<domain::PartitionsFenced>(read->body).tokens;
  REQUIRE(tokens.size() == 1);
  CHECK(tokens[0].at.topic == std::uint64_t{3} << 32);
  CHECK(tokens[0].fence == std::uint64_t{2} << 32);
}

TEST_CASE("Planned topics of an event are read wherever they lie") {
  std::string bytes = event_bytes(domain::PlanRequested{
      .group = "g",
      .seat = 1,
      .member_id = "m",
      .planned = {{.topic = 1, .partition_count = 2}, {.topic = 3, .partition_count = 4}}});
  const auto* requested = event::GetEvent(bytes.data())->body_as_PlanRequested();
  shift_list(*requested, event::PlanRequested::VT_PLANNED);
  const auto read = decode_event(bytes);
  REQUIRE(read.has_value());
  const auto& planned = std::get<domain::PlanRequested>(read->body).planned;
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].topic == std::uint64_t{2} << 32);
}

TEST_CASE("Offsets of an event are read wherever they lie") {
  const domain::OffsetValue value{.at = {.topic = 1, .partition = 2}, .offset = 3, .fence = 4};
  std::string bytes = event_bytes(domain::OffsetsCommitted{.group = "g", .offsets = {value}});
  const auto* committed = event::GetEvent(bytes.data())->body_as_OffsetsCommitted();
  shift_list(*committed, event::OffsetsCommitted::VT_PLAIN);
  const auto read = decode_event(bytes);
  REQUIRE(read.has_value());
  const auto& offsets = std::get<domain::OffsetsCommitted>(read->body).offsets;
  REQUIRE(offsets.size() == 1);
  CHECK(offsets[0].at.topic == std::uint64_t{3} << 32);
  CHECK(offsets[0].offset == std::int64_t{4} << 32);
}

TEST_CASE("Runs of offsets are read wherever they lie") {
  domain::OffsetsCommitted commit{.group = "g", .offsets = {}};
  for (const std::int64_t offset : {4, 5, 6, 7}) {
    commit.offsets.push_back({.at = {.topic = 1, .partition = 2}, .offset = offset, .fence = 3});
  }
  const auto committed = [](std::string& bytes) {
    return event::GetEvent(bytes.data())->body_as_OffsetsCommitted();
  };
  std::string bytes = event_bytes(commit);
  shift_list(*committed(bytes), event::OffsetsCommitted::VT_RUN_OFFSETS);
  const auto read = decode_event(bytes);
  REQUIRE(read.has_value());
  const auto& offsets = std::get<domain::OffsetsCommitted>(read->body).offsets;
  REQUIRE(offsets.size() == 4);
  CHECK(offsets[0].offset == std::int64_t{5} << 32);
  bytes = event_bytes(commit);
  shift_list(*committed(bytes), event::OffsetsCommitted::VT_RUNS);
  CHECK_FALSE(decode_event(bytes).has_value());  // its length is 0 there
}

TEST_CASE("What is exported of such an event is what is read of it") {
  std::string bytes = event_bytes(
      domain::TopicsMatched{.group = "g", .matches = {{.pattern = "p", .topics = {1, 7}}}});
  const auto* matched = event::GetEvent(bytes.data())->body_as_TopicsMatched();
  shift_list(*matched->matches()->Get(0), event::PatternTopics::VT_TOPICS);
  const auto line = ExportText().line(ExportEvent{.sequence = 1, .bytes = bytes});
  REQUIRE(line.has_value());
  CHECK(line->find("30064771072") != std::string::npos);  // 7 << 32
}

TEST_CASE("Numbers of a snapshot are read wherever they lie") {
  domain::State state;
  const auto fold_next = [&](domain::EventBody body) {
    const domain::Event event{.time_ms = 1, .cause = {}, .body = std::move(body)};
    REQUIRE(domain::fold(state, state.sequence + 1, event).has_value());
  };
  fold_next(domain::TopicCreated{.name = "t", .partition_count = 1});
  fold_next(domain::MemberJoined{.group = "g",
                                 .member_id = "m",
                                 .incarnation = 1,
                                 .settings = {.subscription = domain::Subscription({}, {"t"})}});
  fold_next(domain::TopicsMatched{.group = "g", .matches = {{.pattern = "t", .topics = {1}}}});
  std::string bytes;
  REQUIRE(encode_snapshot(state, [&](std::string chunk) {
    bytes = std::move(chunk);
    return true;
  }));
  REQUIRE(SnapshotDecoder().take(bytes).has_value());
  const auto* chunk = snapshot::GetChunk(bytes.data());
  shift_list(*chunk->groups()->Get(0)->patterns()->Get(0), snapshot::PatternMatches::VT_TOPICS);
  const auto refused = SnapshotDecoder().take(bytes);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("verif") == std::string::npos);  // it was read, and is wrong
}

template <typename Body, typename Topic, typename Struct>
void refuses_shifted(std::vector<std::unique_ptr<Topic>> Body::* list, const Struct& one,
                     flatbuffers::voffset_t field, const auto& view) {
  Body body;
  auto topic = std::make_unique<Topic>();
  topic->topic = "t";
  topic->partitions = {one, one};
  (body.*list).push_back(std::move(topic));
  std::string bytes = encode_server_message(0, 1, std::move(body)).substr(kFrameHeaderBytes);
  REQUIRE(decode_server_message(bytes).has_value());
  const auto* message = flatbuffers::GetRoot<wire::ServerMessage>(bytes.data());
  shift_list(*view(*message)->Get(0), field);
  const auto refused = decode_server_message(bytes);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("does not verify") != std::string::npos);
}

TEST_CASE("A message from the server whose structs lie where they may not is refused") {
  constexpr auto kGranted = wire::GrantedTopic::VT_PARTITIONS;
  const wire::GrantedPartition granted(1, -1, 0, 0, false);
  const wire::FencedPartition fenced(1, 0);
  constexpr auto kFenced = wire::FencedTopic::VT_PARTITIONS;
  refuses_shifted(&wire::JoinReplyT::held, granted, kGranted,
                  [](const auto& message) { return message.body_as_JoinReply()->held(); });
  refuses_shifted(&wire::AssignedT::granted, granted, kGranted,
                  [](const auto& message) { return message.body_as_Assigned()->granted(); });
  refuses_shifted(&wire::RevokeT::partitions, fenced, kFenced,
                  [](const auto& message) { return message.body_as_Revoke()->partitions(); });
  refuses_shifted(&wire::LostT::partitions, fenced, kFenced,
                  [](const auto& message) { return message.body_as_Lost()->partitions(); });
}

TEST_CASE("A commit whose structs lie where they may not is refused") {
  wire::CommitT commit;
  commit.group = "g";
  commit.topics.push_back(std::make_unique<wire::TopicOffsetsT>());
  commit.topics.back()->topic = "t";
  commit.topics.back()->offsets = {wire::PlainOffset(1, 0, 0, 0), wire::PlainOffset(1, 0, 0, 0)};
  std::string bytes = encode_request(1, std::move(commit)).substr(kFrameHeaderBytes);
  REQUIRE(decode_request(bytes).has_value());
  const auto* request = flatbuffers::GetRoot<wire::Request>(bytes.data());
  shift_list(*request->body_as_Commit()->topics()->Get(0), wire::TopicOffsets::VT_OFFSETS);
  const auto refused = decode_request(bytes);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("does not verify") != std::string::npos);
}

}  // namespace
}  // namespace muster::codec
