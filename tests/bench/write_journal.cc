// Writes a journal with as long a history as wanted, for measuring what reads it:
//
//   write_journal DIR EVENTS GROUPS [CHURN]
//
// Groups of a few members share one topic each of 12 partitions and commit, one partition a commit;
// of 100,000 events, CHURN are members that leave, expire or come back (default 0), with the plans,
// releases and grants that follow. Everything is decided and folded by the coordinator's own code.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "domain/assert.h"
#include "domain/decide.h"
#include "domain/fold.h"
#include "journal/store.h"

namespace muster {
namespace {

constexpr std::int64_t kBegin_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr std::size_t kBatchEvents = 50'000;
constexpr std::int32_t kPartitions = 12;
constexpr std::uint64_t kMembers = 4;
constexpr std::uint64_t kChurnOf = 100'000;
constexpr std::uint64_t kStormEvery = 200;

class Writer {
 public:
  Writer(journal::Store store, std::uint64_t events, std::uint64_t groups)
      : store_(std::move(store)), events_(events), groups_(groups) {}

  void write(std::uint64_t churn) {
    for (std::uint64_t i = 0; i < groups_; ++i) create(i);
    while (state_.sequence < events_) {
      const std::uint64_t group = random_() % groups_;
      // Now and then all of a group comes and goes, many times within a minute.
      const bool churns = random_() % kChurnOf < churn;
      const std::uint64_t times = churns && random_() % kStormEvery == 0 ? 40 : 1;
      for (std::uint64_t i = 0; i < times; ++i) {
        if (churns) come_or_go(group, random_() % kMembers);
      }
      if (!churns) commit(group);
    }
    append();
  }

 private:
  static std::string topic(std::uint64_t group) { return "topic-" + std::to_string(group); }
  static std::string group_name(std::uint64_t group) { return "group-" + std::to_string(group); }

  void create(std::uint64_t group) {
    run(domain::CreateTopic{.name = topic(group), .partition_count = kPartitions},
        {domain::CauseKind::kOperator, "muster:ann", "127.0.0.1:4711"});
    for (std::uint64_t member = 0; member < kMembers; ++member) join(group, member);
    plan(group);
  }

  void join(std::uint64_t group, std::uint64_t member) {
    run(domain::JoinGroup{.group = group_name(group),
                          .member_id = "pod-" + std::to_string(member),
                          .incarnation = random_(),
                          .named = true,
                          .client_id = "app",
                          .host = "10.0.0.7:4711",
                          .topics = {topic(group)}},
        client(member));
  }

  void plan(std::uint64_t group) {
    run(domain::MakePlan{.group = group_name(group), .instead_of_leader = {}},
        {domain::CauseKind::kDeadline, "gathering window", {}});
    const domain::Group& there = *state_.group(group_name(group));
    std::vector<domain::ReleasePartitions> releases;
    for (const auto& [seat, member] : there.members) {
      domain::ReleasePartitions release{.group = there.name,
                                        .member_id = member.member_id,
                                        .incarnation = member.incarnation,
                                        .items = {},
                                        .presence = {.bound_here = true}};
      for (const TopicPartition& at : member.held) {
        const domain::PartitionState& partition = *there.partition(at);
        if (partition.phase != domain::Phase::kRevoking) continue;
        release.items.push_back(
            {.topic = topic(group), .partition = at.partition, .fence = partition.fence});
      }
      if (!release.items.empty()) releases.push_back(std::move(release));
    }
    for (auto& release : releases) run(std::move(release), client(0));
  }

  void come_or_go(std::uint64_t group, std::uint64_t number) {
    const domain::Group& there = *state_.group(group_name(group));
    const domain::Member* member = there.member("pod-" + std::to_string(number));
    if (member == nullptr) {
      join(group, number);
    } else if (random_() % 2 == 0) {
      run(
          domain::ExpireMember{
              .group = there.name, .seat = member->seat, .reason = domain::ExpiryReason::kSilence},
          {domain::CauseKind::kDeadline, "session timeout", {}});
    } else {
      run(domain::LeaveGroup{.group = there.name,
                             .member_id = member->member_id,
                             .incarnation = member->incarnation,
                             .presence = {.bound_here = true}},
          client(number));
    }
    plan(group);
  }

  void commit(std::uint64_t group) {
    const auto partition = static_cast<PartitionIndex>(random_() % kPartitions);
    const domain::Group& there = *state_.group(group_name(group));
    const domain::PartitionState* at =
        there.partition({.topic = state_.topic(topic(group))->id, .partition = partition});
    const std::int64_t offset = at == nullptr ? 0 : at->committed + 100;
    run(domain::CommitOffsets{.group = there.name,
                              .items = {{.topic = topic(group),
                                         .partition = partition,
                                         .offset = offset,
                                         .fence = at == nullptr ? 0 : at->fence,
                                         .metadata = {}}}},
        client(random_() % kMembers));
  }

  static domain::Cause client(std::uint64_t number) {
    return {domain::CauseKind::kClient, "app", "10.0.0." + std::to_string(number) + ":4711"};
  }

  void run(auto command, const domain::Cause& cause) {
    time_ms_ += static_cast<std::int64_t>(random_() % 200);
    auto decision = domain::decide(state_, command, {.wall_ms = time_ms_, .limits = limits_});
    MUSTER_ASSERT(decision.has_value());
    if (decision->to_compute) {
      auto plan = domain::compute(std::move(*decision->to_compute));
      run(domain::ApplyPlan{{.plan =
                                 std::make_shared<const domain::ComputedPlan>(std::move(plan))}},
          cause);
    }
    if (decision->events.empty()) return;
    for (domain::EventBody& body : decision->events) {
      const domain::Event event{.time_ms = time_ms_, .cause = cause, .body = std::move(body)};
      MUSTER_ASSERT(domain::fold(state_, state_.sequence + 1, event).has_value());
      gathered_.append(codec::encode_event(event));
    }
    if (gathered_.size() >= kBatchEvents) append();
  }

  void append() {
    if (const auto done = store_.append(store_.header().last_sequence + 1, gathered_); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      std::exit(1);
    }
    gathered_.clear();
  }

  journal::Store store_;
  std::uint64_t events_;
  std::uint64_t groups_;
  Limits limits_;
  domain::State state_;
  std::mt19937_64 random_{7};
  std::int64_t time_ms_ = kBegin_ms;
  journal::EncodedEvents gathered_;
};

}  // namespace
}  // namespace muster

int main(int count, char** arguments) {
  if (count < 4) {
    std::fputs("usage: write_journal DIR EVENTS GROUPS [CHURN]\n", stderr);
    return 2;
  }
  auto store = muster::journal::Store::open(arguments[1]);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
  muster::Writer writer(std::move(*store), number(arguments[2]), number(arguments[3]));
  writer.write(count > 4 ? number(arguments[4]) : 0);
  return 0;
}
