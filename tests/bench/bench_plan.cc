// How long the plan of a giant group holds the loop up: the longest of the turns that make it, each
// with its share of the events and their bytes, the fold and all pushes, until they are handed to
// sockets; and how long all of them take together, with the strategy. The planner computes at
// once, the disk takes no time. From nothing, when one member more comes, and when one leaves. Then
// the same of strategy `leader`: the turn that asks the leader, and the one that takes its plan.
// Prints Markdown. Beside each longest turn stands its ratio to copying the present plan in the
// same run, since machines differ.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "codec/frame.h"
#include "codec/wire.h"
#include "coordinator/pipeline.h"
#include "tests/fakes/fake_connections.h"
#include "tests/fakes/fake_journal.h"
#include "tests/fakes/fake_planner.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/records_reader.h"
#include "tests/fakes/scripted_entropy.h"

namespace muster::coordinator {
namespace {

constexpr ConnectionId kConnection = 1;

double ms_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

Settings without_gathering() {
  Settings settings;
  settings.limits.gathering_window_ms = 0;
  return settings;
}

/// A coordinator whose members all share one connection.
class Group {
 public:
  explicit Group(const std::string& strategy) {
    pipeline_.connected(kConnection, "127.0.0.1:1");
    wire::HelloT hello;
    hello.oldest_version = codec::kOldestProtocolVersion;
    hello.newest_version = codec::kNewestProtocolVersion;
    hello.client_id = "bench";
    ask(std::move(hello));
    wire::ConfigureGroupT configure;
    configure.group = "g";
    configure.strategy = strategy;
    ask(std::move(configure));
    settle();
  }

  void add_topic(std::size_t number, std::int32_t partitions) {
    wire::CreateTopicT create;
    create.name = "topic-" + std::to_string(number);
    create.partitions = partitions;
    ask(std::move(create));
  }

  void add_member(std::size_t number) {
    wire::JoinT join;
    join.group = "g";
    join.member_id = "member-" + std::to_string(number);
    join.incarnation = number + 1;
    join.patterns = {"topic-.*"};
    join.computes_plans = true;
    ask(std::move(join));
  }

  void take_member(std::size_t number) {
    wire::LeaveT leave;
    leave.group = "g";
    leave.member_id = "member-" + std::to_string(number);
    leave.incarnation = number + 1;
    ask(std::move(leave));
  }

  /// Everything durable, pushed and read.
  void settle() {
    journal_.flush();
    while (journal_.complete_flush()) journal_.flush();
    connections_.take(kConnection);
  }

  struct Turns {
    double longest_ms = 0;
    double all_ms = 0;  // with what the planner computes, on a thread of its own in the daemon
    int count = 0;
  };

  /// The turns in which what changed is planned. What is released when a slice is durable counts
  /// with it.
  Turns turns() {
    Turns turns;
    clock_.advance(1'000);
    do {
      const double computed_ms = ms_of([this] { planner_.compute(); });
      const double turn_ms = ms_of([this] { end_turn(); });
      connections_.take(kConnection);
      turns.longest_ms = std::max(turns.longest_ms, turn_ms);
      turns.all_ms += turn_ms + computed_ms;
      ++turns.count;
    } while (domain::needs_plan(pipeline_.state(), *pipeline_.state().group("g")));
    return turns;
  }

  struct Round {
    double asked_ms = 0;
    double submitted_ms = 0;
    Turns rest;  // until all of the plan has been applied
    std::size_t plan_bytes = 0;
  };

  /// A round in which the leader deals everything in turn.
  Round leader_round() {
    Round round;
    clock_.advance(1'000);
    round.asked_ms = ms_of([this] { end_turn(); });
    const std::string request = codec::encode_request(++asked_, answer());
    round.plan_bytes = request.size();
    round.submitted_ms = ms_of([&] {
      pipeline_.received(kConnection, request);
      end_turn();
    });
    round.rest = turns();
    return round;
  }

  /// Partitions whose owner has to hand them over.
  std::size_t moves() const { return pipeline_.state().group("g")->revoking_count; }

 private:
  void end_turn() {
    pipeline_.end_turn();
    while (journal_.complete_flush()) {
    }
  }

  /// To the request for a plan that was pushed.
  wire::SubmitPlanT answer() {
    wire::SubmitPlanT plan;
    std::uint32_t dealt = 0;
    std::vector<std::pair<std::string, std::int32_t>> topics;
    codec::FrameReader frames;
    frames.feed(connections_.take(kConnection));
    for (auto frame = frames.next(); frame && *frame; frame = frames.next()) {
      auto message = codec::decode_server_message(**frame);
      if (message->body.type != wire::ServerBody::PlanWanted) continue;
      wire::PlanWantedT& wanted = *message->body.AsPlanWanted();
      plan.group = wanted.group;
      plan.member_id = wanted.member_id;
      plan.incarnation = wanted.incarnation;
      plan.membership = wanted.membership;
      for (const auto& member : wanted.members) plan.members.push_back(member->member_id);
      for (const auto& topic : wanted.topics) {
        if (!topic->continued) topics.emplace_back(topic->topic, topic->partitions);
      }
    }
    for (const auto& [topic, partitions] : topics) {
      auto& owners = *plan.topics.emplace_back(std::make_unique<wire::PlannedOwnersT>());
      owners.topic = topic;
      for (std::int32_t partition = 0; partition < partitions; ++partition) {
        const auto member = dealt++ % static_cast<std::uint32_t>(plan.members.size());
        owners.owners.emplace_back(partition, member);
      }
    }
    return plan;
  }

  void ask(auto body) {
    constexpr std::uint64_t kSettleEvery = 256;  // below the requests that may be in flight
    pipeline_.received(kConnection, codec::encode_request(++asked_, std::move(body)));
    if (asked_ % kSettleEvery == 0) settle();
  }

  fakes::ManualClock clock_;
  fakes::FakeConnections connections_;
  fakes::ScriptedEntropy entropy_;
  fakes::FakePlanner planner_;
  fakes::FakeJournal journal_{clock_};
  fakes::RecordsReader history_{journal_.records()};
  std::uint64_t asked_ = 0;
  Pipeline pipeline_{
      {}, {}, without_gathering(), clock_, connections_, entropy_, planner_, journal_, history_};
};

struct Shape {
  std::string strategy;
  std::size_t members = 0;
  std::size_t partitions = 0;
  std::size_t topics = 0;
};

/// Copying the owners of so many partitions.
double copy_ms(std::size_t partitions) {
  constexpr int kRounds = 21;
  const std::vector<std::uint32_t> owners(partitions, 1);
  std::vector<double> rounds;
  std::uint64_t kept = 0;
  for (int i = 0; i < kRounds; ++i) {
    rounds.push_back(ms_of([&] {
      const std::vector<std::uint32_t> copy = owners;
      kept += copy[copy.size() / 2];
    }));
  }
  std::ranges::sort(rounds);
  return kept == 0 ? 0 : rounds[kRounds / 2];
}

void measure(const Shape& shape) {
  Group group(shape.strategy);
  for (std::size_t i = 0; i < shape.topics; ++i) {
    group.add_topic(i, static_cast<std::int32_t>(shape.partitions / shape.topics));
  }
  for (std::size_t i = 1; i < shape.members; ++i) group.add_member(i);
  group.settle();
  const Group::Turns nothing = group.turns();
  group.settle();
  group.add_member(shape.members);
  group.settle();
  const Group::Turns more = group.turns();
  const std::size_t moves = group.moves();
  group.settle();
  group.take_member(shape.members / 2);
  const Group::Turns less = group.turns();
  const double copy = copy_ms(shape.partitions);
  std::printf("| %s | %zu | %zu | %zu |", shape.strategy.c_str(), shape.members, shape.partitions,
              shape.topics);
  for (const Group::Turns& turns : {nothing, more, less}) {
    std::printf(" %.1f (%.0f) | %.1f / %d |", turns.longest_ms, turns.longest_ms / copy,
                turns.all_ms, turns.count);
  }
  std::printf(" %zu |\n", moves);
  std::fflush(stdout);
}

void measure_leader(const Shape& shape) {
  Group group(shape.strategy);
  for (std::size_t i = 0; i < shape.topics; ++i) {
    group.add_topic(i, static_cast<std::int32_t>(shape.partitions / shape.topics));
  }
  for (std::size_t i = 1; i <= shape.members; ++i) group.add_member(i);
  group.settle();
  const Group::Round nothing = group.leader_round();
  group.settle();
  group.take_member(shape.members);
  group.settle();
  const Group::Round less = group.leader_round();
  const double copy = copy_ms(shape.partitions);
  std::printf("| %zu | %zu | %zu | %.1f |", shape.members, shape.partitions, shape.topics,
              static_cast<double>(nothing.plan_bytes) / 1e6);
  for (const Group::Round& round : {nothing, less}) {
    std::printf(" %.1f (%.0f) | %.1f (%.0f) | %.1f / %d |", round.asked_ms, round.asked_ms / copy,
                round.submitted_ms, round.submitted_ms / copy, round.rest.longest_ms,
                round.rest.count);
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace muster::coordinator

int main() {
  using muster::coordinator::Shape;
  std::puts(
      "| strategy | members | partitions | topics | from nothing: longest turn, ms (x copy) | all "
      "ms / turns | one more: longest | all / turns | one less: longest | all / turns | asked back "
      "|");
  std::puts("|---|---|---|---|---|---|---|---|---|---|---|");
  for (const char* strategy : {"sticky"}) {
    for (const std::size_t topics : {10U, 1000U}) {
      for (const std::size_t partitions : {10'000U, 100'000U, 500'000U}) {
        muster::coordinator::measure({strategy, 10'000, partitions, topics});
      }
    }
  }
  std::puts(
      "\n| members | partitions | topics | plan, MB | from nothing: asked, ms (x copy) | submitted "
      "| longest / turns after | one less: asked | submitted | longest / turns after |");
  std::puts("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (const std::size_t topics : {10U, 1000U}) {
    for (const std::size_t partitions : {10'000U, 100'000U, 300'000U}) {
      muster::coordinator::measure_leader({"leader", 10'000, partitions, topics});
    }
  }
  return 0;
}
