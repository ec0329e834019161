#include "journal/store.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "in_child_process.h"
#include "journals.h"
#include "scratch_directory.h"
#include "tests/sanitized.h"

namespace muster::journal::test {
TEST_CASE("a journal is made when its directory is absent, with all above it") {
  const ScratchDirectory scratch;
  const Store store = open_store(scratch.data() + "/a/b");
  CHECK(store.header().first_sequence == 1);
  CHECK(store.header().last_sequence == 0);
  CHECK(store.header().boot == 1);
  CHECK(store.header().fence_base == 0);
  CHECK(store.header().journal_id != JournalId{});
}

TEST_CASE("a journal opened again is the same one, with a higher boot number") {
  const ScratchDirectory scratch;
  Header before;
  {
    Store store = open_store(scratch.data());
    append_events(store, 10);
    before = store.header();
  }
  Store store = open_store(scratch.data());
  CHECK(store.header().journal_id == before.journal_id);
  CHECK(store.header().last_sequence == 10);
  CHECK(store.header().boot == before.boot + 1);

  auto reader = store.reader();
  REQUIRE(reader.has_value());
  CHECK(reader->header() == store.header());  // durable before open returned
}

TEST_CASE("only the next sequence can be appended") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  REQUIRE(store.append(1, {"one", "two"}).has_value());
  for (const std::uint64_t wrong : std::array<std::uint64_t, 4>{0, 1, 2, 4}) {
    const auto appended = store.append(wrong, {"x"});
    REQUIRE_FALSE(appended.has_value());
    CHECK(appended.error().fault == Fault::kWrongSequence);
  }
  CHECK(store.append(3, {"three"}).has_value());
  CHECK(store.header().last_sequence == 3);
}

TEST_CASE("a batch that fails half way leaves nothing behind") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data(), small_options(2 * kMiB));
    REQUIRE(store.append(1, {"one"}).has_value());
    // The second unit does not fit into the map any more.
    CHECK_FALSE(store.append(2, {"two", "three", std::string(4 * kMiB, 'x')}).has_value());
    CHECK(store.header().last_sequence == 1);
  }
  FileReader reader = open_reader(scratch.data());
  CHECK(read_back(reader).records == std::map<std::uint64_t, std::string>{{1, "one"}});
  CHECK(reader.header()->last_sequence == 1);
}

TEST_CASE("a process killed between batches loses none of them") {
  const ScratchDirectory scratch;
  const Ended ended = in_child_process([&] {
    Store store = open_store(scratch.data());
    append_events(store, 300, 7);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK(ended.signal == SIGKILL);
  Store store = open_store(scratch.data());
  CHECK(store.header().last_sequence == 300);
  append_events(store, 5);
  auto reader = store.reader();
  CHECK(read_back(*reader).records.size() == 305);
}

TEST_CASE("a second writer is refused, and told who the first one is") {
  const ScratchDirectory scratch;
  const Store store = open_store(scratch.data());
  const Ended ended = in_child_process([&] {
    const auto second = Store::open(scratch.data(), small_options());
    if (second || second.error().fault != Fault::kInUse) return 1;
    const std::string first = "in use by process " + std::to_string(::getppid());
    return second.error().message.find(first) != std::string::npos ? 0 : 2;
  });
  CHECK(ended.exit_status == 0);
  CHECK(has_writer(scratch.data()));
}

TEST_CASE("the writer's lock goes with the writer, and asking for it takes nothing") {
  const ScratchDirectory scratch;
  CHECK_FALSE(has_writer(scratch.data()));
  in_child_process([&] {
    open_store(scratch.data());
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK_FALSE(has_writer(scratch.data()));
  open_store(scratch.data());
}

TEST_CASE("a creation that was interrupted is begun anew") {
  const ScratchDirectory scratch;
  std::filesystem::create_directories(scratch.data());
  std::ofstream(scratch.data_file() + ".new") << "half of a file";
  CHECK(open_store(scratch.data()).header().boot == 1);
  CHECK_FALSE(std::filesystem::exists(scratch.data_file() + ".new"));
}

TEST_CASE("an empty or lost data file is not taken for a new journal") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 3);
  }
  std::filesystem::resize_file(scratch.data_file(), 0);
  auto opened = Store::open(scratch.data(), small_options());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().fault == Fault::kCorrupt);

  std::filesystem::remove(scratch.data_file());
  opened = Store::open(scratch.data(), small_options());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find("a journal was here") != std::string::npos);
}

// Sanitizers need more address space than that for themselves.
TEST_CASE("less address space than asked for is taken as it is" * doctest::skip(kSanitized)) {
  const ScratchDirectory scratch;
  const Ended ended = in_child_process([&] {
    const rlimit limit{.rlim_cur = 8ULL << 30, .rlim_max = 8ULL << 30};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return 2;
    return Store::open(scratch.data(), {.room = small_options().room}).has_value() ? 0 : 1;
  });
  CHECK(ended.exit_status == 0);
}

TEST_CASE("a reader that died within a transaction does not pin the file for ever") {
  const ScratchDirectory scratch;
  Store store = open_store(scratch.data());
  append_events(store, 200);
  in_child_process([&] {
    const auto environment = open_environment(scratch.data(), MDB_RDONLY, 0);
    auto held = begin(*environment, MDB_RDONLY);
    held->release();
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  const auto grown = [&] {
    const auto before = std::filesystem::file_size(scratch.data_file());
    for (int i = 0; i < 100; ++i) append_events(store, 1);
    return std::filesystem::file_size(scratch.data_file()) - before;
  };
  const auto pinned = grown();
  REQUIRE(store.clear_dead_readers().has_value());
  append_events(store, 1);
  CHECK(grown() * 4 < pinned);
}

}  // namespace muster::journal::test
