// Backup, restore, export, import and compact: exit status, and what they leave behind.
#include "tests/unit/tools/journal_copies.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/restored_journal.h"

namespace muster::tools {

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

}  // namespace muster::tools
