// What snapshots are worth and what they cost, over the real daemon, a real disk and real sockets:
//  - how long a start takes with 1,000,000 committed offsets in 10,000 groups, with a snapshot and
//    by folding all events;
//  - how long a commit takes while a snapshot of them is being made, and while none is.
// Prints Markdown.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "end_to_end/daemon.h"
#include "end_to_end/deadline.h"
#include "end_to_end/wire_client.h"

namespace muster::e2e {
namespace {

constexpr int kGroups = 10'000;
constexpr std::int32_t kOffsetsAGroup = 100;
constexpr int kInFlight = 500;
constexpr Milliseconds kMeasureFor{15'000};
constexpr Milliseconds kLong{120'000};

using Status = wire::StatusReplyT;

Status status(WireClient& client) { return client.ask<Status>(wire::StatusT{}); }

wire::CommitT commit_of(int group, std::int32_t first, std::int32_t count, std::int64_t offset) {
  wire::CommitT commit;
  commit.group = "group-" + std::to_string(group);
  for (std::int32_t partition = first; partition < first + count; ++partition) {
    auto item = std::make_unique<wire::CommitItemT>();
    item->topic = "orders";
    item->partition = partition;
    item->offset = offset;
    commit.items.push_back(std::move(item));
  }
  return commit;
}

void fill(const Daemon& daemon) {
  WireClient client(daemon.address());
  wire::CreateTopicT create;
  create.name = "orders";
  create.partitions = kOffsetsAGroup;
  client.ask<wire::TopicReplyT>(std::move(create));
  for (int group = 0; group < kGroups;) {
    std::vector<std::uint64_t> under_way;
    for (int i = 0; i < kInFlight && group < kGroups; ++i) {
      under_way.push_back(client.send(commit_of(group++, 0, kOffsetsAGroup, 1'000'000)));
    }
    for (const std::uint64_t id : under_way) {
      const auto reply = client.require_reply(id);
      REQUIRE(reply.body.AsCommitReply() != nullptr);
    }
  }
}

double start_ms(Daemon& daemon) {
  const auto start = SteadyClock::now();
  daemon.start();
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

/// Commits of one offset, `in_flight` at once on one connection; milliseconds each, sorted.
std::vector<double> commit_latencies(const Daemon& daemon, std::size_t in_flight) {
  WireClient client(daemon.address());
  std::deque<std::pair<std::uint64_t, SteadyClock::time_point>> under_way;
  std::vector<double> latencies;
  std::int64_t offset = 2'000'000;
  const auto end = SteadyClock::now() + kMeasureFor;
  while (SteadyClock::now() < end) {
    while (under_way.size() < in_flight) {
      const auto now = SteadyClock::now();
      const int group = static_cast<int>(++offset % kGroups);
      under_way.emplace_back(client.send(commit_of(group, 0, 1, offset)), now);
    }
    client.require_reply(under_way.front().first);
    latencies.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - under_way.front().second)
            .count());
    under_way.pop_front();
  }
  std::ranges::sort(latencies);
  return latencies;
}

double percentile(const std::vector<double>& sorted, double of_hundred) {
  return sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * of_hundred /
                                         100)];
}

void measure(const Daemon& daemon, const char* what, std::size_t in_flight) {
  WireClient client(daemon.address());
  const std::string before = daemon.log();
  const auto latencies = commit_latencies(daemon, in_flight);
  const std::string log = daemon.log().substr(before.size());
  int snapshots = 0;
  for (std::size_t at = log.find("snapshot at"); at != std::string::npos;
       at = log.find("snapshot at", at + 1)) {
    ++snapshots;
  }
  std::printf(
      "| %s | %zu | %d | %.0f | %.2f | %.2f | %.2f |\n", what, in_flight, snapshots,
      static_cast<double>(latencies.size()) * 1'000 / static_cast<double>(kMeasureFor.count()),
      percentile(latencies, 50), percentile(latencies, 99), latencies.back());
  std::fflush(stdout);
}

}  // namespace

TEST_CASE("starts, and commits beside snapshots") {
  Daemon daemon({"--shutdown-timeout-ms", "60000"});
  fill(daemon);
  REQUIRE(daemon.terminate() == 0);
  const double folded = start_ms(daemon);
  for (const std::size_t in_flight : {1UL, 64UL}) measure(daemon, "every 64 MiB", in_flight);
  REQUIRE(daemon.terminate() == 0);

  // Older than 1 ms: there is always one to be made.
  daemon.set_arguments({"--history-max-age-ms", "2"});
  daemon.start();
  {
    WireClient client(daemon.address());
    REQUIRE(wait_until([&] { return status(client).snapshot_sequence > 0; }, kLong));
  }
  for (const std::size_t in_flight : {1UL, 64UL}) measure(daemon, "one after the other", in_flight);
  REQUIRE(daemon.terminate() == 0);
  daemon.set_arguments({});
  const double opened = start_ms(daemon);
  WireClient client(daemon.address());
  const Status now = status(client);
  std::printf(
      "\nstart, %d offsets in %d groups: %.0f ms by events alone, %.0f ms with a snapshot "
      "(and %llu events after it)\n",
      kGroups * kOffsetsAGroup, kGroups, folded, opened,
      static_cast<unsigned long long>(now.sequence - now.snapshot_sequence));
}

}  // namespace muster::e2e
