#include "tests/sim/planner.h"

#include <algorithm>
#include <array>

#include "domain/errors.h"
#include "tests/sim/bounds.h"
#include "tests/sim/names.h"

namespace muster::sim {
namespace {

constexpr std::uint64_t kMs = 1'000;
constexpr std::uint64_t kAnswerWithinUs = 1'500 * kMs;

}  // namespace

Planner::Planner(Schedule& schedule, Network& network, const Model& model, std::uint64_t number,
                 std::uint64_t seed)
    : schedule_(schedule), network_(network), model_(model), number_(number), random_(seed) {
  join_.group = group_name(random_.below(kGroups));
  join_.member_id = planner_name(random_.below(kPlannerNames));
  join_.incarnation = random_.draw() | 1U;
  join_.named = random_.chance(500);
  join_.computes_plans = random_.chance(850);
  join_.session_timeout_ms =
      static_cast<std::uint32_t>(random_.between(kLeastSessionMs, kMostSessionMs));
  join_.disconnect_grace_ms = static_cast<std::uint32_t>(random_.between(600, kMostSessionMs));
  join_.rebalance_timeout_ms =
      static_cast<std::uint32_t>(random_.between(kLeastReleaseMs, kMostReleaseMs));
  subscribe(random_);
}

/// Lists name topics that exist, or the join is refused; patterns may match nothing.
void Planner::subscribe(Random& random) {
  constexpr std::array kPatterns{"topic-.*", "^topic-1$", "topic-2.*", "one more .*",
                                 "^topic-3", ".*",        "nothing"};
  join_.topics.clear();
  join_.patterns.clear();
  for (std::uint64_t i = 0; i < kTopics; ++i) {
    const bool exists = model_.topic_at(topic_name(i), model_.sequence()) != nullptr;
    if (exists && random.chance(300)) join_.topics.push_back(topic_name(i));
  }
  for (const char* pattern : kPatterns) {
    if (random.chance(250)) join_.patterns.emplace_back(pattern);
  }
  if (join_.topics.empty() && join_.patterns.empty()) join_.patterns = {"topic-.*"};
  // Two statements: in which order arguments are evaluated is the compiler's choice.
  const auto byte = static_cast<std::uint8_t>(random.below(256));
  join_.metadata.assign(random.below(4), byte);
}

// ---- its connection ----------------------------------------------------------------------------

void Planner::start() {
  connect_us_ = schedule_.now_us();
  settle();
}

void Planner::opened(ConnectionId connection) {
  if (connection != connection_ || finished_) return;
  open_ = true;
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = "planner";
  send(std::move(hello));
  join();
  settle();
}

void Planner::join() {
  join_us_ = kNever;
  join_correlation_ = send(join_);
  silent_us_ = schedule_.now_us() + kAnswerWithinUs;
}

void Planner::arrived(ConnectionId connection, std::string_view bytes) {
  if (connection != connection_ || finished_) return;
  frames_.feed(bytes);
  while (connection == connection_ && !finished_) {
    const auto frame = frames_.next();
    if (!frame || !*frame) break;
    const auto message = codec::decode_server_message(**frame);
    if (message) hear(*message);
  }
  settle();
}

void Planner::ended(ConnectionId connection) {
  if (connection != connection_ || finished_) return;
  connection_ = 0;
  hang_up();
  reconnect_in(random_.between(50 * kMs, 500 * kMs));
  settle();
}

void Planner::hang_up() {
  if (connection_ != 0) network_.close(connection_);
  connection_ = 0;
  open_ = false;
  is_member_ = false;
  frames_ = codec::FrameReader();
  join_us_ = beat_us_ = silent_us_ = waiting_plan_us_ = kNever;
  releases_.clear();  // a resume repeats them
  wanted_.clear();
}

void Planner::reconnect_in(std::uint64_t delay_us) { connect_us_ = schedule_.now_us() + delay_us; }

void Planner::die(bool host_too) {
  finished_ = true;
  if (connection_ == 0) return;
  if (host_too) {
    network_.vanish(connection_);
  } else {
    network_.close(connection_);
  }
  connection_ = 0;
}

void Planner::be_good() {
  well_behaved_ = true;
  for (auto& [at, release] : releases_) release.at_us = schedule_.now_us();
  settle();
}

// ---- what is due -------------------------------------------------------------------------------

void Planner::wake(std::uint64_t number) {
  if (number == wake_ && !finished_) settle();
}

void Planner::settle() {
  if (finished_) return;
  const std::uint64_t now_us = schedule_.now_us();
  if (silent_us_ <= now_us) {
    hang_up();
    reconnect_in(random_.between(50 * kMs, 500 * kMs));
  }
  if (connect_us_ <= now_us) {
    connect_us_ = kNever;
    connection_ = network_.connect(*this);
    silent_us_ = now_us + kAnswerWithinUs;
  }
  if (join_us_ <= now_us) join();
  if (beat_us_ <= now_us) {
    wire::HeartbeatT beat;
    beat.group = join_.group;
    beat.member_id = join_.member_id;
    beat.incarnation = join_.incarnation;
    beat_correlation_ = send(std::move(beat));
    beat_us_ = now_us + interval_us_;
    silent_us_ = std::min(silent_us_, now_us + kAnswerWithinUs);
  }
  release_due();
  if (waiting_plan_us_ <= now_us) {
    waiting_plan_us_ = kNever;
    send(plan_);
  }
  schedule_wake();
}

void Planner::schedule_wake() {
  std::uint64_t next_us = std::min({silent_us_, connect_us_, join_us_, beat_us_, waiting_plan_us_});
  for (const auto& [at, release] : releases_) next_us = std::min(next_us, release.at_us);
  if (next_us == kNever) return;
  schedule_.at_us(next_us, Happening::kPlannerWakes, number_, ++wake_);
}

void Planner::ask_back(const std::string& topic, PartitionIndex partition, FencingToken fence) {
  const bool obeys = well_behaved_ || random_.chance(900);
  const std::uint64_t delay_us = (obeys ? random_.below(40) : 60'000) * kMs;
  releases_[{topic, partition}] = {.fence = fence, .at_us = schedule_.now_us() + delay_us};
}

void Planner::release_due() {
  wire::ReleaseT release;
  release.group = join_.group;
  release.member_id = join_.member_id;
  release.incarnation = join_.incarnation;
  std::erase_if(releases_, [&](const auto& entry) {
    if (entry.second.at_us > schedule_.now_us()) return false;
    release.items.push_back(std::make_unique<wire::ReleaseItemT>());
    release.items.back()->topic = entry.first.first;
    release.items.back()->partition = entry.first.second;
    release.items.back()->fence = entry.second.fence;
    return true;
  });
  if (!release.items.empty()) send(std::move(release));
}

// ---- what it hears -----------------------------------------------------------------------------

void Planner::hear(const wire::ServerMessageT& message) {
  const std::uint64_t id = message.correlation_id;
  if (id != 0 && id >= std::max(join_correlation_, beat_correlation_)) silent_us_ = kNever;
  if (const wire::ErrorT* error = message.body.AsError()) return hear_refusal(*error, id);
  if (const wire::JoinReplyT* reply = message.body.AsJoinReply()) {
    is_member_ = true;
    join_.resume = true;
    interval_us_ = reply->heartbeat_interval_ms * kMs;
    beat_us_ = schedule_.now_us() + interval_us_;
    for (const auto& topic : reply->held) {
      for (const wire::GrantedPartition& held : topic->partitions) {
        if (held.revoking()) ask_back(topic->topic, held.partition(), held.fence());
      }
    }
  } else if (const wire::RevokeT* revoke = message.body.AsRevoke()) {
    for (const auto& topic : revoke->partitions) {
      for (const wire::FencedPartition& one : topic->partitions) {
        ask_back(topic->topic, one.partition(), one.fence());
      }
    }
  } else if (const wire::LostT* lost = message.body.AsLost()) {
    if (lost->seat_ended && lost->incarnation == join_.incarnation) return die(false);
    for (const auto& topic : lost->partitions) {
      for (const wire::FencedPartition& one : topic->partitions) {
        releases_.erase({topic->topic, one.partition()});
      }
    }
  } else if (const wire::PlanWantedT* page = message.body.AsPlanWanted()) {
    want(*page);
  }
}

void Planner::hear_refusal(const wire::ErrorT& error, std::uint64_t correlation_id) {
  const auto code = static_cast<ErrorCode>(error.code);
  if (correlation_id == join_correlation_) {
    // Who is a member stays one when a change of its subscription is refused.
    const bool in_vain =
        code == ErrorCode::kGroupFull || (well_behaved_ && code == ErrorCode::kMemberIdInUse);
    if (error.retriable && !in_vain) {
      join_us_ = schedule_.now_us() + 300 * kMs;
    } else if (!is_member_) {
      die(false);
    }
    return;
  }
  if (correlation_id != beat_correlation_) return;
  if (code == ErrorCode::kNotBound) {
    hang_up();
    return reconnect_in(random_.between(50 * kMs, 500 * kMs));
  }
  if (code == ErrorCode::kUnknownMember || code == ErrorCode::kFenced ||
      code == ErrorCode::kMemberRemoved) {
    die(false);
  }
}

}  // namespace muster::sim
