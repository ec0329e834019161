#include "daemon/sockets.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "codec/frame.h"
#include "codec/wire.h"
#include "daemon/loop.h"

using muster::coordinator::ConnectionId;
using muster::daemon::Loop;
using muster::daemon::SocketEvents;
using muster::daemon::SocketLimits;
using muster::daemon::Sockets;
using muster::daemon::Transport;

namespace {

class SetClock final : public muster::coordinator::Clock {
 public:
  std::uint64_t monotonic_ms() const override { return now_ms; }
  std::int64_t wall_ms() const override { return 0; }
  std::uint64_t now_ms = 1'000'000;
};

class Recorder final : public SocketEvents {
 public:
  void connected(ConnectionId connection, std::string peer) override {
    last = connection;
    peers.push_back(std::move(peer));
  }
  void received(ConnectionId connection, std::string_view bytes) override {
    read += bytes;
    if (on_received) on_received(connection, bytes);
  }
  void disconnected(ConnectionId connection) override { ended.push_back(connection); }

  ConnectionId last = 0;
  std::vector<std::string> peers;
  std::string read;
  std::vector<ConnectionId> ended;
  std::function<void(ConnectionId, std::string_view)> on_received;
};

/// The peer's end of a connection: a plain non-blocking socket.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  Peer(Peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Peer& operator=(Peer&&) = delete;
  ~Peer() { end(); }

  void send(std::string_view bytes) const {
    REQUIRE(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  /// Sends as much as the socket takes, and says how much that was.
  std::size_t send_until_full() const {
    const std::string chunk(64 * 1024, 'f');
    std::size_t sent = 0;
    for (;;) {
      const ssize_t taken = ::send(descriptor_, chunk.data(), chunk.size(), MSG_NOSIGNAL);
      if (taken < 0) return sent;
      sent += static_cast<std::size_t>(taken);
    }
  }
  /// All that is there now.
  std::string receive() {
    std::string all;
    std::array<char, 64 * 1024> buffer{};
    ssize_t taken = 0;
    while ((taken = ::recv(descriptor_, buffer.data(), buffer.size(), 0)) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(taken));
    }
    at_end = taken == 0;
    broken = taken < 0 && errno != EAGAIN;
    return all;
  }
  void half_close() const { REQUIRE(shutdown(descriptor_, SHUT_WR) == 0); }
  void end() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  bool at_end = false;
  bool broken = false;

 private:
  int descriptor_;
};

struct Fixture {
  explicit Fixture(SocketLimits limits = {}) : sockets(loop.uv(), clock, limits) {
    sockets.report_to(events);
  }

  Peer connect() {
    std::array<int, 2> pair{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
    sockets.adopt(pair[0], Transport::kUnix, "peer");
    return Peer(pair[1]);
  }

  /// One turn, as the daemon makes it.
  void turn(const std::function<void()>& at_end = {}) {
    loop.run({.begin = [&] { sockets.begin_turn(); },
              .wake_in_ms = [] { return std::uint64_t{0}; },
              .end =
                  [&] {
                    if (at_end) at_end();
                    sockets.sweep();
                    sockets.flush();
                    loop.stop();
                  },
              .woken = {}});
  }
  void pass(std::uint64_t ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += 100) {
      clock.now_ms += 100;
      turn();
    }
  }

  SetClock clock;
  Recorder events;
  Loop loop;
  Sockets sockets;
};

muster::wire::ErrorT closing_error(const std::string& bytes) {
  muster::codec::FrameReader reader;
  reader.feed(bytes);
  const auto payload = reader.next();
  REQUIRE((payload && *payload));
  auto message = muster::codec::decode_server_message(**payload);
  REQUIRE(message);
  REQUIRE(message->body.AsClosing() != nullptr);
  CHECK(message->correlation_id == 0);
  return *message->body.AsClosing()->error;
}

}  // namespace

TEST_CASE("what a peer sends is reported in the turn that reads it") {
  Fixture f;
  const Peer peer = f.connect();
  CHECK(f.events.peers == std::vector<std::string>{"peer"});
  peer.send("hello");
  f.turn();
  CHECK(f.events.read == "hello");
  CHECK(f.events.ended.empty());
}

TEST_CASE("writes of a turn leave together at its end") {
  Fixture f;
  Peer peer = f.connect();
  f.turn([&] {
    f.sockets.write(f.events.last, "one ");
    f.sockets.write(f.events.last, "two");
    CHECK(peer.receive().empty());
    CHECK(f.sockets.unsent_bytes(f.events.last) == 7);
  });
  CHECK(peer.receive() == "one two");
  CHECK(f.sockets.unsent_bytes(f.events.last) == 0);
}

TEST_CASE("a slow reader's bytes are counted, and arrive whole and in order when it reads") {
  Fixture f;
  Peer peer = f.connect();
  const std::string first(3'000'000, 'a');
  const std::string second(500'000, 'b');
  f.turn([&] { f.sockets.write(f.events.last, first); });
  const std::size_t unsent = f.sockets.unsent_bytes(f.events.last);
  CHECK(unsent > 1'000'000);
  CHECK(unsent < first.size());
  f.turn([&] { f.sockets.write(f.events.last, second); });
  CHECK(f.sockets.unsent_bytes(f.events.last) == unsent + second.size());
  std::string arrived;
  for (int i = 0; i < 1'000 && arrived.size() < first.size() + second.size(); ++i) {
    arrived += peer.receive();
    f.turn();
  }
  CHECK(arrived == first + second);
  CHECK(f.sockets.unsent_bytes(f.events.last) == 0);
}

TEST_CASE("a paused connection is not read until it is resumed") {
  Fixture f;
  const Peer peer = f.connect();
  f.sockets.pause_reading(f.events.last);
  f.sockets.pause_reading(f.events.last);
  peer.send("later");
  f.turn();
  CHECK(f.events.read.empty());
  f.sockets.resume_reading(f.events.last);
  f.sockets.resume_reading(f.events.last);
  f.turn();
  CHECK(f.events.read == "later");
}

TEST_CASE("pausing within a read stops the reading there") {
  Fixture f;
  const Peer peer = f.connect();
  f.events.on_received = [&](ConnectionId id, std::string_view) { f.sockets.pause_reading(id); };
  const std::size_t sent = peer.send_until_full();
  REQUIRE(sent > Sockets::kReadBufferBytes);
  f.turn();
  CHECK(f.events.read.size() == Sockets::kReadBufferBytes);
  f.turn();
  CHECK(f.events.read.size() == Sockets::kReadBufferBytes);
}

TEST_CASE("a connection is drained when a whole turn could read all that it held") {
  Fixture f;
  const Peer peer = f.connect();
  CHECK_FALSE(f.sockets.drained(f.events.last));  // nobody has looked yet
  const auto drained_at_end_of_turn = [&] {
    bool drained = false;
    f.turn([&] { drained = f.sockets.drained(f.events.last); });
    return drained;
  };
  CHECK(drained_at_end_of_turn());  // nothing was there
  peer.send("x");
  CHECK(drained_at_end_of_turn());  // a short read
  f.sockets.pause_reading(f.events.last);
  CHECK_FALSE(drained_at_end_of_turn());
  f.sockets.resume_reading(f.events.last);
  CHECK_FALSE(f.sockets.drained(f.events.last));  // not polled since
  CHECK(drained_at_end_of_turn());
}

TEST_CASE("a connection that may hold more than was read is not drained, and then is") {
  Fixture f;
  const Peer peer = f.connect();
  peer.send(std::string(Sockets::kReadBufferBytes, 'x'));
  // libuv reads again after a full read and finds nothing: stop it before it does.
  f.events.on_received = [&](ConnectionId id, std::string_view) {
    CHECK_FALSE(f.sockets.drained(id));
  };
  f.turn();
  CHECK(f.sockets.drained(f.events.last));
}

TEST_CASE("the end of a peer is reported once, after all that it sent") {
  Fixture f;
  Peer peer = f.connect();
  const ConnectionId id = f.events.last;
  peer.send("last words");
  peer.end();
  f.turn();
  CHECK(f.events.read == "last words");
  CHECK(f.events.ended == std::vector<ConnectionId>{id});
  f.turn();
  f.turn();
  CHECK(f.events.ended.size() == 1);
  CHECK(f.sockets.empty());
}

TEST_CASE("a half-closed peer has ended, but still gets what was answered") {
  Fixture f;
  Peer peer = f.connect();
  const ConnectionId id = f.events.last;
  f.events.on_received = [&](ConnectionId from, std::string_view) {
    f.sockets.write(from, "answer");
  };
  peer.send("question");
  peer.half_close();
  f.turn();
  f.turn();
  CHECK(f.events.ended == std::vector<ConnectionId>{id});
  CHECK(peer.receive() == "answer");
  CHECK(peer.at_end);
  CHECK(f.sockets.empty());
}

TEST_CASE("a write to a peer that is gone reports its end") {
  Fixture f;
  Peer peer = f.connect();
  const ConnectionId id = f.events.last;
  f.sockets.pause_reading(id);  // so that only the write can notice
  peer.end();
  f.turn([&] { f.sockets.write(id, "anybody there?"); });
  CHECK(f.events.ended == std::vector<ConnectionId>{id});
  f.turn();
  CHECK(f.sockets.empty());
}

TEST_CASE("closing sends what is unsent first, reports nothing and ignores later writes") {
  Fixture f;
  Peer peer = f.connect();
  const ConnectionId id = f.events.last;
  f.turn([&] {
    f.sockets.write(id, "goodbye");
    f.sockets.close(id);
    f.sockets.write(id, "too late");
  });
  CHECK(peer.receive() == "goodbye");
  CHECK(peer.at_end);
  peer.end();
  f.turn();
  f.turn();
  CHECK(f.events.ended.empty());
  CHECK(f.sockets.empty());
}

TEST_CASE("a peer that is still sending when it is closed gets the last words, not a reset") {
  Fixture f;
  Peer peer = f.connect();
  const ConnectionId id = f.events.last;
  f.sockets.pause_reading(id);
  peer.send_until_full();
  f.turn([&] {
    f.sockets.write(id, "goodbye");
    f.sockets.close(id);
  });
  CHECK(peer.receive() == "goodbye");
  CHECK(peer.at_end);
  CHECK_FALSE(peer.broken);
  CHECK(f.events.read.empty());
}

TEST_CASE("a closed connection whose peer does not end goes after the linger time") {
  Fixture f;
  const Peer peer = f.connect();
  f.turn([&] { f.sockets.close(f.events.last); });
  f.pass(Sockets::kLingerMs - 200);
  CHECK_FALSE(f.sockets.empty());
  f.pass(400);
  CHECK(f.sockets.empty());
}

TEST_CASE("a closed connection whose peer does not read goes after the flush time") {
  Fixture f;
  const Peer peer = f.connect();
  f.turn([&] {
    f.sockets.write(f.events.last, std::string(3'000'000, 'x'));
    f.sockets.close(f.events.last);
  });
  f.pass(Sockets::kFlushWithinMs - 200);
  CHECK_FALSE(f.sockets.empty());
  f.pass(400);
  CHECK(f.sockets.empty());
  CHECK(f.events.ended.empty());
}

TEST_CASE("a connection that says nothing is told HELLO_REQUIRED and closed") {
  Fixture f({.max_connections = 10, .hello_timeout_ms = 2'000});
  Peer silent = f.connect();
  const ConnectionId silent_id = f.events.last;
  Peer talker = f.connect();
  f.turn([&] { f.sockets.write(f.events.last, "welcome"); });
  f.pass(1'900);
  CHECK(silent.receive().empty());
  f.pass(200);
  CHECK(closing_error(silent.receive()).name == "HELLO_REQUIRED");
  CHECK(silent.at_end);
  CHECK(f.events.ended == std::vector<ConnectionId>{silent_id});
  CHECK(talker.receive() == "welcome");
  CHECK_FALSE(talker.at_end);
}

TEST_CASE("the daemon's own pause does not count as silence before hello") {
  Fixture f({.max_connections = 10, .hello_timeout_ms = 2'000});
  Peer peer = f.connect();
  f.turn();
  f.clock.now_ms += 60'000;
  f.turn();
  peer.receive();
  CHECK_FALSE(peer.at_end);
  CHECK(f.events.ended.empty());
}

TEST_CASE("over the connection limit a peer is told so, and a place that is freed is given again") {
  Fixture f({.max_connections = 1, .hello_timeout_ms = 10'000});
  Peer first = f.connect();
  Peer second = f.connect();
  CHECK(f.events.peers.size() == 1);
  second.send("a hello that nobody reads");
  f.turn();
  const auto error = closing_error(second.receive());
  CHECK(error.name == "TOO_MANY_CONNECTIONS");
  CHECK(error.retriable);
  CHECK(second.at_end);
  first.end();
  f.turn();
  f.turn();
  const Peer third = f.connect();
  CHECK(f.events.peers.size() == 2);
}

TEST_CASE("refusals are bounded too: beyond some at a time peers are closed without a word") {
  Fixture f({.max_connections = 1, .hello_timeout_ms = 10'000});
  const Peer first = f.connect();
  std::vector<Peer> refused;
  for (std::size_t i = 0; i <= Sockets::kMaxRefusals; ++i) refused.push_back(f.connect());
  f.turn();
  CHECK_FALSE(refused[0].receive().empty());
  CHECK(refused.back().receive().empty());
  CHECK(refused.back().at_end);
}

TEST_CASE("what is asked of a connection that is gone has no effect") {
  Fixture f;
  f.sockets.write(99, "x");
  f.sockets.close(99);
  f.sockets.pause_reading(99);
  f.sockets.resume_reading(99);
  CHECK(f.sockets.unsent_bytes(99) == 0);
  CHECK(f.sockets.drained(99));
  f.turn();
  CHECK(f.sockets.empty());
}
