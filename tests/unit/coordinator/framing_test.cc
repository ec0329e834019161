// What a connection may send: hello first, whole frames, correlation ids without doubles.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

wire::HelloT hello(std::uint16_t oldest, std::uint16_t newest, std::string client_id = "client") {
  wire::HelloT request;
  request.oldest_version = oldest;
  request.newest_version = newest;
  request.client_id = std::move(client_id);
  return request;
}

ErrorCode closed_for(World& world, WireClient& client) {
  world.turn();
  CHECK(client.closed());
  return client.closing_reason();
}

}  // namespace

TEST_CASE("hello must be the first request") {
  World world;
  auto client = WireClient::silent(world);
  CHECK(client.refused(create_topic(1)).code == ErrorCode::kHelloRequired);
  CHECK(client.refused(heartbeat("a", 1)).code == ErrorCode::kHelloRequired);
  CHECK(client.refused(wire::StatusT()).code == ErrorCode::kHelloRequired);
  CHECK(world.state().sequence == 0);
}

TEST_CASE("hello says who the server is, and is said once") {
  World world;
  auto client = WireClient::silent(world);
  const auto reply = client.ask<wire::HelloReplyT>(hello(1, 9));
  CHECK(reply.version == codec::kNewestProtocolVersion);
  CHECK(reply.journal_id == "journal-1");
  CHECK(reply.boot == 1);
  CHECK(reply.max_in_flight == 1'024);
  CHECK(client.refused(hello(1, 1)).code == ErrorCode::kMalformedRequest);
}

TEST_CASE("hello with versions that the server does not speak is refused") {
  World world;
  auto client = WireClient::silent(world);
  CHECK(client.refused(hello(2, 9)).code == ErrorCode::kUnsupportedVersion);
  CHECK(client.refused(hello(0, 0)).code == ErrorCode::kUnsupportedVersion);
  CHECK(client.refused(hello(1, 0)).code == ErrorCode::kUnsupportedVersion);
  CHECK(client.refused(wire::StatusT()).code == ErrorCode::kHelloRequired);
  CHECK(client.refused(hello(1, 1, "a\nb")).code == ErrorCode::kInvalidName);
}

TEST_CASE("a frame over the limit closes the connection with a typed error") {
  World world;
  WireClient client(world);
  client.send_bytes(std::string("\xff\xff\xff\x7f", 4));
  CHECK(closed_for(world, client) == ErrorCode::kFrameTooLarge);
}

TEST_CASE("an empty frame closes the connection with a typed error") {
  World world;
  WireClient client(world);
  client.send_bytes(std::string(4, '\0'));
  CHECK(closed_for(world, client) == ErrorCode::kFrameTooLarge);
}

TEST_CASE("bytes that are no request close the connection, others are not disturbed") {
  World world;
  WireClient client(world);
  WireClient other(world);
  client.send_bytes(codec::frame("this is not a FlatBuffer at all"));
  CHECK(closed_for(world, client) == ErrorCode::kMalformedRequest);
  other.ask<wire::StatusReplyT>(wire::StatusT());
}

TEST_CASE("bounded: a frame that would unpack to terabytes closes the connection") {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString(std::string(1'000'000, 't'));
  const std::vector<flatbuffers::Offset<flatbuffers::String>> topics(500'000, name);
  const auto join =
      wire::CreateJoin(builder, name, name, 1, false, false, false, builder.CreateVector(topics));
  builder.Finish(wire::CreateRequest(builder, 7, wire::RequestBody::Join, join.Union()));
  World world;
  WireClient client(world);
  client.send_bytes(
      codec::frame({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()}));
  CHECK(closed_for(world, client) == ErrorCode::kMalformedRequest);
}

TEST_CASE("correlation id 0 closes the connection") {
  World world;
  WireClient client(world);
  client.send_bytes(codec::encode_request(0, wire::StatusT()));
  CHECK(closed_for(world, client) == ErrorCode::kMalformedRequest);
}

TEST_CASE("a correlation id that is outstanding closes the connection, one that is not is fine") {
  World world;
  WireClient client(world);
  client.send_bytes(codec::encode_request(500, wire::StatusT()));
  world.turn();
  CHECK(client.answered(500));
  client.send_bytes(codec::encode_request(500, wire::StatusT()));
  client.send_bytes(codec::encode_request(500, wire::StatusT()));
  CHECK(closed_for(world, client) == ErrorCode::kDuplicateCorrelationId);
}

TEST_CASE("nothing is taken from a connection that is being closed") {
  World world;
  WireClient client(world);
  client.send_bytes(std::string(4, '\0') + codec::encode_request(9, create_topic(1)));
  client.send(create_topic(1));
  world.turn();
  CHECK(world.state().topics.empty());
}

TEST_CASE("a request that comes byte by byte, and many in one piece, are all answered") {
  World world;
  WireClient client(world);
  for (const char byte : codec::encode_request(700, create_topic(1))) {
    client.send_bytes({&byte, 1});
  }
  std::string many;
  for (std::uint64_t id = 701; id < 750; ++id) many += codec::encode_request(id, wire::StatusT());
  client.send_bytes(many);
  world.turn();
  for (std::uint64_t id = 700; id < 750; ++id) CHECK(client.answered(id));
}

TEST_CASE("a connection that ends with requests outstanding is forgotten, their effect is not") {
  World world;
  WireClient client(world);
  client.send(create_topic(1));
  client.disconnect();
  world.turn();
  CHECK(world.state().topic("t") != nullptr);
  CHECK(world.connections.take(client.id()).empty());
  client.send(create_topic(2, "late"));
  world.turn();
  CHECK(world.state().topic("late") == nullptr);
}

}  // namespace muster::coordinator
