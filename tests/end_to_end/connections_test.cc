// Many connections, slow ones and idle ones.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

// Holds sockets that say hello and then nothing; as many as asked for.
class IdleConnections {
 public:
  IdleConnections(const std::string& address, int count) {
    wire::HelloT hello;
    hello.oldest_version = 1;
    hello.newest_version = 1;
    hello.client_id = "idle";
    const std::string request = codec::encode_request(1, std::move(hello));
    for (int number = 0; number < count; ++number) {
      const int descriptor = connect_to(address);
      REQUIRE_MESSAGE(descriptor >= 0, "connection ", number, " is refused");
      descriptors_.push_back(descriptor);
      REQUIRE(write(descriptor, request.data(), request.size()) ==
              static_cast<ssize_t>(request.size()));
    }
  }
  ~IdleConnections() {
    for (const int descriptor : descriptors_) ::close(descriptor);
  }
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;

 private:
  std::vector<int> descriptors_;
};

void allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE_MESSAGE(limit.rlim_cur >= wanted, "this machine allows too few open files");
}

// A worker keeps its short session and commits while all those others are connected.
void works_beside(int idle_count) {
  allow_descriptors(static_cast<rlim_t>(idle_count) + 200);
  const Daemon daemon({"--gathering-window-ms", "0"});
  Member worker(daemon.address(),
                {.member_id = "worker", .topics = {"orders"}, .session_timeout_ms = 2'000});
  create_topic(worker.client(), "orders", 1);
  worker.join();
  const IdleConnections idle(daemon.address(), idle_count);
  const auto everybody = static_cast<std::uint32_t>(idle_count) + 1;
  REQUIRE(pump_until({&worker}, [&] {
    return worker.client().ask<wire::StatusReplyT>(wire::StatusT{}).connections == everybody;
  }));
  for (std::int64_t offset = 1; offset <= 20; ++offset) {
    worker.pump();
    CHECK_FALSE(worker.commit({"orders", 0}, offset).has_value());
  }
  CHECK_FALSE(worker.seat_ended());
}

TEST_CASE("a thousand idle connections cost nobody else anything") { works_beside(1'000); }

TEST_CASE("ten thousand idle connections" * doctest::skip()) { works_beside(10'000); }

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
