// One connection to the coordinator, spoken to in bytes of the wire and listened to likewise.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "codec/frame.h"
#include "codec/wire.h"
#include "tests/unit/coordinator/world.h"

namespace muster::coordinator {

class WireClient {
 public:
  /// Connects and says hello.
  explicit WireClient(World& world, const std::string& client_id = "client");
  /// Connects and says nothing.
  static WireClient silent(World& world) { return {world, Silent()}; }

  /// Sends a request without ending the turn; returns its correlation id.
  template <typename Body>
  std::uint64_t send(Body body) {
    const std::uint64_t id = ++last_id_;
    send_bytes(codec::encode_request(id, std::move(body)));
    return id;
  }
  void send_bytes(std::string_view bytes) { world_->pipeline->received(id_, bytes); }
  void disconnect() { world_->pipeline->disconnected(id_); }

  /// The reply to a request, if it has arrived.
  std::optional<wire::ServerMessageT> reply_to(std::uint64_t correlation_id);
  bool answered(std::uint64_t correlation_id);

  /// Sends, ends the turn with a fast disk, and takes the reply, which must be of this type.
  template <typename Reply, typename Body>
  Reply ask(Body body) {
    const std::uint64_t id = send(std::move(body));
    world_->turn();
    world_->turn();  // what waited for the turn before
    auto message = reply_to(id);
    REQUIRE(message.has_value());
    if (message->body.type == wire::ServerBody::Error) {
      FAIL_CHECK(message->body.AsError()->message);
    }
    constexpr wire::ServerBody kExpected = wire::ServerBodyUnionTraits<Reply>::enum_value;
    REQUIRE(message->body.type == kExpected);
    return std::move(*static_cast<Reply*>(message->body.value));
  }
  /// Likewise for a request that must be refused.
  template <typename Body>
  Rejection refused(Body body) {
    return codec::from_wire(ask_error(send(std::move(body))));
  }

  /// Pushes of one type that have arrived and were not taken yet, in order.
  template <typename Push>
  std::vector<Push> pushes() {
    listen();
    std::vector<Push> taken;
    std::deque<wire::ServerMessageT> others;
    for (wire::ServerMessageT& push : pushes_) {
      if (push.body.type == wire::ServerBodyUnionTraits<Push>::enum_value) {
        taken.push_back(std::move(*static_cast<Push*>(push.body.value)));
      } else {
        others.push_back(std::move(push));
      }
    }
    pushes_ = std::move(others);
    return taken;
  }
  /// All pushes that were not taken yet, with their sequences.
  std::vector<wire::ServerMessageT> all_pushes();
  /// Why the server closed the connection; kNone if it didn't say so.
  ErrorCode closing_reason();
  bool closed() const { return world_->connections.closed(id_); }
  /// The largest frame seen so far, header included.
  std::size_t largest_frame() const { return largest_frame_; }

  ConnectionId id() const { return id_; }
  World& world() { return *world_; }

 private:
  struct Silent {};
  WireClient(World& world, Silent silent);
  wire::ErrorT ask_error(std::uint64_t correlation_id);
  void listen();

  World* world_;
  ConnectionId id_;
  std::uint64_t last_id_ = 0;
  codec::FrameReader frames_{64 * 1024 * 1024};
  std::deque<wire::ServerMessageT> replies_;
  std::deque<wire::ServerMessageT> pushes_;
  std::size_t largest_frame_ = 0;
};

// ---- requests of group "g" and topic "t", unless told otherwise -------------------------------

wire::CreateTopicT create_topic(std::int32_t partitions, std::string name = "t");
wire::JoinT joining(std::string member_id, Incarnation incarnation,
                    std::vector<std::string> topics = {"t"});
wire::JoinT resuming(std::string member_id, Incarnation incarnation,
                     std::vector<std::string> topics = {"t"});
wire::HeartbeatT heartbeat(std::string member_id, Incarnation incarnation);
wire::DetachT detaching(std::string member_id, Incarnation incarnation);
wire::LeaveT leaving(std::string member_id, Incarnation incarnation);
wire::CommitT committing(PartitionIndex partition, std::int64_t offset, FencingToken fence,
                         std::string topic = "t");
wire::ReleaseT releasing(std::string member_id, Incarnation incarnation, PartitionIndex partition,
                         FencingToken fence, std::string topic = "t");
wire::FetchOffsetsT fetching();
wire::ListPartitionsT listing_partitions();

/// Tokens that a reply or push lists, as "t/0".
std::vector<std::string> listed(const std::vector<std::unique_ptr<wire::GrantedTopicT>>& topics);
std::vector<std::string> listed(const std::vector<std::unique_ptr<wire::FencedTopicT>>& topics);

}  // namespace muster::coordinator
