// Snapshots and trimming as the journal keeps them.
#include "journal/upkeep.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "in_child_process.h"
#include "journal/snapshot_format.h"
#include "journals.h"
#include "scratch_directory.h"
#include "snapshots.h"

namespace muster::journal::test {
namespace {

std::vector<std::uint64_t> whole(Reader& reader) {
  const auto snapshots = reader.snapshots();
  REQUIRE_MESSAGE(snapshots.has_value(), snapshots.error().message);
  std::vector<std::uint64_t> sequences;
  for (const Snapshot& snapshot : *snapshots) sequences.push_back(snapshot.sequence);
  return sequences;
}

void check_snapshot(Reader& reader, std::uint64_t sequence, std::uint32_t chunks) {
  std::uint32_t next = 0;
  const auto read =
      reader.read_snapshot(sequence, [&](std::uint64_t chunk, std::string_view bytes) {
        CHECK(chunk == next);
        CHECK(bytes == chunk_bytes(sequence, next++));
        return true;
      });
  CHECK_MESSAGE(read.has_value(), read.error().message);
  CHECK(next == chunks);
}

std::expected<void, Error> tend_once(Store& store, Upkeep piece) {
  std::deque<Upkeep> work;
  work.push_back(std::move(piece));
  return store.append(store.header().last_sequence + 1, {}, work);
}

/// That every transaction keeps what upkeep.h promises.
void check_invariants(FileReader& reader) {
  const auto held = reader.inventory();
  REQUIRE_MESSAGE(held.has_value(), held.error().message);
  const std::uint64_t newest = held->snapshots.empty() ? 0 : held->snapshots.back().sequence;
  REQUIRE(newest + 1 >= held->header.first_sequence);
  for (const Snapshot& snapshot : held->snapshots) {
    check_snapshot(reader, snapshot.sequence, snapshot.chunks);
  }
  const ReadBack read = read_back(reader, held->header.first_sequence);
  REQUIRE(read.outcome.has_value());
  REQUIRE(read.records.size() == held->header.last_sequence + 1 - held->header.first_sequence);
}

}  // namespace

TEST_CASE("a snapshot is read back, and survives opening again") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
    put_snapshot(store, 60, 5);
    put_snapshot(store, 100, 1);
    CHECK(store.snapshots() == std::vector{description(60, 5), description(100, 1)});
  }
  const Store store = open_store(scratch.data());
  CHECK(store.snapshots() == std::vector{description(60, 5), description(100, 1)});
  auto reader = store.reader();
  CHECK(reader->snapshots() == store.snapshots());
  check_snapshot(*reader, 60, 5);
  check_snapshot(*reader, 100, 1);
  CHECK(reader->read_snapshot(61, {}).error().fault == Fault::kMissing);
  int chunks = 0;
  CHECK(reader->read_snapshot(60, [&](auto, auto) { return ++chunks < 2; }).has_value());
  CHECK(chunks == 2);
}

// A member's subscription may be as large as a request, and is not cut.
TEST_CASE("a chunk may be as large as what can't be cut") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 100);
  const std::string large(std::size_t{9} << 20, 's');
  tend(store, {PutChunk{100, 0, large},
               FinishSnapshot{{.sequence = 100, .chunks = 1, .bytes = large.size()}}});
  auto reader = store.reader();
  std::string read;
  CHECK(reader
            ->read_snapshot(100,
                            [&](auto, std::string_view bytes) {
                              read = bytes;
                              return true;
                            })
            .has_value());
  CHECK(read == large);
}

TEST_CASE("without its description a snapshot is none, and is known as unfinished") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 100);
  tend(store, chunks_of(50, 3));
  auto reader = store.reader();
  CHECK(whole(*reader).empty());
  CHECK(reader->inventory()->unfinished == std::vector<std::uint64_t>{50});
  CHECK(reader->read_snapshot(50, {}).error().fault == Fault::kMissing);
  tend(store, {DropSnapshot{50}});
  CHECK(reader->inventory()->unfinished.empty());
  put_snapshot(store, 50);
  check_snapshot(*reader, 50, 3);
}

TEST_CASE("history is trimmed a little at a time, beside new records") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 5'000, 500);
  put_snapshot(store, 4'000);
  auto reader = store.reader();
  std::deque<Upkeep> work{TrimHistory{4'000}};
  while (!work.empty()) {
    const std::uint64_t next = store.header().last_sequence + 1;
    const std::uint64_t before = store.header().first_sequence;
    REQUIRE(store.append(next, {event_bytes(next)}, work, {.max_records = 300}));
    CHECK(store.header().first_sequence <= before + 300);
    CHECK(reader->header() == store.header());
  }
  CHECK(store.header().first_sequence == 4'001);
  CHECK(store.header().last_sequence == 5'014);
  check_invariants(*reader);
  const ReadBack trimmed = read_back(*reader, 4'000);
  CHECK(trimmed.outcome.error().fault == Fault::kMissing);
  CHECK(reader->check_structure().has_value());
}

TEST_CASE("a journal may be trimmed to its last record, and goes on") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
    put_snapshot(store, 100);
    tend(store, {TrimHistory{100}});
    CHECK(store.header().first_sequence == 101);
  }
  Store store = open_store(scratch.data());
  CHECK(store.header().last_sequence == 100);
  append_events(store, 3);
  auto reader = store.reader();
  CHECK(read_back(*reader, 101).records.size() == 3);
  CHECK(reader->check_structure().has_value());
}

TEST_CASE("what would leave no state behind is refused, and changes nothing") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 100);
  const auto refused = [&](Upkeep piece) {
    const Header before = store.header();
    const auto done = tend_once(store, std::move(piece));
    CHECK(store.header() == before);
    return !done && done.error().fault == Fault::kWrongSequence;
  };
  CHECK(refused(TrimHistory{1}));  // no snapshot
  put_snapshot(store, 50);
  CHECK(refused(TrimHistory{51}));
  CHECK(refused(DropSnapshot{50}));  // the newest
  put_snapshot(store, 80);
  CHECK(refused(DropSnapshot{50}));  // history reaches back to it
  tend(store, {TrimHistory{51 - 1}});
  CHECK(refused(DropSnapshot{50}));
  CHECK(refused(FinishSnapshot{description(70, 1)}));   // behind the newest
  CHECK(refused(FinishSnapshot{description(101, 1)}));  // of what is not there
  CHECK(refused(PutChunk{90, kDescriptionChunk, "x"}));
  tend(store, {TrimHistory{80}, DropSnapshot{50}});
  auto reader = store.reader();
  CHECK(whole(*reader) == std::vector<std::uint64_t>{80});
  check_invariants(*reader);
}

TEST_CASE("a snapshot is dropped a few chunks at a time, and is none from the first on") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 100);
  put_snapshot(store, 50, 20);
  put_snapshot(store, 90);
  tend(store, {TrimHistory{90}});
  std::deque<Upkeep> work{DropSnapshot{50}};
  REQUIRE(store.append(101, {}, work, {.max_records = 60}).has_value());
  REQUIRE(work.size() == 1);
  auto reader = store.reader();
  CHECK(whole(*reader) == std::vector<std::uint64_t>{90});
  CHECK(reader->inventory()->unfinished == std::vector<std::uint64_t>{50});
  CHECK(tend(store, std::move(work), {.max_records = 60}) > 2);
  CHECK(reader->inventory()->unfinished.empty());
}

TEST_CASE("a damaged or swapped chunk is found, with the snapshot's sequence") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
    put_snapshot(store, 70, 4);
  }
  std::string bytes(std::filesystem::file_size(scratch.data_file()), '\0');
  std::ifstream(scratch.data_file(), std::ios::binary).read(bytes.data(), std::ssize(bytes));
  const std::string middle = chunk_bytes(70, 2).substr(0, 9'000);
  const std::size_t at = bytes.find(middle);
  REQUIRE(at != std::string::npos);
  std::fstream file(scratch.data_file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at + 100)).put('x');
  file.close();
  FileReader reader = open_reader(scratch.data());
  int chunks = 0;
  const auto read = reader.read_snapshot(70, [&](auto, auto) { return ++chunks > 0; });
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().fault == Fault::kCorrupt);
  CHECK(read.error().first_bad_sequence == 70);
  CHECK(chunks == 2);
}

TEST_CASE("killed anywhere in snapshots and trimming, a journal keeps all and stays sound") {
  std::mt19937 random(5);
  const ScratchDirectory scratch;
  std::uint64_t appended = 0;
  for (int round = 0; round < 12; ++round) {
    const int transactions = static_cast<int>(random() % 40) + 1;
    in_child_process([&] {
      Store store = open_store(scratch.data());
      std::deque<Upkeep> work;
      auto reader = store.reader();
      const auto held = reader->inventory();
      for (const std::uint64_t left : held->unfinished) {
        work.push_back(DropSnapshot{left});
      }
      for (int i = 0; i < transactions; ++i) {
        const std::uint64_t last = store.header().last_sequence;
        if (work.empty()) {
          const auto& snapshots = store.snapshots();
          if (snapshots.size() > 2) {
            work.push_back(TrimHistory{snapshots[1].sequence});
            work.push_back(DropSnapshot{snapshots[0].sequence});
          }
          work.push_back(PutChunk{last, 0, chunk_bytes(last, 0)});
          work.push_back(PutChunk{last, 1, chunk_bytes(last, 1)});
          work.push_back(FinishSnapshot{description(last, 2)});
        }
        EncodedEvents events;
        for (std::uint64_t j = 1; j <= 20; ++j) events.append(event_bytes(last + j));
        if (!store.append(last + 1, events, work, {.max_bytes = 1, .max_records = 17})) return 1;
      }
      ::kill(::getpid(), SIGKILL);
      return 0;
    });
    appended += static_cast<std::uint64_t>(transactions) * 20;
    FileReader reader = open_reader(scratch.data());
    CHECK(reader.header()->last_sequence == appended);
    check_invariants(reader);
    CHECK(reader.check_structure().has_value());
  }
  CHECK(open_reader(scratch.data()).header()->first_sequence > 1);
}

TEST_CASE("the file stays bounded while history is trimmed and snapshots follow each other") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  std::uint64_t largest_early = 0;
  std::uint64_t largest_late = 0;
  for (int cycle = 0; cycle < 60; ++cycle) {
    append_events(store, 1'000, 100);
    const std::uint64_t last = store.header().last_sequence;
    put_snapshot(store, last, 12);
    const auto snapshots = store.snapshots();
    if (snapshots.size() > 2) {
      tend(store, {TrimHistory{snapshots[1].sequence}, DropSnapshot{snapshots[0].sequence}});
    }
    (cycle < 20 ? largest_early : largest_late) = store.file_bytes();
  }
  CHECK(largest_late < largest_early + largest_early / 2);
}

}  // namespace muster::journal::test
