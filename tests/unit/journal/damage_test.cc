// Whatever the file holds: it is reported, or it did no harm. Never a crash, a hang or other
// records than were written.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "in_child_process.h"
#include "journal/contents.h"
#include "journal/file_descriptor.h"
#include "journal/record.h"
#include "journals.h"
#include "scratch_directory.h"
#include "tests/sanitized.h"

namespace muster::journal::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecords = 400;

/// A journal with branch pages, overflow pages and free pages, alone in a directory.
class DamagedCopy {
 public:
  DamagedCopy() {
    {
      Store store = open_store(scratch_.data());
      append_events(store, kRecords, 30);
    }
    fs::create_directories(directory());
    fs::copy_file(scratch_.data_file(), file());
  }

  std::string directory() const { return scratch_.path() / "copy"; }
  std::string file() const { return scratch_.path() / "copy" / "data.mdb"; }
  std::size_t size() const { return fs::file_size(scratch_.data_file()); }
  void restore() {
    fs::copy_file(scratch_.data_file(), file(), fs::copy_options::overwrite_existing);
  }

 private:
  ScratchDirectory scratch_;
};

/// Everything that `journal verify` looks at below the events.
std::expected<void, Error> verify(const std::string& directory) {
  auto reader = FileReader::open(directory);
  if (!reader) return std::unexpected(reader.error());
  if (auto sound = reader->check_structure(); !sound) return sound;
  const ReadBack read = read_back(*reader);
  if (!read.outcome) return read.outcome;
  // Not reported, so it must have done no harm.
  REQUIRE(read.records.size() == kRecords);
  for (const auto& [sequence, bytes] : read.records) REQUIRE(bytes == event_bytes(sequence));
  return {};
}

/// Opens a damaged journal as a daemon does and writes on. 0: all is well, 1: it was refused.
int open_and_write_on(const std::string& directory) {
  auto store = Store::open(directory, small_options());
  if (!store) return store.error().message.empty() ? 2 : 1;
  const std::uint64_t before = store->header().last_sequence;
  for (std::uint64_t i = 1; i <= 60; i += 10) {
    EncodedEvents events;
    for (std::uint64_t j = i; j < i + 10; ++j) events.append(event_bytes(before + j));
    if (!store->append(before + i, events)) return 3;
  }
  auto reader = store->reader();
  const ReadBack read = read_back(*reader);
  if (!read.outcome || read.records.size() != before + 60) return 4;
  for (const auto& [sequence, bytes] : read.records) {
    if (bytes != event_bytes(sequence)) return 5;
  }
  return reader->check_structure() ? 0 : 6;
}

void write_byte(const std::string& file, std::size_t offset, unsigned char byte) {
  const FileDescriptor descriptor(::open(file.c_str(), O_WRONLY));
  REQUIRE(::pwrite(descriptor.number(), &byte, 1, static_cast<off_t>(offset)) == 1);
}

std::string contents_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("the undamaged copy is sound") {
  const DamagedCopy copy;
  CHECK(verify(copy.directory()).has_value());
}

// In the bodies of pages.
constexpr std::size_t kStepBytes = kSanitized ? 41 : 13;
constexpr std::array kMasks = {0x01, 0x80, 0xff};

TEST_CASE("a changed byte anywhere is reported, or did no harm") {
  const DamagedCopy copy;
  const std::string bytes = contents_of(copy.file());
  std::size_t reported = 0;
  for (std::size_t offset = 0; offset < bytes.size();) {
    for (std::size_t i = 0; i < kMasks.size(); ++i) {
      if (kSanitized && i != offset % kMasks.size()) continue;  // each in its turn
      const int flip = kMasks[i];
      const auto original = static_cast<unsigned char>(bytes[offset]);
      write_byte(copy.file(), offset, static_cast<unsigned char>(original ^ flip));
      reported += verify(copy.directory()).has_value() ? 0 : 1;
      write_byte(copy.file(), offset, original);
    }
    // Every byte of the meta pages and of the page headers and offsets; the rest in steps.
    offset += offset % 4096 < 192 ? 1 : kStepBytes;
  }
  CHECK(reported > (kSanitized ? 300 : 1'000));
  CHECK(verify(copy.directory()).has_value());
}

TEST_CASE("a changed byte makes the daemon refuse the journal, or does it no harm") {
  DamagedCopy copy;
  const std::string bytes = contents_of(copy.file());
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < (kSanitized ? 100 : 300); ++i) {
    // Half of them where the structure is.
    std::size_t offset = random() % bytes.size();
    if (i % 2 == 0) offset = offset / 4096 * 4096 + random() % 160;
    write_byte(copy.file(), offset, static_cast<unsigned char>(random()));
    const Ended ended = in_child_process([&] { return open_and_write_on(copy.directory()); });
    INFO("offset ", offset, ": ", ended.errors);
    REQUIRE(ended.signal == 0);
    // 4 and 5: records that were damaged before are found to be so when they are read, not here.
    REQUIRE((ended.exit_status == 0 || ended.exit_status == 1 || ended.exit_status == 4));
    refused += ended.exit_status == 1 ? 1 : 0;
    fs::remove(copy.directory() + "/lock.mdb");
    copy.restore();
  }
  CHECK(refused > (kSanitized ? 7 : 20));
}

TEST_CASE("a file cut off anywhere is reported") {
  const DamagedCopy copy;
  for (std::size_t size = copy.size(); size > 0;) {
    size = size > 9'000 ? size - 1'111 : size - std::min<std::size_t>(size, 41);
    fs::resize_file(copy.file(), size);
    const auto sound = verify(copy.directory());
    REQUIRE_FALSE(sound.has_value());
    REQUIRE_FALSE(Store::open(copy.directory(), small_options()).has_value());
  }
}

TEST_CASE("pages of zeros, of noise, and pages that changed their places are reported") {
  DamagedCopy copy;
  const std::string bytes = contents_of(copy.file());
  const std::size_t pages = bytes.size() / 4096;
  std::mt19937 random(3);
  std::size_t reported = 0;
  for (std::size_t page = 0; page < pages; ++page) {
    const std::string other = bytes.substr(random() % pages * 4096, 4096);
    std::string noise(4096, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    for (const std::string& instead : {std::string(4096, '\0'), noise, other}) {
      std::fstream(copy.file(), std::ios::in | std::ios::out | std::ios::binary)
              .seekp(static_cast<std::streamoff>(page * 4096))
          << instead;
      reported += verify(copy.directory()).has_value() ? 0 : 1;
      copy.restore();
    }
  }
  CHECK(reported > pages);  // not all: some pages are free
}

TEST_CASE("a file that is no journal at all is reported") {
  const DamagedCopy copy;
  std::mt19937 random(5);
  for (const std::size_t size : {0UL, 1UL, 100UL, 4096UL, 8192UL, 100'000UL}) {
    for (const bool zeros : {true, false}) {
      std::string bytes(size, '\0');
      if (!zeros) {
        for (char& byte : bytes) byte = static_cast<char>(random());
      }
      std::ofstream(copy.file(), std::ios::binary | std::ios::trunc) << bytes;
      REQUIRE_FALSE(verify(copy.directory()).has_value());
    }
  }
}

namespace {

/// Changes the journal in `directory` as another program might do it: `change` does what it likes
/// to the tree of records, the header stays as it was but for the transaction's number.
void tamper(const std::string& directory,
            const std::function<void(MDB_txn* transaction, MDB_dbi records)>& change) {
  Header header = *open_reader(directory).header();
  const auto environment = open_environment(directory, 0, 0);
  auto transaction = begin(*environment, 0);
  MDB_dbi main = 0;
  MDB_dbi records = 0;
  mdb_dbi_open(transaction->get(), nullptr, 0, &main);
  mdb_dbi_open(transaction->get(), kRecordsTree, 0, &records);
  change(transaction->get(), records);
  header.transaction = mdb_txn_id(transaction->get());
  std::string bytes = encode_header(header);
  std::string name(kHeaderKey);
  MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
  MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
  REQUIRE(mdb_put(transaction->get(), main, &key, &value, 0) == 0);
  REQUIRE(commit(std::move(*transaction)).has_value());
}

std::string get(MDB_txn* transaction, MDB_dbi records, std::uint64_t sequence) {
  SequenceKey name = sequence_key(sequence);
  MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
  MDB_val value{};
  REQUIRE(mdb_get(transaction, records, &key, &value) == 0);
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

void put(MDB_txn* transaction, MDB_dbi records, std::uint64_t sequence, std::string bytes) {
  SequenceKey name = sequence_key(sequence);
  MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
  MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
  REQUIRE(mdb_put(transaction, records, &key, &value, 0) == 0);
}

void remove(MDB_txn* transaction, MDB_dbi records, std::uint64_t sequence) {
  SequenceKey name = sequence_key(sequence);
  MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
  REQUIRE(mdb_del(transaction, records, &key, nullptr) == 0);
}

/// A journal of 100 records that was tampered with says that `first_bad` is the first bad one, and
/// all before it are read.
void require_first_bad(std::uint64_t first_bad,
                       const std::function<void(MDB_txn* transaction, MDB_dbi records)>& change) {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
  }
  tamper(scratch.data(), change);
  FileReader reader = open_reader(scratch.data());
  const ReadBack read = read_back(reader);
  REQUIRE_FALSE(read.outcome.has_value());
  CHECK(read.outcome.error().fault == Fault::kCorrupt);
  CHECK(read.outcome.error().first_bad_sequence == first_bad);
  CHECK(read.records.size() == first_bad - 1);
}

}  // namespace

TEST_CASE("a missing record is named, and all before it are read") {
  require_first_bad(60, [](auto* transaction, auto records) { remove(transaction, records, 60); });
  require_first_bad(1, [](auto* transaction, auto records) { remove(transaction, records, 1); });
  require_first_bad(100,
                    [](auto* transaction, auto records) { remove(transaction, records, 100); });
}

TEST_CASE("a missing record is named also when another takes its place in the count") {
  require_first_bad(60, [](auto* transaction, auto records) {
    remove(transaction, records, 60);
    put(transaction, records, 1'000, "");
  });
}

TEST_CASE("of two records that changed places the first is named") {
  require_first_bad(30, [](auto* transaction, auto records) {
    const std::string one = get(transaction, records, 30);
    const std::string other = get(transaction, records, 70);
    put(transaction, records, 30, other);
    put(transaction, records, 70, one);
  });
}

TEST_CASE("a record too many is reported, and the daemon refuses the journal") {
  const ScratchDirectory scratch;
  {
    Store store = open_store(scratch.data());
    append_events(store, 100);
  }
  tamper(scratch.data(),
         [](auto* transaction, auto records) { put(transaction, records, 101, "more"); });
  FileReader reader = open_reader(scratch.data());
  CHECK(read_back(reader).records.size() == 100);
  const auto sound = reader.check_structure();
  REQUIRE_FALSE(sound.has_value());
  CHECK(sound.error().message.find("counts 100 records, it holds 101") != std::string::npos);
  CHECK_FALSE(Store::open(scratch.data(), small_options()).has_value());
}

}  // namespace muster::journal::test
