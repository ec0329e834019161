// What the tests of a partition's story are told with.
#pragma once

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/why_view.h"

namespace muster::tools {

inline constexpr std::int64_t kStartMs = 1'700'000'000'000;

inline const domain::Cause kOperator{
    .kind = domain::CauseKind::kOperator, .who = "muster:ann", .from = "10.0.0.9"};

/// Tells a story of t/0 in group g: events get the next sequence, and time passes when told to.
class Teller {
 public:
  explicit Teller(PartitionIndex partition = 0, Sequence after = 0)
      : story("g", "t", partition), sequence_(after) {}

  Sequence happens(domain::EventBody body, const domain::Cause& cause = {}) {
    story.take(++sequence_, {.time_ms = now_ms_, .cause = cause, .body = std::move(body)});
    return sequence_;
  }
  void after(std::int64_t ms) { now_ms_ += ms; }

  SeatId join(const std::string& id, std::vector<std::string> topics = {"t"},
              std::vector<std::string> patterns = {}) {
    return happens(domain::MemberJoined{
        .group = "g", .member_id = id, .incarnation = 1, .settings = settings(topics, patterns)});
  }
  static domain::MemberSettings settings(std::vector<std::string> topics = {"t"},
                                         std::vector<std::string> patterns = {}) {
    return {.client_id = "c",
            .host = "10.0.0.1",
            .subscription = domain::Subscription(std::move(topics), std::move(patterns)),
            .session_timeout_ms = 30'000,
            .disconnect_grace_ms = 10'000,
            .rebalance_timeout_ms = 60'000};
  }

  domain::PlanMade plan() {
    return {.group = "g",
            .generation = ++generation_,
            .strategy = "sticky",
            .planned = {{.topic = topic, .partition_count = 2}}};
  }
  domain::PlanMade plan_for(SeatId seat, const std::string& id) {
    domain::PlanMade made = plan();
    made.targets = of(seat, id);
    return made;
  }
  domain::PlanMade plan_for(SeatId seat, const std::string& id, SeatId from,
                            const std::string& from_id) {
    domain::PlanMade made = plan_for(seat, id);
    made.revoking = of(from, from_id);
    return made;
  }
  Sequence grant(SeatId seat, const std::string& id) {
    return happens(domain::PartitionsGranted{.group = "g", .grants = of(seat, id)});
  }
  void release(SeatId seat, const std::string& id, FencingToken fence) {
    happens(domain::PartitionsReleased{.group = "g",
                                       .seat = seat,
                                       .member_id = id,
                                       .tokens = {{.at = {topic, 0}, .fence = fence}}});
  }
  void commit(std::int64_t offset, FencingToken fence, const domain::Cause& cause = {}) {
    happens(
        domain::OffsetsCommitted{
            .group = "g",
            .offsets = {{.at = {topic, 0}, .offset = offset, .fence = fence, .metadata = {}}}},
        cause);
  }
  void expire(SeatId seat, const std::string& id, domain::ExpiryReason reason) {
    happens(domain::MemberExpired{.group = "g", .seat = seat, .member_id = id, .reason = reason});
  }
  std::vector<domain::MemberPartitions> of(SeatId seat, const std::string& id) const {
    return {{.seat = seat,
             .member_id = id,
             .incarnation = 1,
             .topics = {{.topic = topic, .partitions = {0}}}}};
  }

  std::string head() const { return lines().front(); }
  /// "#5  planned for …"
  std::vector<std::string> told() const {
    std::vector<std::string> all = lines();
    all.erase(all.begin(), all.begin() + 2);
    for (std::string& line : all) line.erase(0, line.find('#'));
    return all;
  }
  std::string last() const { return told().back(); }

  std::vector<std::string> lines() const {
    std::istringstream text(story_text(story, now_ms_));
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  Story story;
  TopicId topic = 1;

 private:
  Sequence sequence_ = 0;
  std::int64_t now_ms_ = kStartMs;
  Generation generation_ = 0;
};

/// Topic t (sequence 1) with two partitions; `a` (2) owns t/0 under token 4.
struct Owned : Teller {
  Owned() {
    happens(domain::TopicCreated{.name = "t", .partition_count = 2}, kOperator);
    a = join("a");
    after(200);
    happens(plan_for(a, "a"));
    token = grant(a, "a");
  }
  SeatId a = 0;
  FencingToken token = 0;
};

}  // namespace muster::tools
