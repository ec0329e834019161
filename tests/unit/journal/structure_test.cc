#include "journal/structure.h"

#include <doctest/doctest.h>

#include <random>

#include "journal/contents.h"
#include "journal/environment.h"
#include "journals.h"
#include "scratch_directory.h"

namespace muster::journal::test {
namespace {

std::expected<void, Error> check(const std::string& path) {
  const auto file = PageFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto metas = file->metas();
  if (!metas) return std::unexpected(metas.error());
  return check_structure(*file, newest(*metas));
}

/// Puts and deletes at random: pages split, merge and move, lists of free pages grow and shrink.
void churn(const Environment& environment, std::mt19937& random) {
  auto transaction = begin(environment, 0);
  REQUIRE(transaction.has_value());
  MDB_dbi tree = 0;
  const char* name = random() % 2 == 0 ? "one" : "two";
  REQUIRE(mdb_dbi_open(transaction->get(), name, MDB_CREATE, &tree) == 0);
  if (random() % 40 == 0) REQUIRE(mdb_drop(transaction->get(), tree, 0) == 0);
  for (std::size_t i = random() % 200; i > 0; --i) {
    std::string key = std::to_string(random() % 3'000) + std::string(random() % 30, 'k');
    std::string bytes(random() % 20 == 0 ? random() % 30'000 : random() % 300, 'v');
    MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
    MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
    if (random() % 3 != 0) {
      REQUIRE(mdb_put(transaction->get(), tree, &key_value, &value, 0) == 0);
    } else {
      mdb_del(transaction->get(), tree, &key_value, nullptr);
    }
  }
  REQUIRE(commit(std::move(*transaction)).has_value());
}

}  // namespace

TEST_CASE("whatever LMDB makes of a file by itself is sound") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "file";
  const auto environment =
      open_environment(path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 256 * kMiB);
  REQUIRE(environment.has_value());
  std::mt19937 random(1);
  for (int i = 0; i < 1'000; ++i) {
    churn(*environment, random);
    const auto sound = check(path);
    REQUIRE_MESSAGE(sound.has_value(), sound.error().message);
  }
}

TEST_CASE("a journal of many batches is sound, beside its writer too") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  for (int i = 0; i < 100; ++i) append_events(store, 37, 5);
  auto reader = store.reader();
  CHECK(reader->check_structure().has_value());
  CHECK(check(scratch.data_file()).has_value());
}

TEST_CASE("a file of LMDB's that is no journal is refused") {
  const ScratchDirectory scratch;
  std::filesystem::create_directories(scratch.data());
  {
    const auto environment = open_environment(scratch.data(), 0, 16 * kMiB);
    std::mt19937 random(1);
    churn(*environment, random);
  }
  const auto opened = Store::open(scratch.data(), small_options());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find("is it a file of another program?") != std::string::npos);
}

}  // namespace muster::journal::test
