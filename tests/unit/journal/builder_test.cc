#include "journal/builder.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "journals.h"
#include "scratch_directory.h"

namespace muster::journal::test {
namespace {

Header a_header(std::uint64_t first_sequence) {
  return {.journal_id = draw_journal_id(),
          .fence_base = 1ULL << 44,
          .boot = 3,
          .first_sequence = first_sequence};
}

Builder begin_builder(const ScratchDirectory& scratch, const Header& header) {
  std::filesystem::create_directories(scratch.data());
  auto builder = Builder::begin(scratch.data(), header, 256 * kMiB);
  REQUIRE_MESSAGE(builder.has_value(), builder.error().message);
  return std::move(*builder);
}

}  // namespace

TEST_CASE("a built journal has its records, snapshots and header, and can be written on") {
  const ScratchDirectory scratch;
  Header header = a_header(101);
  {
    Builder builder = begin_builder(scratch, header);
    const std::string chunk(100'000, 'c');
    for (std::uint32_t i = 0; i < 60; ++i) {
      REQUIRE(builder.put_snapshot_chunk(100, i, chunk).has_value());
    }
    REQUIRE(builder.put_snapshot({.sequence = 100, .chunks = 60, .bytes = 6'000'000, .digest = 5})
                .has_value());
    for (std::uint64_t sequence = 101; sequence <= 10'100; ++sequence) {
      REQUIRE(builder.append(event_bytes(sequence)).has_value());
    }
    REQUIRE(builder.finish().has_value());
    header = builder.header();
  }
  CHECK(header.last_sequence == 10'100);
  {
    FileReader reader = open_reader(scratch.data());
    CHECK(reader.header() == header);
    CHECK(reader.check_structure().has_value());
    const ReadBack all = read_back(reader, 101);
    CHECK(all.outcome.has_value());
    CHECK(all.records.size() == 10'000);
    CHECK(all.records.at(5'000) == event_bytes(5'000));
    REQUIRE(reader.snapshots()->size() == 1);
    CHECK(reader.snapshots()->front().digest == 5);
    std::size_t bytes = 0;
    CHECK(reader
              .read_snapshot(100,
                             [&](std::uint64_t, std::string_view chunk) {
                               bytes += chunk.size();
                               return true;
                             })
              .has_value());
    CHECK(bytes == 6'000'000);
  }
  Store store = open_store(scratch.data());
  CHECK(store.header().boot == 4);
  append_events(store, 3);
  CHECK(store.header().last_sequence == 10'103);
}

TEST_CASE("a journal that was not finished leaves nothing behind") {
  const ScratchDirectory scratch;
  {
    Builder builder = begin_builder(scratch, a_header(1));
    for (int i = 0; i < 9'000; ++i) REQUIRE(builder.append("record").has_value());
  }
  CHECK(std::filesystem::is_empty(scratch.data()));
}

TEST_CASE("a directory with a journal, or with what is left of one, is occupied") {
  const ScratchDirectory scratch;
  CHECK(refuse_occupied(scratch.data()).has_value());
  open_store(scratch.data());
  CHECK(refuse_occupied(scratch.data()).error().fault == Fault::kExists);
  std::filesystem::remove(scratch.data_file());
  CHECK(refuse_occupied(scratch.data()).error().fault == Fault::kCorrupt);
}

TEST_CASE("a marked journal can be read, but not be opened for writing") {
  const ScratchDirectory scratch;
  Header header = a_header(1);
  header.backup = true;
  {
    Builder builder = begin_builder(scratch, header);
    REQUIRE(builder.append("record").has_value());
    REQUIRE(builder.finish().has_value());
  }
  CHECK(open_reader(scratch.data()).header()->backup);
  const auto opened = Store::open(scratch.data(), small_options());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().fault == Fault::kBackup);
  CHECK(opened.error().message.find("muster journal restore") != std::string::npos);
}

}  // namespace muster::journal::test
