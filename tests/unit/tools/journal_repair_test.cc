// Damaged journals: what verify finds, and what repair saves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "journal/snapshot_format.h"
#include "tests/unit/tools/journal_copies.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

/// The pages of the file that LMDB calls branches.
std::vector<std::size_t> branch_pages(const std::string& bytes) {
  std::vector<std::size_t> starts;
  for (std::size_t start = 2 * 4'096; start < bytes.size(); start += 4'096) {
    if (bytes[start + 10] == 1) starts.push_back(start);
  }
  return starts;
}

/// Of the newest snapshot.
void damage_description(const std::string& directory) {
  const journal::Snapshot bad = snapshots_of(directory).back();
  const std::string path = directory + "/data.mdb";
  std::string bytes = read_text(path);
  const std::size_t at = bytes.find(journal::encode_description(bad));
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_text(path, bytes);
}

/// Goes to a file while this lives.
class StandardOutputTo {
 public:
  explicit StandardOutputTo(const std::string& path) {
    std::fflush(stdout);
    const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    ::dup2(file, STDOUT_FILENO);
    ::close(file);
  }
  ~StandardOutputTo() {
    std::fflush(stdout);
    ::dup2(former_, STDOUT_FILENO);
    ::close(former_);
  }
  StandardOutputTo(const StandardOutputTo&) = delete;
  StandardOutputTo& operator=(const StandardOutputTo&) = delete;

 private:
  int former_ = ::dup(STDOUT_FILENO);
};

}  // namespace

TEST_CASE("repair shows what would be lost and changes nothing") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  damage_event(directory / "data", 4);
  const std::string before = read_text(directory / "data/data.mdb");
  CHECK(run_journal({"repair", "--data-dir", directory / "data"}) == 0);
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new"}) == 0);
  CHECK_FALSE(fs::exists(directory / "new"));
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--execute"}) == 1);
  CHECK(read_text(directory / "data/data.mdb") == before);
}

TEST_CASE("repair saves what was before the first bad record, as a restore does") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  damage_event(directory / "data", 4);
  const std::string before = read_text(directory / "data/data.mdb");
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                     "--execute"}) == 0);
  const auto state = verify_copy(directory / "new");
  REQUIRE(state.has_value());
  CHECK(state->sequence == 4);  // 3 events and the JournalRestored
  CHECK(state->topics.size() == 3);
  CHECK(state->quiet_time_ms == 30'000);
  CHECK(read_text(directory / "data/data.mdb") == before);
}

TEST_CASE("a file of anything cannot be repaired, and says so") {
  const CopiesDirectory directory;
  fs::create_directory(directory / "data");
  write_text(directory / "data/data.mdb", std::string(20'000, 'x'));
  CHECK(run_journal({"repair", "--data-dir", directory / "data"}) == 1);
}

// What is trimmed can only come from a snapshot: one with a bad description must not hide another.
TEST_CASE("a snapshot that has lost its description does not hide the good one beside it") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {2, 4}, 3);
  damage_description(directory / "data");
  CHECK_FALSE(verify_copy(directory / "data").has_value());
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                     "--execute"}) == 0);
  const auto state = verify_copy(directory / "new");
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  CHECK(state->topics.size() == kEvents);
  CHECK(header_of(directory / "new").first_sequence == 3);
}

TEST_CASE("stats counts the events of a journal whose snapshot is damaged, and names the damage") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {2, 4}, 3);
  CHECK(run_journal({"stats", "--data-dir", directory / "data"}) == 0);
  damage_description(directory / "data");
  const std::string out = directory / "out";
  int status = 0;
  {
    const StandardOutputTo file(out);
    status = run_journal({"stats", "--data-dir", directory / "data", "--output", "json"});
  }
  CHECK(status == 1);
  const Json json = Json::parse(read_text(out));
  CHECK(json["events"] == 3);
  CHECK(json["damage"].get<std::string>().find("the snapshot at sequence 4, its description") !=
        std::string::npos);
}

TEST_CASE("damage before a good snapshot costs history, and nothing of the state") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {3}, 1);
  damage_event(directory / "data", 2);
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                     "--execute"}) == 0);
  const auto state = verify_copy(directory / "new");
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  CHECK(state->topics.size() == kEvents);
  CHECK(state->sequence == kEvents + 1);
  CHECK(header_of(directory / "new").first_sequence == 3);
}

TEST_CASE("good history between the damage and the snapshot is kept") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {4}, 1);
  damage_event(directory / "data", 2);
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                     "--execute"}) == 0);
  CHECK(verify_copy(directory / "new")->topics.size() == kEvents);
  CHECK(header_of(directory / "new").first_sequence == 3);
}

TEST_CASE("verify finds a bad record that a trimming which stopped halfway has left") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {4}, 2);
  CHECK(run_journal({"verify", "--data-dir", directory / "data"}) == 0);
  damage_event(directory / "data", 3);
  CHECK(run_journal({"verify", "--data-dir", directory / "data"}) == 1);
}

TEST_CASE("verify reads a snapshot that history has left behind") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {1, 3}, 3);
  CHECK(run_journal({"verify", "--data-dir", directory / "data"}) == 0);
  const std::string path = directory / "data/data.mdb";
  std::string bytes = read_text(path);
  const auto snapshots = snapshots_of(directory / "data");
  REQUIRE(snapshots.size() == 2);
  const std::string key("\x0c\0\0\0\0\0\0\0\0\1\0\0\0\0", 14);  // its length, and it
  const std::size_t at = bytes.find(key);
  REQUIRE(at != std::string::npos);
  bytes[at + key.size() + 20] = static_cast<char>(bytes[at + key.size() + 20] ^ 1);
  write_text(path, bytes);
  CHECK(run_journal({"verify", "--data-dir", directory / "data"}) == 1);
}

TEST_CASE("a damaged page that only leads to the events costs nothing") {
  constexpr std::uint64_t kMany = 300;
  const CopiesDirectory directory;
  make_journal(directory / "data", kMany);
  const std::string path = directory / "data/data.mdb";
  const std::string good = read_text(path);
  const auto branches = branch_pages(good);
  REQUIRE(!branches.empty());
  std::vector<std::size_t> starts{0, 4'096};  // the meta pages
  starts.insert(starts.end(), branches.begin(), branches.end());
  for (const std::size_t start : starts) {
    CAPTURE(start);
    std::string bytes = good;
    bytes[start + 16] = static_cast<char>(bytes[start + 16] ^ 1);
    write_text(path, bytes);
    CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                       "--execute"}) == 0);
    const auto state = verify_copy(directory / "new");
    REQUIRE_MESSAGE(state.has_value(), state.error().message);
    CHECK(state->topics.size() == kMany);
    fs::remove_all(directory / "new");
  }
}

}  // namespace muster::tools
