// Whoever reads the journal beside the daemon, however badly it behaves: the file stays bounded.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "journal/environment.h"

namespace muster::e2e {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
// One transaction each: a reader that pins their pages makes the file grow by 20 KiB with each.
constexpr int kCommits = 250;
constexpr std::uint64_t kPinnedGrowth = 2 * kMebibyte;
constexpr std::uint64_t kFreeGrowth = kMebibyte / 2;

class Writing {
 public:
  Writing() : client_(daemon_.address()) { create_topic(client_, "orders", 1); }

  /// Commits one after the other; by how much the file has grown.
  std::uint64_t growth() {
    const std::uint64_t before = file_bytes();
    for (int i = 0; i < kCommits; ++i) {
      auto item = std::make_unique<wire::CommitItemT>();
      item->topic = "orders";
      item->offset = ++offset_;
      wire::CommitT commit;
      commit.group = "group";
      commit.items.push_back(std::move(item));
      client_.ask<wire::CommitReplyT>(std::move(commit));
    }
    return file_bytes() - before;
  }

  const Daemon& daemon() const { return daemon_; }

 private:
  std::uint64_t file_bytes() const {
    return std::filesystem::file_size(daemon_.data_directory() + "/data.mdb");
  }

  Daemon daemon_;
  WireClient client_;
  std::int64_t offset_ = 0;
};

/// Another program that reads through LMDB and keeps its transaction open until it is killed.
class HoldingReader {
 public:
  explicit HoldingReader(const std::string& directory) {
    std::array<int, 2> ready{};
    REQUIRE(pipe(ready.data()) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const auto environment = journal::open_environment(directory, MDB_RDONLY, 0);
      if (!environment) _exit(1);
      const auto held = journal::begin(*environment, MDB_RDONLY);
      if (!held || write(ready[1], "r", 1) != 1) _exit(1);
      alarm(60);
      while (true) pause();
    }
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
  }
  ~HoldingReader() { kill9(); }
  HoldingReader(const HoldingReader&) = delete;
  HoldingReader& operator=(const HoldingReader&) = delete;

  void kill9() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("what a killed reader held is free again within moments, and the file stops growing") {
  Writing writing;
  CHECK(writing.growth() < kFreeGrowth);
  HoldingReader reader(writing.daemon().data_directory());
  CHECK(writing.growth() > kPinnedGrowth);  // so that this test can see a reader at all
  reader.kill9();
  CHECK(wait_until([&] { return writing.growth() < kFreeGrowth; }));
  // It stays so, in the room that the reader has cost.
  std::uint64_t growth = 0;
  for (int i = 0; i < 3; ++i) growth += writing.growth();
  CHECK(growth < kFreeGrowth);
}

TEST_CASE("a log whose reader has stopped reading holds no page of the journal") {
  Writing writing;
  // More than fits into a pipe: the log's process waits in the middle of its output.
  for (int i = 0; i < 8; ++i) writing.growth();
  const TemporaryDirectory directory;
  const std::string pager = directory / "pager";
  REQUIRE(mkfifo(pager.c_str(), 0600) == 0);
  const int never_read = open(pager.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const Process log({.command = {MUSTER_BINARY, "journal", "log", "--data-dir",
                                 writing.daemon().data_directory()},
                     .environment = {},
                     .stdout_path = pager,
                     .stderr_path = directory / "err"});
  const auto is_blocked = [&] {
    return read_file("/proc/" + std::to_string(log.pid()) + "/wchan").find("pipe") !=
           std::string::npos;
  };
  REQUIRE(wait_until(is_blocked));
  std::uint64_t growth = 0;
  for (int i = 0; i < 4; ++i) growth += writing.growth();
  CHECK(growth < kPinnedGrowth);
  CHECK(is_blocked());
  close(never_read);
}

}  // namespace
}  // namespace muster::e2e
