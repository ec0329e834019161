// How long other groups' heartbeats take while a giant group plans, over the real daemon, a real
// disk and real sockets: 10,000 members (on 16 connections) join at once and settle, then one of
// them leaves twice a second; and, with subscriptions that are nested in each other, the group is
// switched to the strategy that thinks longest. A member of another group heartbeats all the while,
// one request at a time. Prints Markdown, with the same heartbeats of an idle daemon in the same
// run to compare with.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr int kConnections = 16;
constexpr int kMembersAConnection = 625;

/// What the giant group shares, and who subscribes to what of it.
struct Shape {
  int topics = 0;
  int partitions_a_topic = 0;
  bool nested = false;  // each member to the first so many topics; otherwise all to all
};

std::string topic_name(int number) { return "giant-" + std::to_string(number); }

wire::JoinT join_of(const std::string& group, int number, const Shape& shape = {}) {
  wire::JoinT join;
  join.group = group;
  join.member_id = "member-" + std::to_string(number);
  join.incarnation = static_cast<std::uint64_t>(number) + 1;
  if (shape.nested) {
    for (int i = 0; i <= number % shape.topics; ++i) join.topics.push_back(topic_name(i));
  } else {
    join.patterns = {"giant-.*"};
  }
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
  Crowd(const std::string& address, int first, const Shape& shape)
      : first_(first), shape_(shape), client_(address), thread_([this] { run(); }) {}
  ~Crowd() {
    stop_ = true;
    thread_.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  void run() {
    for (int i = 0; i < kMembersAConnection; ++i)
      client_.send(join_of("giant", first_ + i, shape_));
    while (!stop_) {
      const auto push = client_.push(Milliseconds(50));
      if (!push) continue;
      if (const wire::RevokeT* revoke = push->body.AsRevoke()) client_.send(release_of(*revoke));
    }
  }

  int first_;
  Shape shape_;
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

void set_strategy(WireClient& client, const char* strategy) {
  wire::ConfigureGroupT configure;
  configure.group = "giant";
  configure.strategy = strategy;
  client.ask<wire::DoneT>(std::move(configure));
}

/// A daemon with one giant group and another group's heartbeats.
class Scene {
 public:
  Scene(const Shape& shape, const char* strategy) : shape_(shape) {
    for (int i = 0; i < shape.topics; ++i) {
      wire::CreateTopicT create;
      create.name = topic_name(i);
      create.partitions = shape.partitions_a_topic;
      operator_.ask<wire::TopicReplyT>(std::move(create));
    }
    set_strategy(operator_, strategy);
    const auto end = SteadyClock::now() + Milliseconds(3'000);
    const std::vector<double> idle =
        heartbeats_.beat_until([&] { return SteadyClock::now() > end; });
    idle_p99_ = idle[idle.size() * 99 / 100];
    std::printf("\n10,000 members, %d partitions in %d topics%s, %s\n\n",
                shape.topics * shape.partitions_a_topic, shape.topics,
                shape.nested ? ", nested subscriptions" : "", strategy);
    std::puts("| while | heartbeats | p50, ms | p99, ms | max, ms | p99 / idle p99 |");
    std::puts("|---|---|---|---|---|---|");
    print("idle", idle, idle_p99_);
  }

  void join() {
    for (int i = 0; i < kConnections; ++i) {
      crowds_.push_back(
          std::make_unique<Crowd>(daemon_.address(), i * kMembersAConnection, shape_));
    }
    beat_until_settled("10,000 members join and settle");
  }

  void switch_to(const char* strategy) {
    set_strategy(operator_, strategy);
    beat_until_settled("the strategy is switched, and all is handed over");
  }

  void lose_members() {
    std::atomic<bool> churning = true;
    std::thread churn([&] {
      WireClient client(daemon_.address());
      for (int i = 0; i < 20; ++i) {
        wire::RemoveMemberT remove;
        remove.group = "giant";
        remove.member_id = "member-" + std::to_string(i * 100);
        client.ask<wire::DoneT>(std::move(remove));
        std::this_thread::sleep_for(Milliseconds(500));
      }
      churning = false;
    });
    print("a member leaves twice a second", heartbeats_.beat_until([&] { return !churning; }),
          idle_p99_);
    churn.join();
  }

 private:
  void beat_until_settled(const char* what) {
    const SteadyClock::time_point start = SteadyClock::now();
    int asked = 0;
    const auto settled = [&] {
      if (++asked % 20 != 0) return false;
      const wire::GroupInfoT info = info_of(operator_);
      return info.members == kConnections * kMembersAConnection &&
             info.state == wire::GroupState::stable && info.unowned == 0;
    };
    const std::vector<double> beats = heartbeats_.beat_until(settled);
    const std::string took =
        std::string(what) + " (" + std::to_string(since(start).count()) + " ms)";
    print(took.c_str(), beats, idle_p99_);
  }

  Shape shape_;
  Daemon daemon_;
  WireClient operator_{daemon_.address()};
  Heartbeats heartbeats_{daemon_.address()};
  std::vector<std::unique_ptr<Crowd>> crowds_;
  double idle_p99_ = 0;
};

}  // namespace

TEST_CASE("heartbeats beside a group of 100,000 partitions") {
  Scene scene({.topics = 10, .partitions_a_topic = 10'000}, "sticky");
  scene.join();
  scene.lose_members();
}

TEST_CASE("heartbeats beside a group of 500,000 partitions") {
  Scene scene({.topics = 1'000, .partitions_a_topic = 500}, "sticky");
  scene.join();
  scene.lose_members();
}

TEST_CASE("heartbeats beside a group with nested subscriptions") {
  Scene scene({.topics = 1'000, .partitions_a_topic = 50, .nested = true}, "round_robin");
  scene.join();
  scene.switch_to("sticky");
}

}  // namespace muster::e2e
