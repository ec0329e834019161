#include "tests/unit/coordinator/wire_client.h"

#include <utility>

namespace muster::coordinator {

WireClient::WireClient(World& world, Silent) : world_(&world), id_(++world.last_connection) {
  world.pipeline->connected(id_, "10.0.0." + std::to_string(id_));
}

WireClient::WireClient(World& world, const std::string& client_id) : WireClient(world, Silent()) {
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = client_id;
  (void)ask<wire::HelloReplyT>(hello);
}

void WireClient::listen() {
  frames_.feed(world_->connections.take(id_));
  while (true) {
    const auto frame = frames_.next();
    REQUIRE(frame.has_value());
    if (!frame->has_value()) return;
    largest_frame_ = std::max(largest_frame_, (*frame)->size() + codec::kFrameHeaderBytes);
    auto message = codec::decode_server_message(**frame);
    REQUIRE(message.has_value());
    (message->correlation_id == 0 ? pushes_ : replies_).push_back(std::move(*message));
  }
}

std::optional<wire::ServerMessageT> WireClient::reply_to(std::uint64_t correlation_id) {
  listen();
  for (auto reply = replies_.begin(); reply != replies_.end(); ++reply) {
    if (reply->correlation_id != correlation_id) continue;
    wire::ServerMessageT found = std::move(*reply);
    replies_.erase(reply);
    return found;
  }
  return std::nullopt;
}

bool WireClient::answered(std::uint64_t correlation_id) {
  listen();
  for (const wire::ServerMessageT& reply : replies_) {
    if (reply.correlation_id == correlation_id) return true;
  }
  return false;
}

wire::ErrorT WireClient::ask_error(std::uint64_t correlation_id) {
  world_->turn();
  world_->turn();
  auto message = reply_to(correlation_id);
  REQUIRE(message.has_value());
  REQUIRE(message->body.type == wire::ServerBody::Error);
  return *message->body.AsError();
}

std::vector<wire::ServerMessageT> WireClient::all_pushes() {
  listen();
  std::vector<wire::ServerMessageT> all;
  for (wire::ServerMessageT& push : std::exchange(pushes_, {})) all.push_back(std::move(push));
  return all;
}

ErrorCode WireClient::closing_reason() {
  const auto closings = pushes<wire::ClosingT>();
  return closings.empty() ? ErrorCode::kNone : static_cast<ErrorCode>(closings.front().error->code);
}

wire::CreateTopicT create_topic(std::int32_t partitions, std::string name) {
  wire::CreateTopicT request;
  request.name = std::move(name);
  request.partitions = partitions;
  return request;
}

wire::JoinT joining(std::string member_id, Incarnation incarnation,
                    std::vector<std::string> topics) {
  wire::JoinT request;
  request.group = "g";
  request.member_id = std::move(member_id);
  request.incarnation = incarnation;
  request.topics = std::move(topics);
  return request;
}

wire::JoinT resuming(std::string member_id, Incarnation incarnation,
                     std::vector<std::string> topics) {
  wire::JoinT request = joining(std::move(member_id), incarnation, std::move(topics));
  request.resume = true;
  return request;
}

wire::HeartbeatT heartbeat(std::string member_id, Incarnation incarnation) {
  wire::HeartbeatT request;
  request.group = "g";
  request.member_id = std::move(member_id);
  request.incarnation = incarnation;
  return request;
}

wire::DetachT detaching(std::string member_id, Incarnation incarnation) {
  wire::DetachT request;
  request.group = "g";
  request.member_id = std::move(member_id);
  request.incarnation = incarnation;
  return request;
}

wire::LeaveT leaving(std::string member_id, Incarnation incarnation) {
  wire::LeaveT request;
  request.group = "g";
  request.member_id = std::move(member_id);
  request.incarnation = incarnation;
  return request;
}

wire::CommitT committing(PartitionIndex partition, std::int64_t offset, FencingToken fence,
                         std::string topic) {
  wire::CommitT request;
  request.group = "g";
  auto item = std::make_unique<wire::CommitItemT>();
  item->topic = std::move(topic);
  item->partition = partition;
  item->offset = offset;
  item->fence = fence;
  request.items.push_back(std::move(item));
  return request;
}

wire::ReleaseT releasing(std::string member_id, Incarnation incarnation, PartitionIndex partition,
                         FencingToken fence, std::string topic) {
  wire::ReleaseT request;
  request.group = "g";
  request.member_id = std::move(member_id);
  request.incarnation = incarnation;
  auto item = std::make_unique<wire::ReleaseItemT>();
  item->topic = std::move(topic);
  item->partition = partition;
  item->fence = fence;
  request.items.push_back(std::move(item));
  return request;
}

wire::FetchOffsetsT fetching() {
  wire::FetchOffsetsT request;
  request.group = "g";
  return request;
}

wire::ListPartitionsT listing_partitions() {
  wire::ListPartitionsT request;
  request.group = "g";
  return request;
}

std::vector<std::string> listed(const std::vector<std::unique_ptr<wire::GrantedTopicT>>& topics) {
  std::vector<std::string> names;
  for (const auto& topic : topics) {
    for (const wire::GrantedPartition& partition : topic->partitions) {
      names.push_back(topic->topic + "/" + std::to_string(partition.partition()));
    }
  }
  return names;
}

std::vector<std::string> listed(const std::vector<std::unique_ptr<wire::FencedTopicT>>& topics) {
  std::vector<std::string> names;
  for (const auto& topic : topics) {
    for (const wire::FencedPartition& partition : topic->partitions) {
      names.push_back(topic->topic + "/" + std::to_string(partition.partition()));
    }
  }
  return names;
}

}  // namespace muster::coordinator
