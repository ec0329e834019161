#include "journal/room.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "journals.h"
#include "scratch_directory.h"

namespace muster::journal::test {
namespace {

/// Adds values of a page each to the file, or takes all that it holds out of it.
void add(const Environment& environment, std::size_t bytes) {
  auto transaction = begin(environment, 0);
  MDB_dbi main = 0;
  REQUIRE(mdb_dbi_open(transaction->get(), nullptr, 0, &main) == 0);
  MDB_stat stat{};
  REQUIRE(mdb_stat(transaction->get(), main, &stat) == 0);
  for (std::size_t added = 0; added < bytes; added += stat.ms_psize) {
    std::string name = std::to_string(stat.ms_entries++);
    std::string content(stat.ms_psize - 100, 'x');
    MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
    MDB_val value{.mv_size = content.size(), .mv_data = content.data()};
    REQUIRE(mdb_put(transaction->get(), main, &key, &value, 0) == 0);
  }
  REQUIRE(commit(std::move(*transaction)).has_value());
}

/// What is taken out in one transaction LMDB uses again from the next but one on.
void clear(const Environment& environment) {
  for (int i = 0; i < 2; ++i) {
    auto transaction = begin(environment, 0);
    MDB_dbi main = 0;
    REQUIRE(mdb_dbi_open(transaction->get(), nullptr, 0, &main) == 0);
    REQUIRE(mdb_drop(transaction->get(), main, 0) == 0);
    REQUIRE(commit(std::move(*transaction)).has_value());
    add(environment, 1);
  }
}

}  // namespace

TEST_CASE(
    "a small map fills up, says so while the reserve is left, and takes what the reserve is for") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data(), small_options(4 * kMiB));
  CHECK(store.measure_room() == false);
  int batches = 0;
  while (store.measure_room() == false) {
    append_events(store, 100);
    REQUIRE(++batches < 1'000);
  }
  CHECK(batches > 10);
  // Two thirds of what is left when it says so.
  append_events(store, 1'000);
  CHECK(store.measure_room() == true);
}

TEST_CASE(
    "pages that became free within the file are room again, with a distance between full and not") {
  const ScratchDirectory scratch;
  const auto environment =
      open_environment(scratch.path() / "file", MDB_NOSUBDIR | MDB_NOLOCK, 16 * kMiB);
  REQUIRE(environment.has_value());
  Room room({.reserve_bytes = kMiB, .full_below_bytes = 2 * kMiB, .clear_above_bytes = 6 * kMiB});
  add(*environment, 13 * kMiB);
  CHECK(room.measure(*environment) == false);
  add(*environment, kMiB);
  CHECK(room.measure(*environment) == true);
  // The file ends where it did, but nearly all of it is free.
  clear(*environment);
  CHECK(room.measure(*environment) == false);
  add(*environment, 11 * kMiB);
  CHECK(room.measure(*environment) == false);
  add(*environment, 3 * kMiB);
  CHECK(room.measure(*environment) == true);
}

TEST_CASE("a full journal is not taken for one with room until there is some more") {
  const ScratchDirectory scratch;
  const auto environment =
      open_environment(scratch.path() / "file", MDB_NOSUBDIR | MDB_NOLOCK, 16 * kMiB);
  REQUIRE(environment.has_value());
  Room room({.reserve_bytes = kMiB, .full_below_bytes = 2 * kMiB, .clear_above_bytes = 6 * kMiB});
  add(*environment, 15 * kMiB);
  CHECK(room.measure(*environment) == true);
  clear(*environment);
  add(*environment, 12 * kMiB);  // 4 MiB are left
  CHECK(room.measure(*environment) == true);
  clear(*environment);
  add(*environment, 8 * kMiB);
  CHECK(room.measure(*environment) == false);
}

// Or the file would grow until a batch fails, and the daemon stops without having said it is full.
TEST_CASE("what a reader holds on to is no room") {
  const ScratchDirectory scratch;
  const auto environment =
      open_environment(scratch.path() / "file", MDB_NOSUBDIR | MDB_NOTLS, 16 * kMiB);
  REQUIRE(environment.has_value());
  Room room({.reserve_bytes = kMiB, .full_below_bytes = 2 * kMiB, .clear_above_bytes = 6 * kMiB});
  add(*environment, 13 * kMiB);
  {
    const auto held = begin(*environment, MDB_RDONLY);
    REQUIRE(held.has_value());
    clear(*environment);
    CHECK(room.measure(*environment) == false);
    add(*environment, kMiB);
    CHECK(room.measure(*environment) == true);
  }
  CHECK(room.measure(*environment) == false);
}

TEST_CASE("the reserve is allocated behind the end of the file") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data(), {.map_bytes = 64 * kMiB,
                                            .room = {.reserve_bytes = 8 * kMiB,
                                                     .full_below_bytes = 9 * kMiB,
                                                     .clear_above_bytes = 10 * kMiB}});
  REQUIRE(store.measure_room().has_value());
  struct stat status{};
  REQUIRE(::stat(scratch.data_file().c_str(), &status) == 0);
  CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 >= 8 * kMiB);
  CHECK(static_cast<std::uint64_t>(status.st_size) < kMiB);
}

}  // namespace muster::journal::test
