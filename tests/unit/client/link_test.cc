// The link: one connection for many, servers in turn, and nothing waited for for ever.
#include "client/src/link.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/wire.h"

namespace muster {
namespace {

constexpr std::uint64_t kStartMs = 50'000;

/// A test that plays the network and the server.
struct Wire {
  explicit Wire(std::size_t servers = 1)
      : link({.client_id = "test", .server_count = servers, .timeout_ms = 5'000},
             [this] { return ++random; }) {}

  /// The requests sent since the last call.
  std::vector<wire::RequestT> sent() {
    link.advance(now_ms);
    codec::FrameReader reader;
    reader.feed(link.take_output());
    std::vector<wire::RequestT> requests;
    while (true) {
      const auto payload = reader.next();
      REQUIRE(payload.has_value());
      if (!*payload) return requests;
      auto request = codec::decode_request(**payload);
      REQUIRE(request.has_value());
      requests.push_back(std::move(*request));
    }
  }
  void attempt(std::size_t server = 0) {
    link.advance(now_ms);
    const auto wanted = link.take_attempt(now_ms);
    REQUIRE(wanted.has_value());
    CHECK(*wanted == server);
  }
  void greet() {
    link.connected(now_ms);
    const auto hello = sent();
    REQUIRE(hello.size() == 1);
    CHECK(hello[0].body.AsHello()->client_id == "test");
    wire::HelloReplyT reply;
    reply.version = 1;
    reply.journal_id = "journal";
    reply.server_version = "0";
    reply.max_frame_bytes = 4 * 1024 * 1024;
    reply.max_in_flight = 1'024;
    send(hello[0].correlation_id, std::move(reply));
    REQUIRE(link.is_up());
  }
  template <typename Body>
  void send(std::uint64_t correlation_id, Body body) {
    link.received(now_ms, codec::encode_server_message(correlation_id, 1, std::move(body)));
  }
  void call() {
    link.call(
        now_ms,
        [] {
          wire::RequestBodyUnion body;
          body.Set(wire::StatusT());
          return body;
        },
        [this](std::expected<wire::ServerBodyUnion, Error> outcome) {
          answered = outcome ? ErrorCode::kNone : outcome.error().code;
        });
  }
  void drop_if_wanted() {
    if (link.drop_wanted()) link.disconnected(now_ms, Error(*link.drop_wanted()));
  }

  std::uint64_t now_ms = kStartMs;
  std::uint64_t random = 0;
  Link link;
  std::optional<ErrorCode> answered;
};

wire::StatusReplyT status() {
  wire::StatusReplyT reply;
  reply.version = "0";
  reply.journal_id = "journal";
  reply.state_digest = "0";
  return reply;
}

SessionOptions member(std::string id) {
  SessionOptions options;
  options.group = "g";
  options.member_id = std::move(id);
  options.topics = {"t"};
  return options;
}

TEST_CASE("nobody's need makes no connection") {
  Wire w;
  w.link.advance(w.now_ms);
  CHECK_FALSE(w.link.take_attempt(w.now_ms).has_value());
  CHECK(w.link.next_deadline_ms() == kNever);
}

TEST_CASE("a call is answered over a connection that is greeted first") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  const auto requests = w.sent();
  REQUIRE(requests.size() == 1);
  w.send(requests[0].correlation_id, status());
  CHECK(w.answered == ErrorCode::kNone);
}

TEST_CASE("servers are tried in turn, each after a wait") {
  Wire w(2);
  w.call();
  w.attempt(0);
  w.link.disconnected(w.now_ms, make_error(ErrorCode::kUnavailable, "refused"));
  CHECK_FALSE(w.link.take_attempt(w.now_ms).has_value());
  w.now_ms = w.link.next_deadline_ms();
  CHECK(w.now_ms >= kStartMs + 50);
  w.attempt(1);
  w.link.disconnected(w.now_ms, make_error(ErrorCode::kUnavailable, "refused"));
  w.now_ms = w.link.next_deadline_ms();
  w.attempt(0);
}

TEST_CASE("clients that lose their server at the same moment do not come back at the same") {
  Wire one;
  Wire other;
  other.random = 20;
  for (Wire* w : {&one, &other}) {
    w->call();
    w->attempt();
    w->link.disconnected(w->now_ms, make_error(ErrorCode::kUnavailable, "reset"));
  }
  CHECK(one.link.next_deadline_ms() != other.link.next_deadline_ms());
}

TEST_CASE("a call cut off by a broken connection goes out again on the next") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  CHECK(w.sent().size() == 1);
  w.link.disconnected(w.now_ms, make_error(ErrorCode::kUnavailable, "reset"));
  w.now_ms += 200;
  w.attempt();
  w.greet();
  CHECK(w.sent().size() == 1);
}

TEST_CASE("a call that no server takes fails after the timeout") {
  Wire w;
  w.call();
  w.now_ms += 5'000;
  w.link.advance(w.now_ms);
  CHECK(w.answered == ErrorCode::kUnavailable);
}

TEST_CASE("a call without an answer times out") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  w.sent();
  w.now_ms += 5'000;
  w.link.advance(w.now_ms);
  CHECK(w.answered == ErrorCode::kTimedOut);
}

TEST_CASE("a connection that answers nothing is dropped") {
  Wire w;
  Session session(member("m"), [&w] { return ++w.random; });
  w.link.attach(w.now_ms, session);
  session.join(w.now_ms, 1);
  w.attempt();
  w.greet();
  CHECK(w.sent().size() == 1);
  w.now_ms += 4'999;
  w.link.advance(w.now_ms);
  CHECK_FALSE(w.link.drop_wanted().has_value());
  w.now_ms += 1;
  w.link.advance(w.now_ms);
  CHECK(w.link.drop_wanted().has_value());
  w.drop_if_wanted();
  w.link.detach(session);
}

TEST_CASE("a server that swallows the greeting is given up for the next") {
  Wire w(2);
  w.call();
  w.attempt(0);
  w.link.connected(w.now_ms);
  w.now_ms += 2'500;  // its share of the timeout
  w.link.advance(w.now_ms);
  REQUIRE(w.link.drop_wanted().has_value());
  w.drop_if_wanted();
  w.now_ms = w.link.next_deadline_ms();
  w.attempt(1);
}

TEST_CASE("pushes find their member among those that share the connection") {
  Wire w;
  Session one(member("one"), [&w] { return ++w.random; });
  Session two(member("two"), [&w] { return ++w.random; });
  w.link.attach(w.now_ms, one);
  w.link.attach(w.now_ms, two);
  one.join(w.now_ms, 1);
  two.join(w.now_ms, 2);
  w.attempt();
  w.greet();
  for (const wire::RequestT& request : w.sent()) {
    wire::JoinReplyT reply;
    reply.lease_ms = 30'000;
    reply.leader = "one";
    w.send(request.correlation_id, std::move(reply));
  }
  wire::AssignedT assigned;
  assigned.group = "g";
  assigned.member_id = "two";
  assigned.incarnation = two.incarnation();
  assigned.leader = "one";
  auto topic = std::make_unique<wire::GrantedTopicT>();
  topic->topic = "t";
  topic->partitions.emplace_back(7, -1, 0, 0, false);
  assigned.granted.push_back(std::move(topic));
  w.send(0, std::move(assigned));
  CHECK(one.holdings().all().empty());
  CHECK(two.holdings().all().size() == 1);
  w.link.detach(one);
  w.link.detach(two);
}

TEST_CASE("a session that comes later joins over the connection that is there") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  w.sent();
  Session late(member("late"), [&w] { return ++w.random; });
  w.link.attach(w.now_ms, late);
  late.join(w.now_ms, 1);
  const auto requests = w.sent();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].body.AsJoin()->member_id == "late");
  w.link.detach(late);
}

TEST_CASE("garbage drops the connection") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  w.link.received(w.now_ms, codec::frame("this is no message"));
  CHECK(w.link.drop_wanted().has_value());
}

TEST_CASE("a server that closes says why, and that is what callers are told") {
  Wire w;
  w.call();
  w.attempt();
  w.greet();
  wire::ClosingT closing;
  closing.error = std::make_unique<wire::ErrorT>(
      codec::to_wire({.code = ErrorCode::kUnsupportedVersion, .message = "Upgrade."}));
  w.send(0, std::move(closing));
  w.drop_if_wanted();
  CHECK(w.answered == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("a request over the server's frame limit is refused here") {
  Wire w;
  SessionOptions options = member("m");
  options.topics.assign(20'000, std::string(250, 'x'));
  Session session(options, [&w] { return ++w.random; });
  w.link.attach(w.now_ms, session);
  session.join(w.now_ms, 1);
  w.attempt();
  w.greet();
  CHECK(w.sent().empty());
  const auto outcomes = session.take_outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].outcome.error().code == ErrorCode::kFrameTooLarge);
  w.link.detach(session);
}

}  // namespace
}  // namespace muster
