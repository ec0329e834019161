// How long other groups' heartbeats take while a giant group plans, over the real daemon, a real
// disk and real sockets: 10,000 members (on 16 connections) join a group of 100,000 partitions at
// once and settle; then one of them leaves or comes back twice a second. A member of another group
// heartbeats all the while, one request at a time. Prints Markdown, with the same heartbeats of an
// idle daemon in the same run to compare with.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr int kConnections = 16;
constexpr int kMembersAConnection = 625;
constexpr int kTopics = 10;
constexpr int kPartitionsATopic = 10'000;

wire::JoinT join_of(const std::string& group, int number) {
  wire::JoinT join;
  join.group = group;
  join.member_id = "member-" + std::to_string(number);
  join.incarnation = static_cast<std::uint64_t>(number) + 1;
  join.patterns = {"giant-.*"};
  join.session_timeout_ms = 600'000;
  return join;
}

/// Latencies of one heartbeat after the other.
class Heartbeats {
 public:
  explicit Heartbeats(const std::string& address) : client_(address) {
    client_.ask<wire::JoinReplyT>(join_of("small", 0));
  }

  /// Until `done` says so: milliseconds, sorted.
  std::vector<double> beat_until(const std::function<bool()>& done) {
    std::vector<double> latencies;
    while (!done()) {
      wire::HeartbeatT heartbeat;
      heartbeat.group = "small";
      heartbeat.member_id = "member-0";
      heartbeat.incarnation = 1;
      const SteadyClock::time_point start = SteadyClock::now();
      client_.ask<wire::HeartbeatReplyT>(std::move(heartbeat));
      latencies.push_back(
          std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count());
      std::this_thread::sleep_for(Milliseconds(2));
    }
    std::ranges::sort(latencies);
    return latencies;
  }

 private:
  WireClient client_;
};

/// The members of one connection: they join, and release what is asked back.
class Crowd {
 public:
  Crowd(const std::string& address, int first)
      : first_(first), client_(address), thread_([this] { run(); }) {}
  ~Crowd() {
    stop_ = true;
    thread_.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  void run() {
    for (int i = 0; i < kMembersAConnection; ++i) client_.send(join_of("giant", first_ + i));
    while (!stop_) {
      const auto push = client_.push(Milliseconds(50));
      if (!push) continue;
      if (const wire::RevokeT* revoke = push->body.AsRevoke()) client_.send(release_of(*revoke));
    }
  }

  int first_;
  std::atomic<bool> stop_ = false;
  WireClient client_;
  std::thread thread_;
};

wire::GroupInfoT info_of(WireClient& client) {
  wire::DescribeGroupT describe;
  describe.group = "giant";
  return *client.ask<wire::GroupReplyT>(std::move(describe)).group;
}

void print(const char* what, const std::vector<double>& sorted, double idle_p99) {
  const auto at = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  std::printf("| %s | %zu | %.2f | %.2f | %.2f | %.0f |\n", what, sorted.size(), at(0.5), at(0.99),
              sorted.back(), at(0.99) / idle_p99);
  std::fflush(stdout);
}

}  // namespace

TEST_CASE("heartbeats beside a giant group") {
  const Daemon daemon;
  WireClient operator_client(daemon.address());
  for (int i = 0; i < kTopics; ++i) {
    wire::CreateTopicT create;
    create.name = "giant-" + std::to_string(i);
    create.partitions = kPartitionsATopic;
    operator_client.ask<wire::TopicReplyT>(std::move(create));
  }
  wire::ConfigureGroupT configure;
  configure.group = "giant";
  configure.strategy = "sticky";
  operator_client.ask<wire::DoneT>(std::move(configure));

  Heartbeats heartbeats(daemon.address());
  const auto in = [](Milliseconds period) {
    return [end = SteadyClock::now() + period] { return SteadyClock::now() >= end; };
  };
  const std::vector<double> idle = heartbeats.beat_until(in(Milliseconds(3'000)));
  const double idle_p99 = idle[idle.size() * 99 / 100];
  std::puts("| while | heartbeats | p50, ms | p99, ms | max, ms | p99 / idle p99 |");
  std::puts("|---|---|---|---|---|---|");
  print("idle", idle, idle_p99);

  const SteadyClock::time_point start = SteadyClock::now();
  std::vector<std::unique_ptr<Crowd>> crowds;
  for (int i = 0; i < kConnections; ++i) {
    crowds.push_back(std::make_unique<Crowd>(daemon.address(), i * kMembersAConnection));
  }
  int asked = 0;
  const auto settled = [&] {
    if (++asked % 20 != 0) return false;
    const wire::GroupInfoT info = info_of(operator_client);
    return info.members == kConnections * kMembersAConnection &&
           info.state == wire::GroupState::stable && info.unowned == 0;
  };
  print("10,000 members join and settle", heartbeats.beat_until(settled), idle_p99);
  const auto took_ms = since(start).count();

  std::atomic<bool> churning = true;
  std::thread churn([&] {
    WireClient client(daemon.address());
    for (int i = 0; i < 20; ++i) {
      wire::RemoveMemberT remove;
      remove.group = "giant";
      remove.member_id = "member-" + std::to_string(i * 100);
      client.ask<wire::DoneT>(std::move(remove));
      std::this_thread::sleep_for(Milliseconds(500));
    }
    churning = false;
  });
  print("a member leaves twice a second", heartbeats.beat_until([&] { return !churning; }),
        idle_p99);
  churn.join();
  std::printf("\nSettled after %lld ms, at generation %llu.\n", static_cast<long long>(took_ms),
              static_cast<unsigned long long>(info_of(operator_client).generation));
}

}  // namespace muster::e2e
