// History in bounds, over the real daemon: snapshots, trimming, and making the file small.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "tests/sanitized.h"

namespace muster::e2e {
namespace {

constexpr int kPartitionCount = 50;

const std::vector<std::string> kLittleHistory = {"--snapshot-every-bytes", "65536",
                                                 "--history-max-bytes", "524288"};

/// An operator's commits, many under way at once; nobody owns the partitions.
class Committer {
 public:
  explicit Committer(const Daemon& daemon) : client_(daemon.address()) {
    create_topic(client_, "orders", kPartitionCount);
  }

  void commit(int rounds) {
    std::vector<std::uint64_t> under_way;
    for (int round = 0; round < rounds; ++round) {
      ++offset_;
      for (std::int32_t partition = 0; partition < kPartitionCount; ++partition) {
        auto item = std::make_unique<wire::CommitItemT>();
        item->topic = "orders";
        item->partition = partition;
        item->offset = offset_;
        wire::CommitT commit;
        commit.group = "group";
        commit.items.push_back(std::move(item));
        under_way.push_back(client_.send(std::move(commit)));
      }
      for (const std::uint64_t id : under_way) {
        const wire::ServerMessageT reply = client_.require_reply(id);
        REQUIRE(reply.body.AsCommitReply() != nullptr);
      }
      under_way.clear();
    }
  }

  wire::StatusReplyT status() { return client_.ask<wire::StatusReplyT>(wire::StatusT{}); }

  /// Commits until `done` says so of the status.
  bool commit_until(const std::function<bool(const wire::StatusReplyT&)>& done) {
    return wait_until([&] {
      commit(20);
      return done(status());
    });
  }

  std::int64_t offset() const { return offset_; }

 private:
  WireClient client_;
  std::int64_t offset_ = 0;
};

TEST_CASE("under endless commits history begins later and later, and the disk's use stays") {
  Daemon daemon(kLittleHistory);
  Committer committer(daemon);
  REQUIRE(committer.commit_until([](const auto& status) { return status.first_sequence > 1; }));
  const Sequence first_trim = committer.status().sequence;
  const auto replaced = [&](std::uint64_t times) {
    return committer.commit_until(
        [&](const auto& status) { return status.first_sequence > times * first_trim; });
  };
  // How much is kept depends on how much comes between two looks at it: compared is what the file
  // grows by with what is written into it, once it has its size.
  REQUIRE(replaced(2));
  const wire::StatusReplyT usual = committer.status();
  REQUIRE(replaced(7));
  const wire::StatusReplyT status = committer.status();
  constexpr std::uint64_t kLeastBytesAnEvent = 150;  // with what a record has around it
  const std::uint64_t written = (status.sequence - usual.sequence) * kLeastBytesAnEvent;
  CHECK(status.journal_bytes < usual.journal_bytes + written / 2);
  CHECK(status.snapshot_sequence + 1 >= status.first_sequence);
  require_digest_equals_replay(daemon);

  const std::string digest = status.state_digest;
  CHECK(daemon.terminate() == 0);
  daemon.start();
  WireClient client(daemon.address());
  const auto again = client.ask<wire::StatusReplyT>(wire::StatusT{});
  CHECK(again.sequence == status.sequence);
  CHECK(again.state_digest == digest);
  CHECK(committed(client, "group", {"orders", 7}) == committer.offset());
}

TEST_CASE(
    "whatever is asked of a journal while its history is trimmed is answered from what is left") {
  const Daemon daemon({"--snapshot-every-bytes", "65536", "--history-max-bytes", "262144"});
  Committer committer(daemon);
  REQUIRE(committer.commit_until([](const auto& status) { return status.first_sequence > 1; }));
  const std::uint64_t before = committer.status().first_sequence;
  std::atomic<bool> stopping = false;
  std::thread load([&] {
    while (!stopping) committer.commit(20);
  });
  const TemporaryDirectory directory;
  for (int round = 0; round < 3; ++round) {
    const std::string copy = directory / ("backup-" + std::to_string(round));
    const std::string text = directory / ("export-" + std::to_string(round));
    for (const std::vector<std::string>& question :
         std::vector<std::vector<std::string>>{{"log"},
                                               {"log", "--group", "group", "--output", "json"},
                                               {"why", "group", "orders/7"},
                                               {"stats"},
                                               {"state"},
                                               {"verify"},
                                               {"export", text},
                                               {"backup", "--to", copy}}) {
      std::vector<std::string> words = {"journal"};
      words.insert(words.end(), question.begin(), question.end());
      words.insert(words.end(), {"--data-dir", daemon.data_directory()});
      const CommandResult result = muster(words);
      CAPTURE(question.front());
      CAPTURE(result.err);
      CHECK(result.status == 0);
    }
  }
  stopping = true;
  load.join();
  CHECK(committer.status().first_sequence > before);
}

TEST_CASE("history of a certain age is trimmed, and state is not") {
  const Daemon daemon({"--history-max-age-ms", "500"});
  Committer committer(daemon);
  committer.commit(2);
  const std::uint64_t last = committer.status().sequence;
  // Nothing happens any more: all of history becomes too old.
  CHECK(wait_until([&] { return committer.status().first_sequence == last + 1; }));
  CHECK(committer.status().snapshot_sequence == last);
  CHECK(committer.status().first_time_ms == 0);
  WireClient client(daemon.address());
  CHECK(committed(client, "group", {"orders", 7}) == committer.offset());
  require_digest_equals_replay(daemon);
}

/// One offset for every partition of a new topic, a thousand a commit.
void commit_all(WireClient& client, const std::string& topic, std::int32_t partition_count) {
  create_topic(client, topic, partition_count);
  constexpr std::int32_t kInACommit = 1'000;
  for (std::int32_t first = 0; first < partition_count; first += kInACommit) {
    wire::CommitT commit;
    commit.group = "group";
    for (std::int32_t partition = first; partition < first + kInACommit; ++partition) {
      auto item = std::make_unique<wire::CommitItemT>();
      item->topic = topic;
      item->partition = partition;
      item->offset = 1;
      commit.items.push_back(std::move(item));
    }
    client.ask<wire::CommitReplyT>(std::move(commit));
  }
}

TEST_CASE("a snapshot leaves the daemon with no more memory than it had before") {
  if (kSanitized) return;  // a sanitizer's own memory tells nothing of the daemon's
  Daemon daemon;
  {
    WireClient client(daemon.address());
    commit_all(client, "orders", 100'000);
    commit_all(client, "payments", 100'000);
  }
  const std::size_t state_bytes = daemon.anonymous_bytes();
  daemon.terminate();
  daemon.set_arguments({"--snapshot-every-bytes", "65536"});
  daemon.start();
  WireClient client(daemon.address());
  CHECK(wait_until(
      [&] { return client.ask<wire::StatusReplyT>(wire::StatusT{}).snapshot_sequence > 0; }));
  CHECK(daemon.anonymous_bytes() < state_bytes + state_bytes / 8);
}

TEST_CASE("compact makes the file small, and the same journal") {
  Daemon daemon(kLittleHistory);
  Committer committer(daemon);
  REQUIRE(committer.commit_until([](const auto& status) { return status.first_sequence > 1; }));
  const std::string directory = daemon.data_directory();
  const std::vector<std::string> compact = {"journal", "compact", "--data-dir", directory};
  const CommandResult refused = muster(compact);
  CHECK(refused.status == 1);
  CHECK(refused.err.find("stop that musterd first") != std::string::npos);
  CHECK(refused.err.find("muster journal backup") != std::string::npos);

  const wire::StatusReplyT before = committer.status();
  CHECK(daemon.terminate() == 0);
  const auto size = [&] { return std::filesystem::file_size(directory + "/data.mdb"); };
  const auto bytes_before = size();
  const CommandResult compacted = muster(compact);
  CHECK_MESSAGE(compacted.status == 0, compacted.err);
  CHECK(compacted.out.find("Compacted the journal") != std::string::npos);
  CHECK(size() < bytes_before);
  CHECK_FALSE(std::filesystem::exists(directory + "/unfinished"));

  daemon.start();
  WireClient client(daemon.address());
  const auto after = client.ask<wire::StatusReplyT>(wire::StatusT{});
  CHECK(after.journal_id == before.journal_id);
  CHECK(after.sequence == before.sequence);
  CHECK(after.state_digest == before.state_digest);
  CHECK(after.boot == before.boot + 1);
}

}  // namespace
}  // namespace muster::e2e
