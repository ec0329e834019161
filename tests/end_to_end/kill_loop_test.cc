// The daemon killed with -9 at random moments, under joins and commits.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/ownership.h"

namespace muster::e2e {
namespace {

constexpr int kPartitions = 12;

// What was sent and what was acknowledged for one partition, by whomever.
struct Progress {
  std::int64_t sent = 0;
  std::int64_t acknowledged = -1;
  std::uint64_t newest_token = 0;
};

class KillLoop {
 public:
  KillLoop(std::uint64_t seed, const std::vector<std::string>& arguments)
      : daemon_(arguments), random_(seed) {
    WireClient client(daemon_.address());
    create_topic(client, "orders", kPartitions);
    for (const char* name : {"steady-1", "steady-2", "steady-3"}) {
      steady_.push_back(std::make_unique<Member>(
          daemon_.address(), MemberOptions{.member_id = name, .topics = {"orders"}}));
      steady_.back()->join();
    }
    visitor_ = std::make_unique<Member>(daemon_.address(), visitor_options());
  }

  // Works until the daemon is killed at some moment, starts it again, and looks.
  void round() {
    std::uniform_int_distribution<int> moment_us(0, 150'000);
    const std::jthread killer([pid = daemon_.process().pid(), wait = moment_us(random_)] {
      std::this_thread::sleep_for(std::chrono::microseconds(wait));
      kill(pid, SIGKILL);
    });
    try {
      while (true) work();
    } catch (const NoReply&) {  // killed
    }
    REQUIRE(daemon_.process().wait() == 128 + SIGKILL);
    daemon_.start();
    come_back();
    nothing_is_lost();
  }

  wire::StatusReplyT status() {
    WireClient client(daemon_.address());
    return client.ask<wire::StatusReplyT>(wire::StatusT{});
  }

  // At the end: the journal's own account.
  void audit() {
    const OwnershipHistory history(journal_log(daemon_));
    CHECK(history.grants() >= kPartitions);
  }

 private:
  MemberOptions visitor_options() {
    return {.member_id = "visitor", .topics = {"orders"}, .incarnation = ++visitor_incarnation_};
  }

  void work() {
    for (const auto& member : steady_) {
      member->pump();
      commit_all(*member);
    }
    visit();
  }

  // One commit for each partition held, all under way at once.
  void commit_all(Member& member) {
    std::vector<std::pair<Partition, std::uint64_t>> under_way;
    for (const auto& [partition, fence] : member.held()) {
      Progress& progress = progress_[partition];
      REQUIRE_MESSAGE(fence >= progress.newest_token, "a token fell");
      progress.newest_token = fence;
      auto item = std::make_unique<wire::CommitItemT>();
      item->topic = partition.first;
      item->partition = partition.second;
      item->fence = fence;
      item->offset = ++progress.sent;
      wire::CommitT commit;
      commit.group = member.options().group;
      commit.items.push_back(std::move(item));
      under_way.emplace_back(partition, member.client().send(std::move(commit)));
    }
    for (const auto& [partition, correlation_id] : under_way) {
      const wire::ServerMessageT reply = member.client().require_reply(correlation_id);
      REQUIRE_MESSAGE(reply.body.AsCommitReply() != nullptr, "a commit of the owner was refused");
      progress_[partition].acknowledged = progress_[partition].sent;
    }
  }

  // Joins and leaves in turn, so that partitions are on the move whenever the daemon dies.
  void visit() {
    if (!visiting_) {
      visitor_->join();
      visiting_ = true;
    }
    visitor_->pump();
    commit_all(*visitor_);
    if (random_() % 4 != 0) return;
    visitor_->leave();
    visiting_ = false;
    visitor_ = std::make_unique<Member>(daemon_.address(), visitor_options());
  }

  // A member that comes back in time finds what it held, under the same tokens.
  void come_back() {
    for (const auto& member : steady_) {
      Held kept = member->held();
      for (const auto& [partition, fence] : member->asked_back()) kept.erase(partition);
      member->reconnect();
      for (const auto& [partition, fence] : kept) {
        REQUIRE_MESSAGE(member->held().contains(partition), "a partition moved by the restart");
        CHECK(member->token(partition) == fence);
      }
    }
    // The visitor may have died between a leave and its answer: the same incarnation joins again.
    visitor_ = std::make_unique<Member>(daemon_.address(), visitor_->options());
    visiting_ = false;
  }

  void nothing_is_lost() {
    WireClient client(daemon_.address());
    for (const auto& [partition, progress] : progress_) {
      const std::int64_t offset = committed(client, "group", partition);
      CAPTURE(partition.second);
      REQUIRE_MESSAGE(offset >= progress.acknowledged, "an acknowledged commit is lost");
      REQUIRE_MESSAGE(offset <= progress.sent, "a commit that nobody sent");
    }
    require_digest_equals_replay(daemon_);
  }

  Daemon daemon_;
  std::mt19937_64 random_;
  std::uint64_t visitor_incarnation_ = 0;
  std::vector<std::unique_ptr<Member>> steady_;
  std::unique_ptr<Member> visitor_;
  bool visiting_ = false;
  std::map<Partition, Progress> progress_;
};

constexpr int kFewKills = 6;
constexpr int kManyKills = 50;

void kill_loop(int kills) {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  KillLoop loop(seed, {"--gathering-window-ms", "0"});
  for (int kill = 0; kill < kills; ++kill) {
    CAPTURE(kill);
    loop.round();
  }
  loop.audit();
}

// The daemon looks after its history as soon as it starts: each life has a snapshot under way.
void kill_loop_with_history(int kills) {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  KillLoop loop(seed, {"--gathering-window-ms", "0", "--snapshot-every-bytes", "4096",
                       "--history-max-bytes", "16384"});
  for (int kill = 0; kill < kills; ++kill) {
    CAPTURE(kill);
    loop.round();
  }
  const wire::StatusReplyT status = loop.status();
  CHECK(status.snapshot_sequence > 0);
  CHECK(status.first_sequence > 1);
}

TEST_CASE("a daemon killed with -9 under joins and commits loses nothing that it acknowledged") {
  kill_loop(kFewKills);
}

TEST_CASE("killed within snapshots and trimming it loses nothing either") {
  kill_loop_with_history(kFewKills);
}

TEST_CASE("kill loop: fifty times" * doctest::skip()) { kill_loop(kManyKills); }

TEST_CASE("kill loop: fifty times within snapshots and trimming" * doctest::skip()) {
  kill_loop_with_history(kManyKills);
}

}  // namespace
}  // namespace muster::e2e
