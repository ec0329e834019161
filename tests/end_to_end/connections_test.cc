// Many connections, slow ones and idle ones.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "tests/sanitized.h"

namespace muster::e2e {
namespace {

void allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE_MESSAGE(limit.rlim_cur >= wanted, "this machine allows too few open files");
}

// A sanitizer's own memory tells nothing of the daemon's.
constexpr bool kMeasuresMemory = !kSanitized;

struct IdleSetting {
  std::size_t members = 0;
  std::size_t most_bytes_each = 0;  // of the daemon's own memory
  std::uint32_t session_timeout_ms = 0;
  Milliseconds between_heartbeats{};
  int rounds = 0;  // together longer than the session timeout
};

/// Members that own a partition each and do nothing but heartbeat, on a connection each, a hundred
/// in a group.
class IdleMembers {
 public:
  static constexpr std::size_t kInGroup = 100;

  IdleMembers(const std::string& address, const IdleSetting& setting) : setting_(setting) {
    for (std::size_t i = 0; i < setting.members; ++i) {
      const int descriptor = connect_to(address);
      REQUIRE_MESSAGE(descriptor >= 0, "connection ", i, " is refused");
      all_.push_back({.descriptor = descriptor, .frames = codec::FrameReader(1 << 20)});
      wire::HelloT hello;
      hello.oldest_version = hello.newest_version = 1;
      hello.client_id = "idle";
      send(all_[i], codec::encode_request(1, std::move(hello)));
      send(all_[i], codec::encode_request(2, join_of(i)));
    }
    REQUIRE(replies(
        [](const wire::ServerMessageT& message) { return message.body.AsJoinReply() != nullptr; }));
  }
  ~IdleMembers() {
    for (const Each& each : all_) ::close(each.descriptor);
  }
  IdleMembers(const IdleMembers&) = delete;
  IdleMembers& operator=(const IdleMembers&) = delete;

  /// One of each member; how long it took until the last was answered.
  Milliseconds heartbeat() {
    const SteadyClock::time_point start = SteadyClock::now();
    ++correlation_id_;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      wire::HeartbeatT heartbeat;
      heartbeat.group = group_of(i);
      heartbeat.member_id = member_of(i);
      heartbeat.incarnation = 1;
      send(all_[i], codec::encode_request(correlation_id_, std::move(heartbeat)));
    }
    REQUIRE(replies([](const wire::ServerMessageT& message) {
      return message.body.AsHeartbeatReply() != nullptr;
    }));
    return since(start);
  }

 private:
  struct Each {
    int descriptor = -1;
    codec::FrameReader frames;
  };

  static std::string group_of(std::size_t i) { return "group-" + std::to_string(i / kInGroup); }
  static std::string member_of(std::size_t i) { return "member-" + std::to_string(i); }

  wire::JoinT join_of(std::size_t i) const {
    wire::JoinT join;
    join.group = group_of(i);
    join.member_id = member_of(i);
    join.named = true;
    join.incarnation = 1;
    join.topics = {"orders"};
    join.session_timeout_ms = setting_.session_timeout_ms;
    return join;
  }

  static void send(const Each& to, const std::string& request) {
    REQUIRE(write(to.descriptor, request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
  }

  /// Reads each connection up to the reply that is waited for; others and pushes are left out.
  bool replies(const std::function<bool(const wire::ServerMessageT&)>& is_wanted) {
    return std::ranges::all_of(all_, [&](Each& each) { return reply(each, is_wanted); });
  }

  static bool reply(Each& from, const std::function<bool(const wire::ServerMessageT&)>& is_wanted) {
    std::array<char, 16'384> buffer{};
    while (true) {
      const auto payload = from.frames.next();
      if (!payload) return false;
      if (payload->has_value()) {
        const auto message = codec::decode_server_message(**payload);
        if (!message) return false;
        if (const wire::ErrorT* error = message->body.AsError()) {
          FAIL("refused: ", error->message);
        }
        if (is_wanted(*message)) return true;
        continue;
      }
      pollfd readable{.fd = from.descriptor, .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, static_cast<int>(kPatience.count())) <= 0) return false;
      const ssize_t count = read(from.descriptor, buffer.data(), buffer.size());
      if (count <= 0) return false;
      from.frames.feed({buffer.data(), static_cast<std::size_t>(count)});
    }
  }

  IdleSetting setting_;
  std::vector<Each> all_;
  std::uint64_t correlation_id_ = 10;
};

/// All keep their seats by their heartbeats, a worker beside them works on, and each costs little.
void idle_members_cost_little(const IdleSetting& setting) {
  allow_descriptors(setting.members + 200);
  Daemon daemon;
  Member worker(daemon.address(), {.member_id = "worker", .topics = {"work"}});
  create_topic(worker.client(), "work", 1);
  create_topic(worker.client(), "orders", IdleMembers::kInGroup);
  worker.join();
  const std::size_t before = daemon.anonymous_bytes();
  IdleMembers idle(daemon.address(), setting);
  REQUIRE(pump_until({&worker}, [&] { return worker.held().size() == 1; }));
  Milliseconds longest{0};
  const SteadyClock::time_point start = SteadyClock::now();
  for (int round = 1; round <= setting.rounds; ++round) {
    longest = std::max(longest, idle.heartbeat());
    worker.pump();
    CHECK_FALSE(worker.commit({"work", 0}, round).has_value());
    wait_until([&] { return since(start) >= round * setting.between_heartbeats; });
  }
  CHECK(since(start) > Milliseconds{setting.session_timeout_ms});
  const auto status = worker.client().ask<wire::StatusReplyT>(wire::StatusT{});
  CHECK(status.members == setting.members + 1);
  CHECK(status.connections == setting.members + 1);
  const std::size_t each = (daemon.anonymous_bytes() - before) / setting.members;
  MESSAGE(setting.members, " idle members: ", each, " bytes each; all heartbeats of a round were ",
          "answered within ", longest.count(), " ms");
  if (kMeasuresMemory) CHECK(each < setting.most_bytes_each);
}

TEST_CASE("a thousand idle members are kept alive by their heartbeats, and cost little") {
  idle_members_cost_little({.members = 1'000,
                            .most_bytes_each = 4'096,  // with all that does not depend on members
                            .session_timeout_ms = 2'000,
                            .between_heartbeats = Milliseconds{600},
                            .rounds = 4});
}

TEST_CASE("ten thousand idle members" * doctest::skip()) {
  idle_members_cost_little({.members = 10'000,
                            .most_bytes_each = 2'048,
                            .session_timeout_ms = 20'000,  // all join before the first heartbeat
                            .between_heartbeats = Milliseconds{6'000},
                            .rounds = 4});
}

TEST_CASE("members that never read their pushes are closed, and the memory stays bounded") {
  constexpr std::size_t kLazy = 4;
  constexpr std::size_t kUnsent = 1 << 20;
  const TemporaryDirectory directory;
  const std::string socket = "unix:" + directory / "socket";  // whose buffers hold little
  Daemon daemon({"--listen", socket, "--gathering-window-ms", "0", "--max-frame-bytes", "262144",
                 "--max-unsent-bytes", std::to_string(kUnsent)});
  WireClient client(daemon.address());
  create_topic(client, "big", 20'000);
  std::vector<std::unique_ptr<Member>> lazy;
  for (std::size_t i = 0; i < kLazy; ++i) {
    const std::string name = std::to_string(i);
    lazy.push_back(std::make_unique<Member>(
        socket,
        MemberOptions{.group = "group-" + name, .member_id = "lazy-" + name, .topics = {"big"}}));
    lazy.back()->join();
  }
  const auto is_settled = [&client] {
    const auto groups = client.ask<wire::GroupsReplyT>(wire::ListGroupsT{});
    return std::ranges::none_of(groups.groups, [](const auto& group) {
      return group->state == wire::GroupState::balancing;
    });
  };
  REQUIRE(wait_until(is_settled));
  const std::size_t before = daemon.anonymous_bytes();
  std::size_t most = before;
  // Each round has half a megabyte and more of grants and losses for each of them.
  for (int round = 0; round < 25; ++round) {
    wire::DeleteTopicT remove;
    remove.name = "big";
    client.ask<wire::DoneT>(std::move(remove));
    create_topic(client, "big", 20'000);
    REQUIRE(wait_until(is_settled));
    most = std::max(most, daemon.anonymous_bytes());
  }
  CHECK(client.ask<wire::StatusReplyT>(wire::StatusT{}).connections == 1);
  MESSAGE("at most ", (most - before) / 1'024, " KiB more than at first");
  if (kMeasuresMemory) CHECK(most - before < kLazy * kUnsent + (std::size_t{24} << 20));
  for (const auto& member : lazy) {
    // Why, it learns only if it begins to read within five seconds.
    const auto closing = member->client().closing();
    if (closing) CHECK(closing->name == "SLOW_READER");
    CHECK(member->client().ended());
  }
}

TEST_CASE("requests in one write are answered in order, as many as are in flight") {
  const Daemon daemon;
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  std::string requests;
  constexpr std::uint64_t kCount = 5'000;  // five times what may be in flight: reading pauses
  for (std::uint64_t number = 1; number <= kCount; ++number) {
    wire::DescribeTopicT describe;
    describe.name = "orders";
    requests += codec::encode_request(10'000 + number, std::move(describe));
  }
  REQUIRE(client.send_bytes(requests));
  for (std::uint64_t number = 1; number <= kCount; ++number) {
    REQUIRE(client.reply(10'000 + number).has_value());
  }
}

TEST_CASE("a connection that asks much and reads nothing makes nobody wait") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
  for (int number = 0; number < 1'000; ++number) {
    create_topic(client, "topic-" + std::to_string(number) + std::string(200, 'x'), 1);
  }
  WireClient lazy(daemon.address());
  wire::ListTopicsT list;
  list.limit = 1'000;
  std::string requests;
  // Answers of a quarter of a megabyte: six times what a connection may have unsent, and more than
  // any socket's buffers hold.
  constexpr std::uint64_t kRequests = 200;
  for (std::uint64_t number = 1; number <= kRequests; ++number) {
    requests += codec::encode_request(10'000 + number, list);
  }
  lazy.send_bytes(requests);
  Member worker(daemon.address(), {.member_id = "worker", .topics = {"orders"}});
  worker.join();
  REQUIRE(pump_until({&worker}, [&] { return worker.held().size() == 1; }));
  const SteadyClock::time_point start = SteadyClock::now();
  CHECK_FALSE(worker.commit({"orders", 0}, 1).has_value());
  CHECK(since(start) < Milliseconds{500} + kSchedulingAllowance);

  // It was only slow: every answer waits for it, and nothing more was held than may be.
  for (std::uint64_t number = 1; number <= kRequests; ++number) {
    REQUIRE(lazy.reply(10'000 + number).has_value());
  }
}

}  // namespace
}  // namespace muster::e2e
