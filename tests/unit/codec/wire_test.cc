// Wire messages: every request and reply goes and comes back, and no buffer can do harm.
#include "codec/wire.h"

#include <doctest/doctest.h>

#include <random>

#include "codec/frame.h"

namespace muster::codec {
namespace {

std::string payload_of(std::string framed) { return framed.substr(kFrameHeaderBytes); }

/// Sends a request's body through bytes and gives it back.
template <typename Body>
Body request_back(Body body) {
  const auto request = decode_request(payload_of(encode_request(77, std::move(body))));
  REQUIRE(request.has_value());
  CHECK(request->correlation_id == 77);
  const auto* back = static_cast<const Body*>(request->body.value);
  REQUIRE(back != nullptr);
  constexpr auto kType = wire::RequestBodyUnionTraits<Body>::enum_value;
  CHECK(request->body.type == kType);
  return *back;
}

template <typename Body>
Body message_back(Body body) {
  const auto message =
      decode_server_message(payload_of(encode_server_message(78, 79, std::move(body))));
  REQUIRE(message.has_value());
  CHECK(message->correlation_id == 78);
  CHECK(message->sequence == 79);
  const auto* back = static_cast<const Body*>(message->body.value);
  REQUIRE(back != nullptr);
  constexpr auto kType = wire::ServerBodyUnionTraits<Body>::enum_value;
  CHECK(message->body.type == kType);
  return *back;
}

wire::JoinT some_join() {
  wire::JoinT join;
  join.group = "g";
  join.member_id = "m";
  join.incarnation = ~0ULL;
  join.resume = true;
  join.takeover = true;
  join.named = true;
  join.topics = {"a", "größe", ""};
  join.session_timeout_ms = ~0U;
  join.disconnect_grace_ms = 1;
  join.rebalance_timeout_ms = 2;
  return join;
}

wire::CommitT some_commit(std::size_t items) {
  wire::CommitT commit;
  commit.group = "g";
  for (std::size_t i = 0; i < items; ++i) {
    auto item = std::make_unique<wire::CommitItemT>();
    item->topic = "t";
    item->partition = static_cast<std::int32_t>(i);
    item->offset = 1'000'000'000'000;
    item->fence = ~0ULL;
    item->metadata = "m";
    commit.items.push_back(std::move(item));
  }
  return commit;
}

TEST_CASE("A join comes back as it was") {
  const wire::JoinT back = request_back(some_join());
  const wire::JoinT sent = some_join();
  CHECK(back.group == sent.group);
  CHECK(back.member_id == sent.member_id);
  CHECK(back.incarnation == sent.incarnation);
  CHECK(back.resume);
  CHECK(back.takeover);
  CHECK(back.named);
  CHECK(back.topics == sent.topics);
  CHECK(back.session_timeout_ms == sent.session_timeout_ms);
  CHECK(back.disconnect_grace_ms == 1);
  CHECK(back.rebalance_timeout_ms == 2);
}

TEST_CASE("A commit comes back as it was; an end offset left out is unknown") {
  const wire::CommitT back = request_back(some_commit(3));
  REQUIRE(back.items.size() == 3);
  CHECK(back.items[2]->topic == "t");
  CHECK(back.items[2]->partition == 2);
  CHECK(back.items[2]->offset == 1'000'000'000'000);
  CHECK(back.items[2]->fence == ~0ULL);
  CHECK(back.items[2]->metadata == "m");
  CHECK(back.items[2]->end == -1);
  CHECK(back.items[2]->start == -1);
  CHECK_FALSE(back.items[2]->expected.has_value());
}

TEST_CASE("A release comes back as it was") {
  wire::ReleaseT release;
  release.group = "g";
  release.member_id = "m";
  release.incarnation = 9;
  auto item = std::make_unique<wire::ReleaseItemT>();
  item->topic = "t";
  item->partition = 4;
  item->fence = 5;
  item->commits = true;
  item->offset = 6;
  item->metadata = "seven";
  release.items.push_back(std::move(item));
  const wire::ReleaseT back = request_back(std::move(release));
  CHECK(back.incarnation == 9);
  REQUIRE(back.items.size() == 1);
  CHECK(back.items[0]->fence == 5);
  CHECK(back.items[0]->commits);
  CHECK(back.items[0]->metadata == "seven");
}

template <typename... Bodies>
void requests_go_and_come() {
  (request_back(Bodies()), ...);
}
template <typename... Bodies>
void messages_go_and_come() {
  (message_back(Bodies()), ...);
}

TEST_CASE("Every request goes and comes back, with all its fields left out") {
  requests_go_and_come<wire::HelloT, wire::CreateTopicT, wire::ExpandTopicT, wire::DeleteTopicT,
                       wire::DescribeTopicT, wire::ListTopicsT, wire::JoinT, wire::HoldingsT,
                       wire::HeartbeatT, wire::DetachT, wire::LeaveT, wire::ReleaseT, wire::CommitT,
                       wire::FetchOffsetsT, wire::CheckFenceT, wire::ListGroupsT,
                       wire::DescribeGroupT, wire::ListMembersT, wire::ListPartitionsT,
                       wire::DeleteGroupT, wire::RemoveMemberT, wire::StatusT,
                       wire::ConfigureGroupT, wire::FreezeGroupT, wire::DrainMemberT,
                       wire::PinPartitionT, wire::SubmitPlanT, wire::ListEventsT,
                       wire::DeleteOffsetsT, wire::ResetOffsetsT, wire::ReportEndsT>();
}

TEST_CASE("Every reply and push goes and comes back") {
  messages_go_and_come<wire::ErrorT, wire::DoneT, wire::HelloReplyT, wire::TopicsReplyT,
                       wire::JoinReplyT, wire::HeartbeatReplyT, wire::ReleaseReplyT,
                       wire::CommitReplyT, wire::OffsetsReplyT, wire::FenceReplyT,
                       wire::GroupsReplyT, wire::MembersReplyT, wire::PartitionsReplyT,
                       wire::StatusReplyT, wire::AssignedT, wire::RevokeT, wire::LostT,
                       wire::OffsetsChangedReplyT>();
}

TEST_CASE("A refusal goes over the wire with its name, and back") {
  const Rejection rejection{.code = ErrorCode::kMemberIdInUse,
                            .message = "Wait.",
                            .retry_after_ms = 5,
                            .current_fence = 6};
  const wire::ErrorT error = message_back(to_wire(rejection));
  CHECK(error.name == "MEMBER_ID_IN_USE");
  CHECK(error.retriable);
  const Rejection back = from_wire(error);
  CHECK(back.code == rejection.code);
  CHECK(back.message == rejection.message);
  CHECK(back.retry_after_ms == 5);
  CHECK(back.current_fence == 6);
}

TEST_CASE("What does not verify is refused, and says so") {
  CHECK_FALSE(decode_request("").has_value());
  CHECK_FALSE(decode_request("abcdefgh").has_value());
  const auto refused = decode_request(std::string(64, '\xff'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("schemas/wire.fbs") != std::string::npos);
  CHECK_FALSE(decode_server_message(std::string(64, '\xff')).has_value());
}

TEST_CASE("Truncated requests are refused; flipped bits are refused or read, never a crash") {
  const std::string payload = payload_of(encode_request(1, some_commit(2)));
  std::string bytes = payload;
  for (std::size_t length = 0; length < payload.size(); ++length) {
    static_cast<void>(decode_request(payload.substr(0, length)));
  }
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    const char flip = static_cast<char>(1 << (bit % 8));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ flip);
    static_cast<void>(decode_request(bytes));
    static_cast<void>(decode_server_message(bytes));
    bytes[bit / 8] = payload[bit / 8];
  }
}

TEST_CASE("A body of a type that this version does not know can be told from all others") {
  flatbuffers::FlatBufferBuilder builder;
  const auto body = wire::CreateStatus(builder).Union();
  builder.Finish(wire::CreateRequest(builder, 5, static_cast<wire::RequestBody>(200), body));
  const auto request = decode_request(
      {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
  REQUIRE(request.has_value());  // the correlation id is needed to answer it
  CHECK(request->correlation_id == 5);
  CHECK(request->body.value == nullptr);
}

/// A join whose topics are all one and the same string in the buffer.
std::string bomb(std::size_t topics, std::size_t bytes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto shared = builder.CreateString(std::string(bytes, 'x'));
  const auto list =
      builder.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(topics, shared));
  const auto group = builder.CreateString("g");
  const auto join = wire::CreateJoin(builder, group, group, 1, false, false, false, list);
  builder.Finish(wire::CreateRequest(builder, 1, wire::RequestBody::Join, join.Union()));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

TEST_CASE("bounded: a buffer that would unpack to far more than itself is refused") {
  const std::string large = bomb(500'000, 1'000'000);  // 3 MB that would become 500 GB
  REQUIRE(large.size() < kDefaultMaxFrameBytes);
  const auto refused = decode_request(large);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("shared strings") != std::string::npos);
}

/// A commit whose topics all have one and the same list of offsets.
std::string shared_offsets(std::size_t topics, std::size_t offsets) {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString("t");
  const auto shared = builder.CreateVectorOfStructs(
      std::vector<wire::PlainOffset>(offsets, wire::PlainOffset(1, 2, -1, 0)));
  const auto topic = wire::CreateTopicOffsets(builder, name, shared);
  const auto list =
      builder.CreateVector(std::vector<flatbuffers::Offset<wire::TopicOffsets>>(topics, topic));
  const auto none = builder.CreateVector(std::vector<flatbuffers::Offset<wire::CommitItem>>());
  const auto commit = wire::CreateCommit(builder, name, none, list);
  builder.Finish(wire::CreateRequest(builder, 1, wire::RequestBody::Commit, commit.Union()));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

TEST_CASE("bounded: a list of offsets that topics share is refused") {
  CHECK(decode_request(shared_offsets(1, 10'000)).has_value());
  const auto refused = decode_request(shared_offsets(2, 10'000));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("shared strings or lists") != std::string::npos);
}

TEST_CASE("bounded: a client may share the text of a topic among its items") {
  flatbuffers::FlatBufferBuilder builder;
  const auto topic = builder.CreateString(std::string(255, 't'));
  std::vector<flatbuffers::Offset<wire::CommitItem>> items;
  for (int i = 0; i < 50'000; ++i) {
    items.push_back(wire::CreateCommitItem(builder, topic, i, 1 + i, 7));
  }
  const auto list = builder.CreateVector(items);
  const auto group = builder.CreateString("g");
  const auto commit = wire::CreateCommit(builder, group, list);
  builder.Finish(wire::CreateRequest(builder, 1, wire::RequestBody::Commit, commit.Union()));
  const auto request = decode_request(
      {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
  REQUIRE(request.has_value());
  CHECK(request->body.AsCommit()->items.size() == 50'000);
}

}  // namespace
}  // namespace muster::codec
