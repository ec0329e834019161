// Backup, restore, export, import and repair: exit status, and what they leave behind.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"
#include "journal/snapshot_format.h"
#include "journal/store.h"
#include "tools/commands.h"
#include "tools/journal_copy.h"
#include "tools/restored_journal.h"

using namespace muster;
using namespace muster::tools;

namespace {

namespace fs = std::filesystem;

class CopiesDirectory {
 public:
  CopiesDirectory() {
    std::string name = (fs::temp_directory_path() / "muster-copies-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~CopiesDirectory() { fs::remove_all(path_); }
  CopiesDirectory(const CopiesDirectory&) = delete;
  CopiesDirectory& operator=(const CopiesDirectory&) = delete;

  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

int run_journal(const std::vector<std::string>& arguments) {
  std::vector<const char*> all{"muster", "journal"};
  for (const std::string& argument : arguments) all.push_back(argument.c_str());
  return run_command_line(static_cast<int>(all.size()), all.data());
}

constexpr std::uint64_t kEvents = 5;

/// It can be found in a file by its cause, which is in no snapshot.
domain::Event topic_event(std::uint64_t sequence) {
  return {.time_ms = 1,
          .cause = {.kind = domain::CauseKind::kOperator,
                    .who = "maker-" + std::to_string(sequence),
                    .from = {}},
          .body = domain::TopicCreated{.name = "topic-" + std::to_string(sequence),
                                       .partition_count = 4}};
}

void put_snapshot(journal::Builder& builder, std::uint64_t snapshot) {
  domain::State state;
  for (std::uint64_t sequence = 1; sequence <= snapshot; ++sequence) {
    REQUIRE(domain::fold(state, sequence, topic_event(sequence)).has_value());
  }
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;
  CHECK(codec::encode_snapshot(state, [&](const std::string& chunk) {
    bytes += chunk.size();
    return builder.put_snapshot_chunk(snapshot, chunks++, chunk).has_value();
  }));
  REQUIRE(builder
              .put_snapshot(
                  {.sequence = snapshot, .chunks = chunks, .bytes = bytes, .digest = state.digest})
              .has_value());
}

/// The same journal with snapshots, and with history from `first_sequence` on.
void make_journal_with_snapshots(const std::string& directory,
                                 const std::vector<std::uint64_t>& snapshots,
                                 std::uint64_t first_sequence) {
  fs::create_directories(directory);
  auto builder = journal::Builder::begin(
      directory, {.journal_id = journal::draw_journal_id(), .first_sequence = first_sequence},
      64 << 20);
  REQUIRE(builder.has_value());
  for (const std::uint64_t snapshot : snapshots) put_snapshot(*builder, snapshot);
  for (std::uint64_t sequence = first_sequence; sequence <= kEvents; ++sequence) {
    REQUIRE(builder->append(codec::encode_event(topic_event(sequence))).has_value());
  }
  REQUIRE(builder->finish().has_value());
}

/// A journal of topics.
void make_journal(const std::string& directory, std::uint64_t events = kEvents) {
  auto store = journal::Store::open(directory, {.map_bytes = 64 << 20,
                                                .room = {.reserve_bytes = 1 << 16,
                                                         .full_below_bytes = 1 << 17,
                                                         .clear_above_bytes = 1 << 18}});
  REQUIRE(store.has_value());
  journal::EncodedEvents encoded;
  for (std::uint64_t i = 1; i <= events; ++i) {
    encoded.append(codec::encode_event(topic_event(i)));
  }
  REQUIRE(store->append(1, encoded).has_value());
}

std::uint64_t digest_of(const std::string& directory) {
  const auto state = verify_copy(directory);
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  return state->digest;
}

journal::Header header_of(const std::string& directory) {
  auto reader = journal::FileReader::open(directory);
  REQUIRE(reader.has_value());
  return *reader->header();
}

std::vector<journal::Snapshot> snapshots_of(const std::string& directory) {
  auto reader = journal::FileReader::open(directory);
  REQUIRE(reader.has_value());
  const auto snapshots = reader->snapshots();
  REQUIRE(snapshots.has_value());
  return *snapshots;
}

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

void damage_event(const std::string& directory, std::uint64_t sequence) {
  const std::string path = directory + "/data.mdb";
  std::string bytes = read_text(path);
  const std::string name = "maker-" + std::to_string(sequence);
  for (std::size_t at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 1)) {
    bytes[at] = 'X';
  }
  write_text(path, bytes);
}

/// The pages of the file that LMDB calls branches.
std::vector<std::size_t> branch_pages(const std::string& bytes) {
  std::vector<std::size_t> starts;
  for (std::size_t start = 2 * 4'096; start < bytes.size(); start += 4'096) {
    if (bytes[start + 10] == 1) starts.push_back(start);
  }
  return starts;
}

}  // namespace

TEST_CASE("a backup has the state of its journal, and is not served") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  CHECK(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "backup"}) ==
        0);
  CHECK(digest_of(directory / "backup") == digest_of(directory / "data"));
  CHECK(header_of(directory / "backup").backup);
  CHECK_FALSE(journal::Store::open(directory / "backup").has_value());
  CHECK(run_journal({"verify", "--data-dir", directory / "backup"}) == 0);
  CHECK(run_journal({"log", "--data-dir", directory / "backup"}) == 0);
  // A second one into the same place is refused, and the first one stays.
  CHECK(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "backup"}) ==
        1);
  CHECK(digest_of(directory / "backup") == digest_of(directory / "data"));
}

TEST_CASE("a backup of a damaged journal fails and leaves nothing behind") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  damage_event(directory / "data", 3);
  CHECK(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "backup"}) ==
        1);
  CHECK_FALSE(fs::exists(directory / "backup"));
}

TEST_CASE("a restored journal is another one, with higher tokens, and can be served") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  REQUIRE(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "backup"}) ==
          0);
  CHECK(run_journal({"restore", directory / "backup", "--data-dir", directory / "new"}) == 0);
  const journal::Header former = header_of(directory / "data");
  const journal::Header header = header_of(directory / "new");
  CHECK(header.journal_id != former.journal_id);
  CHECK(header.fence_base >= former.fence_base + (1ULL << 44));
  CHECK(header.last_sequence == former.last_sequence + 1);
  CHECK_FALSE(header.backup);
  CHECK(verify_copy(directory / "new")->quiet_time_ms == 30'000);
  CHECK(journal::Store::open(directory / "new", {.map_bytes = 64 << 20}).has_value());
  // Again from the same backup: the tokens of the first restore, lost too, must not come back.
  CHECK(run_journal({"restore", directory / "backup", "--data-dir", directory / "again"}) == 0);
  CHECK(header_of(directory / "again").fence_base > header.fence_base + header.last_sequence);
}

TEST_CASE("a plain copy of a data directory can be restored, with a quiet time as told") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  fs::create_directory(directory / "copy");
  fs::copy_file(directory / "data/data.mdb", directory / "copy/data.mdb");
  CHECK(run_journal({"restore", directory / "copy", "--data-dir", directory / "new", "--quiet-time",
                     "2m"}) == 0);
  CHECK(verify_copy(directory / "new")->quiet_time_ms == 120'000);
  CHECK(run_journal({"restore", directory / "copy", "--data-dir", directory / "x", "--quiet-time",
                     "soon"}) == 2);
}

TEST_CASE("a journal with a live writer is not restored") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  const auto store = journal::Store::open(directory / "data", {.map_bytes = 64 << 20});
  REQUIRE(store.has_value());
  CHECK(run_journal({"restore", directory / "data", "--data-dir", directory / "new"}) == 1);
  CHECK_FALSE(fs::exists(directory / "new"));
}

TEST_CASE("the fence base rises above every earlier token, by the clock or by the journal") {
  const journal::Header header{.fence_base = 1'000, .first_sequence = 1, .last_sequence = 50};
  CHECK(next_fence_base(header, 0) == 1'050 + (1ULL << 44));
  CHECK(next_fence_base(header, -5) == 1'050 + (1ULL << 44));
  constexpr std::int64_t kNowMs = 1'800'000'000'000;
  CHECK(next_fence_base(header, kNowMs) == kNowMs * 2'048ULL);
  CHECK(next_fence_base(header, kNowMs + 1) > next_fence_base(header, kNowMs));
  // JSON readers round numbers above this.
  CHECK(next_fence_base(header, kNowMs) < (1ULL << 53));
}

TEST_CASE("the default quiet time is the longest lease of any member, at least 30 s") {
  domain::State state;
  CHECK(default_quiet_time_ms(state) == 30'000);
  domain::Member& member = state.groups["g"].members[1];
  member.settings.session_timeout_ms = 90'000;
  member.settings.disconnect_grace_ms = 60'000;
  CHECK(default_quiet_time_ms(state) == 60'000);
}

TEST_CASE("an exported journal is imported with the same state, as a backup") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  CHECK(run_journal({"export", "--data-dir", directory / "data", directory / "text"}) == 0);
  CHECK(run_journal({"import", directory / "text", "--data-dir", directory / "copy"}) == 0);
  CHECK(digest_of(directory / "copy") == digest_of(directory / "data"));
  journal::Header header = header_of(directory / "copy");
  CHECK(header.backup);
  header.backup = false;
  header.transaction = header_of(directory / "data").transaction;
  CHECK(header == header_of(directory / "data"));
  // And once more: the same text.
  CHECK(run_journal({"export", "--data-dir", directory / "copy", directory / "again"}) == 0);
  CHECK(read_text(directory / "again") == read_text(directory / "text"));
  CHECK(run_journal({"export", "--data-dir", directory / "copy", directory / "again"}) == 1);
}

TEST_CASE("an export with a line too few, too many, changed or in the wrong place is refused") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  REQUIRE(run_journal({"export", "--data-dir", directory / "data", directory / "text"}) == 0);
  std::vector<std::string> lines;
  std::istringstream text(read_text(directory / "text"));
  for (std::string line; std::getline(text, line);) lines.push_back(line + "\n");
  REQUIRE(lines.size() == 1 + kEvents);
  const auto refused = [&](const std::vector<std::string>& changed) {
    std::string whole;
    for (const std::string& line : changed) whole += line;
    write_text(directory / "changed", whole);
    const int status =
        run_journal({"import", directory / "changed", "--data-dir", directory / "copy"});
    return status == 1 && !fs::exists(directory / "copy");
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i);
    auto changed = lines;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(refused(changed));
    changed = lines;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK(refused(changed));
    changed = lines;
    changed[i].replace(changed[i].size() - 4, 1, "x");
    CHECK(refused(changed));
    if (i + 1 < lines.size()) {
      changed = lines;
      std::swap(changed[i], changed[i + 1]);
      CHECK(refused(changed));
    }
  }
  auto cut = lines;
  cut.back().pop_back();
  CHECK(refused(cut));
  CHECK(refused({}));
  // An event that contradicts those before it: topic-1 twice.
  auto twice = lines;
  twice[2].replace(twice[2].find("topic-2"), 7, "topic-1");
  CHECK(refused(twice));
}

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

TEST_CASE(
    "a journal whose history was trimmed goes through text with the snapshot it begins with") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {3}, 3);
  REQUIRE(run_journal({"export", "--data-dir", directory / "data", directory / "text"}) == 0);
  CHECK(run_journal({"import", directory / "text", "--data-dir", directory / "copy"}) == 0);
  CHECK(header_of(directory / "copy").first_sequence == 3);
  CHECK(digest_of(directory / "copy") == digest_of(directory / "data"));
}

TEST_CASE("backup and restore keep snapshots") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {3}, 2);
  REQUIRE(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "backup"}) ==
          0);
  CHECK(digest_of(directory / "backup") == digest_of(directory / "data"));
  REQUIRE(run_journal({"restore", directory / "backup", "--data-dir", directory / "new"}) == 0);
  CHECK(snapshots_of(directory / "new").size() == 1);
  CHECK(verify_copy(directory / "new")->topics.size() == kEvents);
}

// What is trimmed can only come from a snapshot: one with a bad description must not hide another.
TEST_CASE("a snapshot that has lost its description does not hide the good one beside it") {
  const CopiesDirectory directory;
  make_journal_with_snapshots(directory / "data", {2, 4}, 3);
  const journal::Snapshot bad = snapshots_of(directory / "data").back();
  const std::string path = directory / "data/data.mdb";
  std::string bytes = read_text(path);
  const std::size_t at = bytes.find(journal::encode_description(bad));
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_text(path, bytes);

  CHECK_FALSE(verify_copy(directory / "data").has_value());
  CHECK(run_journal({"repair", "--data-dir", directory / "data", "--to", directory / "new",
                     "--execute"}) == 0);
  const auto state = verify_copy(directory / "new");
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  CHECK(state->topics.size() == kEvents);
  CHECK(header_of(directory / "new").first_sequence == 3);
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

TEST_CASE("a copy stands in its place only when it was verified") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  auto made = NewJournal::in(directory / "new");
  REQUIRE(made.has_value());
  auto builder = made->build({.journal_id = journal::draw_journal_id()});
  REQUIRE(builder.has_value());
  REQUIRE(builder->append(codec::encode_event(topic_event(1))).has_value());
  REQUIRE(builder->finish().has_value());
  // So it would be found if the process were killed here.
  CHECK_FALSE(journal::FileReader::open(directory / "new").has_value());
  REQUIRE(verify_copy(made->draft_directory()).has_value());
  REQUIRE(made->put_in_place().has_value());
  CHECK(header_of(directory / "new").last_sequence == 1);
  CHECK_FALSE(fs::exists(made->draft_directory()));
}

TEST_CASE("what an interrupted copy left does not stand in the way of the next") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  fs::create_directories(directory / "new/unfinished");
  write_text(directory / "new/unfinished/data.mdb", "half");
  CHECK(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "new"}) == 0);
  CHECK(digest_of(directory / "new") == digest_of(directory / "data"));
  CHECK_FALSE(fs::exists(directory / "new/unfinished"));
}

TEST_CASE("a directory in which nothing can be made is an error, and ends no process") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  write_text(directory / "file", "no directory");
  const auto made = NewJournal::in(directory / "file/new");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == ErrorCode::kJournalUnwritable);
  CHECK(run_journal({"backup", "--data-dir", directory / "data", "--to", directory / "file/new"}) ==
        1);
  CHECK_FALSE(journal::Store::open(directory / "file/new").has_value());
}

TEST_CASE("a compacted journal keeps its mode, and its owner if root compacts it") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  const std::string file = directory / "data/data.mdb";
  constexpr uid_t kSomebody = 12'345;
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(file.c_str(), kSomebody, kSomebody) == 0);
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(run_journal({"compact", "--data-dir", directory / "data"}) == 0);
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  if (root) CHECK(status.st_uid == kSomebody);
  if (root) CHECK(status.st_gid == kSomebody);
  CHECK_FALSE(fs::exists(directory / "data/unfinished"));
}

TEST_CASE("a reader notices that another file has taken its place") {
  const CopiesDirectory directory;
  make_journal(directory / "data");
  const auto reader = journal::FileReader::open(directory / "data");
  REQUIRE(reader.has_value());
  CHECK_FALSE(reader->replaced());
  CHECK(run_journal({"compact", "--data-dir", directory / "data"}) == 0);
  CHECK(reader->replaced());
}
