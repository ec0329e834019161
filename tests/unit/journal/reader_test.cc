#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "in_child_process.h"
#include "journal/file_reader.h"
#include "journals.h"
#include "scratch_directory.h"

namespace muster::journal::test {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("what was appended is read back, byte for byte and in order") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 10'000, 700);  // several chunks, three levels of pages
  auto reader = store.reader();
  const ReadBack all = read_back(*reader);
  CHECK(all.outcome.has_value());
  REQUIRE(all.records.size() == 10'000);
  for (const auto& [sequence, bytes] : all.records) REQUIRE(bytes == event_bytes(sequence));
}

TEST_CASE("reading can start and end anywhere, and be broken off") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 500);
  auto reader = store.reader();
  CHECK(read_back(*reader, 100, 109).records.size() == 10);
  CHECK(read_back(*reader, 500).records.begin()->first == 500);
  CHECK(read_back(*reader, 501).records.empty());
  CHECK(read_back(*reader, 7, 3).records.empty());
  std::uint64_t seen = 0;
  CHECK(reader->read(1, UINT64_MAX, [&](auto sequence, auto) { return (seen = sequence) < 42; })
            .has_value());
  CHECK(seen == 42);
}

TEST_CASE("reading from before the first record is an error") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 5);
  auto reader = store.reader();
  const ReadBack read = read_back(*reader, 0);
  REQUIRE_FALSE(read.outcome.has_value());
  CHECK(read.outcome.error().fault == Fault::kMissing);
}

TEST_CASE("where there is no journal, reading says so and makes nothing") {
  const ScratchDirectory scratch;
  const auto absent = FileReader::open(scratch.data());
  REQUIRE_FALSE(absent.has_value());
  CHECK(absent.error().fault == Fault::kMissing);
  CHECK_FALSE(fs::exists(scratch.data()));
  fs::create_directories(scratch.data());
  CHECK_FALSE(FileReader::open(scratch.data()).has_value());
  CHECK(files_in(scratch.data()) == 0);
}

TEST_CASE("a process reads beside a writer that goes on writing") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 2'000);
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t writer_of_more = ::getpid();
  // The child reads the journal again and again while this process appends.
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    for (int round = 0; round < 100; ++round) {
      auto reader = FileReader::open(scratch.data());
      if (!reader) ::_exit(2);
      const ReadBack read = read_back(*reader);
      if (!read.outcome || read.records.size() < 2'000) ::_exit(3);
      for (const auto& [sequence, bytes] : read.records) {
        if (bytes != event_bytes(sequence)) ::_exit(4);
      }
      if (round == 0 && ::write(ready[1], "r", 1) != 1) ::_exit(5);
    }
    ::_exit(::getppid() == writer_of_more ? 0 : 6);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  int status = -1;
  while (::waitpid(child, &status, WNOHANG) == 0) append_events(store, 3, 1);
  ::close(ready[0]);
  ::close(ready[1]);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

// Compacting takes the table of readers away after the file: who comes between them is in the old
// one.
TEST_CASE("a reader whose table of readers was taken away goes on in the next one") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 10);
  }
  FileReader reader = open_reader(scratch.data());
  REQUIRE(reader.header()->last_sequence == 10);
  REQUIRE(fs::remove(scratch.path() / "data" / kReadersFile));
  CHECK(reader.header()->last_sequence == 10);
  const Ended ended = in_child_process([&] {
    Store store = open_store(scratch.data());
    append_events(store, 5);
    return 0;
  });
  REQUIRE(ended.exit_status == 0);
  CHECK(reader.header()->last_sequence == 15);
  CHECK(read_back(reader).records.size() == 15);
}

TEST_CASE("a copy of the data file alone is read, and stays alone") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
  }
  const fs::path copy = scratch.path() / "copy";
  fs::create_directories(copy);
  fs::copy_file(scratch.data_file(), copy / "data.mdb");
  FileReader reader = open_reader(copy);
  CHECK(read_back(reader).records.size() == 100);
  CHECK(reader.check_structure().has_value());
  CHECK(files_in(copy) == 1);
}

TEST_CASE("a dead journal in a directory that cannot be written to is read") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
  }
  for (const auto& file : fs::directory_iterator(scratch.data())) {
    fs::permissions(file, fs::perms::owner_read);
  }
  fs::permissions(scratch.data(), fs::perms::owner_read | fs::perms::owner_exec);
  FileReader reader = open_reader(scratch.data());
  CHECK(read_back(reader).records.size() == 100);
  fs::permissions(scratch.data(), fs::perms::owner_all);
}

}  // namespace muster::journal::test
